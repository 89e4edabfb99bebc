import { LANES } from "@millrace/core";
import { type SQL, sql } from "drizzle-orm";
import { type AnyPgColumn, boolean, check, integer, jsonb, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { anyOf, instant } from "./column-kinds.ts";

/** Both whole numbers of at least 1; what a path cannot compare is unknown, and a CHECK lets the unknown pass. */
function isRateLimit(column: AnyPgColumn): SQL {
  const isCount = (key: string) =>
    `$.${key}.type() == "number" && $.${key} >= 1 && $.${key} <= 2147483647 && $.${key} % 1 == 0`;
  const path = sql.raw(`'${isCount("max")} && ${isCount("duration_ms")}'`);
  return sql`${column} is null or coalesce(jsonb_path_match(${column}, ${path}, '{}', true), false)`;
}

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
    check("ck_queue_settings_concurrency", sql`${t.concurrency} > 0`),
    check("ck_queue_settings_rate_limit", isRateLimit(t.rateLimit)),
  ],
);
