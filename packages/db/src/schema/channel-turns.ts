import { LANES } from "@millrace/core";
import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  index,
  integer,
  pgSequence,
  pgTable,
  primaryKey,
  smallint,
  text,
  uuid,
} from "drizzle-orm/pg-core";

/** Settles ties between turns: whoever has the smaller number was served or entered longer ago. */
export const turnNumbers = pgSequence("sq_channel_turns_turn_no");

/**
 * Where a channel stands among the jobs of one lane and priority (rank 0 is high). `waiting` is kept by a trigger on
 * `pipeline_jobs`, the virtual time by the dispatch statement. A channel without jobs stays until the clock has passed it.
 */
export const channelTurns = pgTable(
  "channel_turns",
  {
    lane: text({ enum: LANES }).notNull(),
    rank: smallint().notNull(),
    /** All zeros: the jobs without a channel. */
    channelId: uuid().notNull(),
    /** Jobs that wait for their turn. */
    waiting: integer().notNull(),
    vtime: bigint({ mode: "number" }).notNull(),
    turnNo: bigint({ mode: "number" }).notNull(),
    /** A column, so that the index below is not touched by a count that stays above 0. */
    hasWaiting: boolean().generatedAlwaysAs(sql`waiting > 0`),
  },
  (t) => [
    primaryKey({ name: "pk_channel_turns", columns: [t.lane, t.rank, t.channelId] }),
    index("ix_channel_turns_next").on(t.lane, t.rank, t.vtime, t.turnNo, t.channelId).where(sql`${t.hasWaiting}`),
  ],
);
