import { sql } from "drizzle-orm";
import { foreignKey, index, pgTable, primaryKey, text, uuid } from "drizzle-orm/pg-core";
import { instant } from "./column-kinds.ts";
import { owners } from "./owners.ts";

/** What an extraction can be linked to; no more than what its deletion needs (B-Q05). */
export const records = pgTable(
  "records",
  {
    id: uuid().notNull(),
    ownerId: uuid().notNull(),
    title: text(),
    createdAt: instant().notNull().default(sql`now()`),
    updatedAt: instant().notNull().default(sql`now()`),
  },
  (t) => [
    primaryKey({ name: "pk_records", columns: [t.id] }),
    foreignKey({ name: "fk_records_owner_id", columns: [t.ownerId], foreignColumns: [owners.id] }),
    // read backwards: newest first
    index("ix_records_owner_id_created_at_id").on(t.ownerId, t.createdAt, t.id),
  ],
);
