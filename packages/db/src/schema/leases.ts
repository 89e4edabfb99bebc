import { bigint, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { instant } from "./column-kinds.ts";

/** Who leads until when; `epoch` grows with every change of holder. */
export const leases = pgTable(
  "leases",
  {
    name: text().notNull(),
    holder: text().notNull(),
    epoch: bigint({ mode: "number" }).notNull(),
    expiresAt: instant().notNull(),
  },
  (t) => [primaryKey({ name: "pk_leases", columns: [t.name] })],
);
