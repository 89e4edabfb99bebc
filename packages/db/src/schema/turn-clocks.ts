import { LANES } from "@millrace/core";
import { sql } from "drizzle-orm";
import { bigint, integer, pgTable, primaryKey, smallint, text } from "drizzle-orm/pg-core";
import { instant } from "./column-kinds.ts";

/** One row for each lane and priority, made by the migration. Whoever dispatches holds them all. */
export const turnClocks = pgTable(
  "turn_clocks",
  {
    lane: text({ enum: LANES }).notNull(),
    rank: smallint().notNull(),
    /** Virtual time at which the turn served last began. */
    clock: bigint({ mode: "number" }).notNull().default(0),
    /** Statements that dispatched something: tells a dispatcher that what it read is old. */
    rounds: bigint({ mode: "number" }).notNull().default(0),
    /** The pace, for estimates: jobs served since `span_began_at`, and in the span before that. */
    served: integer().notNull().default(0),
    servedBefore: integer().notNull().default(0),
    spanBeganAt: instant().notNull().default(sql`now()`),
    spanBeforeBeganAt: instant().notNull().default(sql`now()`),
  },
  (t) => [primaryKey({ name: "pk_turn_clocks", columns: [t.lane, t.rank] })],
);
