import { sql } from "drizzle-orm";
import { pgTable, primaryKey, text, uuid } from "drizzle-orm/pg-core";
import { instant } from "./column-kinds.ts";

/** Whose jobs and contents they are. */
export const owners = pgTable(
  "owners",
  {
    id: uuid().notNull(),
    name: text().notNull(),
    createdAt: instant().notNull().default(sql`now()`),
  },
  (t) => [primaryKey({ name: "pk_owners", columns: [t.id] })],
);
