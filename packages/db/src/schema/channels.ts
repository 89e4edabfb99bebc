import { WEIGHTS } from "@millrace/core";
import { sql } from "drizzle-orm";
import {
  boolean,
  check,
  doublePrecision,
  foreignKey,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  unique,
  uuid,
  varchar,
} from "drizzle-orm/pg-core";
import { anyOf, instant } from "./column-kinds.ts";
import { owners } from "./owners.ts";

/** Where a video channel's settings come from. */
export const CHANNEL_SOURCES = ["file", "api"] as const;

/**
 * What an operator set for a channel. One without a row is ordinary: weight 1, active, without a cap. A channel that
 * makes videos has a name and settings beside it (C-S41).
 */
export const channels = pgTable(
  "channels",
  {
    id: uuid().notNull(),
    weight: doublePrecision().notNull().default(1),
    /** Jobs dispatched and unfinished at a time; null: no cap. */
    maxInFlight: integer(),
    isActive: boolean().notNull().default(true),
    /** Null for the channels of other work, as are the five after it. */
    channelId: varchar({ length: 50 }),
    channelName: varchar({ length: 100 }),
    ownerId: uuid(),
    /** The fields of the channel's file. */
    config: jsonb(),
    /** Channels of one pool share an account's quota (C-Q11). */
    quotaPool: varchar({ length: 50 }),
    source: text({ enum: CHANNEL_SOURCES }),
    createdAt: instant().notNull().default(sql`now()`),
    updatedAt: instant().notNull().default(sql`now()`),
  },
  (t) => [
    primaryKey({ name: "pk_channels", columns: [t.id] }),
    unique("uq_channels_channel_id").on(t.channelId),
    foreignKey({ name: "fk_channels_owner_id", columns: [t.ownerId], foreignColumns: [owners.id] }),
    check("ck_channels_channel_id", sql`${t.channelId} ~ '^[A-Za-z0-9_]{1,50}$'`),
    check("ck_channels_source", sql`${t.source} in ${anyOf(CHANNEL_SOURCES)}`),
    check(
      "ck_channels_video",
      sql`num_nulls(${t.channelId}, ${t.channelName}, ${t.ownerId}, ${t.config}, ${t.quotaPool}, ${t.source}) in (0, 6)`,
    ),
    // stands for the jobs without a channel, which are ordinary
    check("ck_channels_id", sql`${t.id} <> '00000000-0000-0000-0000-000000000000'`),
    check("ck_channels_weight", sql`${t.weight} between ${sql.raw(`${WEIGHTS.least} and ${WEIGHTS.most}`)}`),
    check("ck_channels_max_in_flight", sql`${t.maxInFlight} >= 0`),
  ],
);
