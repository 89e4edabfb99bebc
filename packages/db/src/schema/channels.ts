import { WEIGHTS } from "@millrace/core";
import { sql } from "drizzle-orm";
import { boolean, check, doublePrecision, integer, pgTable, primaryKey, uuid } from "drizzle-orm/pg-core";
import { instant } from "./column-kinds.ts";

/** What an operator set for a channel. One without a row is ordinary: weight 1, active, without a cap. */
export const channels = pgTable(
  "channels",
  {
    id: uuid().notNull(),
    weight: doublePrecision().notNull().default(1),
    /** Jobs dispatched and unfinished at a time; null: no cap. */
    maxInFlight: integer(),
    isActive: boolean().notNull().default(true),
    createdAt: instant().notNull().default(sql`now()`),
    updatedAt: instant().notNull().default(sql`now()`),
  },
  (t) => [
    primaryKey({ name: "pk_channels", columns: [t.id] }),
    // stands for the jobs without a channel, which are ordinary
    check("ck_channels_id", sql`${t.id} <> '00000000-0000-0000-0000-000000000000'`),
    check("ck_channels_weight", sql`${t.weight} between ${sql.raw(`${WEIGHTS.least} and ${WEIGHTS.most}`)}`),
    check("ck_channels_max_in_flight", sql`${t.maxInFlight} >= 0`),
  ],
);
