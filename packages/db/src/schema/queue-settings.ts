import { LANES } from "@millrace/core";
import { sql } from "drizzle-orm";
import { boolean, check, integer, jsonb, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { anyOf, instant } from "./column-kinds.ts";

/** What an operator set for a lane (kept here, because an emptied Redis forgets it) and what the leader measured. */
export const queueSettings = pgTable(
  "queue_settings",
  {
    lane: text({ enum: LANES }).notNull(),
    isPaused: boolean().notNull().default(false),
    windowTickets: integer().notNull().default(10_000),
    hasRoom: boolean().notNull().default(false),
    measuredAt: instant(),
    concurrency: integer(),
    /** `{max, duration_ms}` */
    rateLimit: jsonb(),
  },
  (t) => [
    primaryKey({ name: "pk_queue_settings", columns: [t.lane] }),
    check("ck_queue_settings_lane", sql`${t.lane} in ${anyOf(LANES)}`),
    check("ck_queue_settings_window_tickets", sql`${t.windowTickets} > 0`),
  ],
);
