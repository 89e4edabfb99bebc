import { type Lane, type LaneChange, type LaneSetting, MillraceError, type RateLimit } from "@millrace/core";
import { sql } from "drizzle-orm";
import type { Database, Query } from "../database.ts";
import { queueSettings } from "../schema/queue-settings.ts";
import { codeOf, constraintOf } from "../store-error.ts";

const SHOWN = {
  lane: queueSettings.lane,
  isPaused: queueSettings.isPaused,
  concurrency: queueSettings.concurrency,
  rateLimit: queueSettings.rateLimit,
  windowTickets: queueSettings.windowTickets,
  // without a leader nobody measures, and nobody would empty the window: new jobs then go to the backlog
  hasRoom: sql<boolean>`${queueSettings.hasRoom} and coalesce(${queueSettings.measuredAt} > now() - interval '10 seconds', false)`,
};

interface ShownRow extends Omit<LaneSetting, "rateLimit"> {
  readonly rateLimit: unknown;
}

export async function readLaneSettings(db: Database): Promise<LaneSetting[]> {
  const rows = await db.build((orm) => orm.select(SHOWN).from(queueSettings).orderBy(queueSettings.lane));
  return rows.map(settingOf);
}

function settingOf(row: ShownRow): LaneSetting {
  const stored = row.rateLimit as { readonly max: number; readonly duration_ms: number } | null;
  return { ...row, rateLimit: stored === null ? null : { max: stored.max, durationMs: stored.duration_ms } };
}

/** Changes what `change` names and leaves the rest. What the table's checks refuse is VALIDATION_FAILED. */
export async function changeLane(db: Database, lane: Lane, change: LaneChange): Promise<LaneSetting> {
  const { isPaused, concurrency, windowTickets } = change;
  const columns = { lane, isPaused, concurrency, windowTickets, rateLimit: storedRateLimit(change.rateLimit) };
  try {
    const [row] = await db.build((orm) =>
      orm
        .insert(queueSettings)
        .values(columns)
        .onConflictDoUpdate({ target: queueSettings.lane, set: columns })
        .returning(SHOWN),
    );
    return settingOf(row!);
  } catch (error) {
    throw isRefusal(error) ? refused(lane, error) : error;
  }
}

function storedRateLimit(limit: RateLimit | null | undefined): object | null | undefined {
  return limit ? { max: limit.max, duration_ms: limit.durationMs } : limit;
}

/** 23514: a CHECK; 22: no whole number, or one out of range. */
function isRefusal(error: unknown): boolean {
  const code = codeOf(error);
  return code === "23514" || code?.startsWith("22") === true;
}

function refused(lane: Lane, cause: unknown): MillraceError {
  const field = constraintOf(cause)?.replace("ck_queue_settings_", "");
  const rule = "whole numbers from 1 to 2147483647";
  return new MillraceError("VALIDATION_FAILED", `lane ${lane}: ${field ?? "its limits"} must be ${rule}`, {
    details: { ...(field !== undefined && { field }), rule },
    cause,
  });
}

const PUBLISH_ROOM = `
insert into queue_settings (lane, has_room, measured_at) values ($1, $2::int::bool, now())
on conflict (lane) do update set has_room = excluded.has_room, measured_at = excluded.measured_at
`;

export async function publishRoom(query: Query, lane: Lane, hasRoom: boolean): Promise<void> {
  await query(PUBLISH_ROOM, [lane, Number(hasRoom)]);
}
