import { ANY_POOL, type Claim, MillraceError, type QuotaStore } from "@millrace/core";
import type { Database, Query, Row } from "../database.ts";
import { plainText } from "../json-text.ts";
import { codeOf } from "../store-error.ts";
import { camelRow } from "./camel-row.ts";

/** Of a reason that is kept. */
const MAX_REASON = 500;

/** How long what was used of a day is kept. */
const USAGE_DAYS = 90;

/** A quota as of its today. */
export interface QuotaRow {
  readonly service: string;
  readonly pool: string;
  /** Units a day; null: no limit. */
  readonly limit: number | null;
  readonly timeZone: string;
  /** False: `*` or nothing speaks for it. */
  readonly isOwn: boolean;
  /** Today where it is counted, as YYYY-MM-DD. */
  readonly day: string;
  /** When its next day begins. */
  readonly resetsAt: Date;
  readonly used: number;
  readonly reserved: number;
  readonly pausedUntil: Date | null;
  readonly pauseReason: string | null;
  /** Jobs parked until there is some again. */
  readonly waiting: number;
}

/** What is left out stays; of a pool without a row of its own, as `*` says. */
export interface QuotaChange {
  readonly limit?: number | null;
  /** A name of the IANA database. */
  readonly timeZone?: string;
  /** Null ends a pause. Not for `*`. */
  readonly pausedUntil?: Date | null;
  readonly pauseReason?: string | null;
}

export interface PoolName {
  readonly service: string;
  readonly pool: string;
}

const USE = `
with held as materialized (
  select id from pipeline_jobs
  where id = $1::uuid and fence = $2::int and status = 'processing' and lease_until is not null
  for no key update
),
used as (
  update quota_reservations r set units_used = coalesce(r.units_used, 0) + $3::int from held where r.job_id = held.id
)
select id from held
`;

/** Adds to what a claim's stage used of its reservation; false when the claim is lost. */
export async function useQuota(query: Query, { jobId, fence }: Claim, units: number): Promise<boolean> {
  return (await query(USE, [jobId, fence, units])).length > 0;
}

/** A pool without a row gets one, as it was: `forgetPauses` takes it away again. */
const PAUSE = `
insert into quotas as q (service, pool, daily_limit, time_zone, paused_until, pause_reason)
select $1, $2, daily_limit, time_zone, now() + $3::float8 * interval '1 ms', $4 from quota_state($1, $2)
on conflict (service, pool) do update set
  pause_reason = case when q.paused_until >= excluded.paused_until then q.pause_reason else excluded.pause_reason end,
  paused_until = greatest(q.paused_until, excluded.paused_until), updated_at = now()
`;

/** The longest of several pauses stands. */
export async function pauseQuota(query: Query, pause: Parameters<QuotaStore["pauseQuota"]>[0]): Promise<void> {
  if (!(pause.forMs > 0)) return;
  await query(PAUSE, [pause.service, pause.pool, pause.forMs, plainText(pause.reason).slice(0, MAX_REASON)]);
}

const SHOWN = `
select k.service, k.pool, s.daily_limit as limit, s.time_zone, o.is_own, s.day::text as day, s.resets_at, s.units_used as used,
  s.units_reserved as reserved, s.paused_until, s.pause_reason, p.waiting
from known k
cross join lateral quota_state(k.service, k.pool) s
cross join lateral (select exists (select from quotas where service = k.service and pool = k.pool) as is_own) o
cross join lateral (
  select count(*)::int as waiting from pipeline_jobs
  where waiting_for = 'quota' and quota_service = k.service and quota_pool = k.pool
) p
order by k.service, k.pool
`;

const LIST = `
with known as (
  select service, pool from quotas
  union
  select service, pool from quota_usages where date >= current_date - 1
  union
  select quota_service, quota_pool from pipeline_jobs where waiting_for = 'quota' and quota_service is not null
  order by service, pool
  limit $1::int
)
${SHOWN}`;

const FIND = `
with known as (select $1::text as service, $2::text as pool)
${SHOWN}`;

const KINDS = { instants: ["resets_at", "paused_until"], numbers: ["limit", "used", "reserved"] };

/** Quotas that were set, used today or yesterday, or waited for. */
export async function listQuotas(query: Query, limit: number): Promise<QuotaRow[]> {
  return (await query<Row>(LIST, [limit])).map((row) => camelRow<QuotaRow>(row, KINDS));
}

export async function findQuota(query: Query, { service, pool }: PoolName): Promise<QuotaRow> {
  const [row] = await query<Row>(FIND, [service, pool]);
  return camelRow<QuotaRow>(row!, KINDS);
}

const CHANGE = `
insert into quotas as q (service, pool, daily_limit, time_zone, paused_until, pause_reason)
select $1, $2, case when $3::int = 1 then $4::bigint else s.daily_limit end, coalesce($5, s.time_zone), $7::timestamptz, $8
from quota_state($1, $2) s
on conflict (service, pool) do update set
  daily_limit = excluded.daily_limit, time_zone = excluded.time_zone,
  paused_until = case when $6::int = 1 then excluded.paused_until else q.paused_until end,
  pause_reason = case when $6::int = 1 then excluded.pause_reason else q.pause_reason end,
  updated_at = now()
`;

/** Those of `*` are all that wait, since which pool it speaks for may have been another before. */
const FREE = `
select coalesce(sum(free_parked($1, w.pool, '{}', true)), 0)::int as freed
from (
  select distinct quota_pool as pool from pipeline_jobs
  where waiting_for = 'quota' and quota_service = $1 and $2 in (quota_pool, '${ANY_POOL}')
) w
`;

/** Holds from the next pick on; jobs that waited for it and find room now go at once. */
export async function changeQuota(db: Database, name: PoolName, change: QuotaChange): Promise<QuotaRow> {
  const { service, pool } = name;
  const { limit, timeZone, pausedUntil, pauseReason } = change;
  try {
    return await db.transaction(async (query) => {
      await query(CHANGE, [
        service,
        pool,
        Number(limit !== undefined),
        limit ?? null,
        timeZone ?? null,
        Number(pausedUntil !== undefined),
        pausedUntil?.toISOString() ?? null,
        pausedUntil ? plainText(pauseReason ?? null) : null,
      ]);
      await query(FREE, [service, pool]);
      return findQuota(query, name);
    });
  } catch (error) {
    // 22023: no such time zone; 22…: a number out of range; 23514: a CHECK
    const code = codeOf(error);
    if (code !== "23514" && code?.startsWith("22") !== true) throw error;
    const field = code === "22023" ? "time_zone" : pool === ANY_POOL && pausedUntil ? "paused_until" : "daily_limit";
    const rule = { time_zone: "a time zone", paused_until: "not for every pool", daily_limit: "units from 0, or null" }[
      field
    ];
    throw new MillraceError("VALIDATION_FAILED", `quota ${service} ${pool}: ${field}: ${rule}`, {
      details: { field, rule },
      cause: error,
    });
  }
}

/** Both sides as of one instant. */
const DIFFERENT = `
different as materialized (
  select u.service, u.pool, u.date, coalesce(r.units, 0) - u.units_reserved as moved
  from quota_usages u
  left join (
    select service, pool, date, sum(units) as units from quota_reservations group by 1, 2, 3
  ) r using (service, pool, date)
  where u.units_reserved <> coalesce(r.units, 0)
)`;

const LEFT_OVER = `
left_over as materialized (
  select r.job_id from quota_reservations r join pipeline_jobs j on j.id = r.job_id
  where j.dispatched_at is null or j.finished_at is not null
)`;

const COUNT = `
with ${DIFFERENT}, ${LEFT_OVER}
select ((select count(*) from different) + (select count(*) from left_over))::int as n
`;

/** How many quotas count other units as reserved than are, and reservations there are of jobs that are not under way. */
export async function countWrongQuotas(query: Query): Promise<number> {
  const [row] = await query<{ n: number }>(COUNT);
  return row!.n;
}

const DROP_LEFT_OVER = `
with ${LEFT_OVER}, dropped as (delete from quota_reservations r using left_over l where r.job_id = l.job_id returning 1)
select count(*)::int as n from dropped
`;

/** By the difference, so that what others count meanwhile stays counted. */
const REPAIR = `
with ${DIFFERENT},
repaired as (
  update quota_usages u set units_reserved = greatest(0, u.units_reserved + d.moved), updated_at = now()
  from different d where (u.service, u.pool, u.date) = (d.service, d.pool, d.date)
  returning 1
)
select count(*)::int as n from repaired
`;

const FREE_ALL = `
select coalesce(sum(free_parked(w.service, w.pool, '{}', false)), 0)::int as freed
from (
  select distinct quota_service as service, quota_pool as pool from pipeline_jobs
  where waiting_for = 'quota' and quota_service is not null
) w
`;

/** Rows that only a pause made, and that say nothing any more. */
const FORGET_PAUSES = `
delete from quotas q
where q.pool <> '${ANY_POOL}' and q.paused_until <= now() and not exists (
  select from quotas d where d.service = q.service and d.pool = '${ANY_POOL}'
    and (d.daily_limit, d.time_zone) is distinct from (q.daily_limit, q.time_zone)
) and (q.daily_limit is null or exists (select from quotas d where d.service = q.service and d.pool = '${ANY_POOL}'))
`;

const FORGET_USAGES = `
delete from quota_usages where date < current_date - ${USAGE_DAYS} and units_reserved = 0
`;

export interface RepairedQuotas {
  /** Counts and reservations that were wrong. */
  readonly wrong: number;
  /** Jobs that waited although there was room. */
  readonly freed: number;
}

/** Makes the counts right, lets go who was overlooked, and forgets what is over. */
export async function repairQuotas(query: Query): Promise<RepairedQuotas> {
  const [dropped] = await query<{ n: number }>(DROP_LEFT_OVER);
  const [repaired] = await query<{ n: number }>(REPAIR);
  const [free] = await query<{ freed: number }>(FREE_ALL);
  await query(FORGET_PAUSES);
  await query(FORGET_USAGES);
  return { wrong: dropped!.n + repaired!.n, freed: free!.freed };
}
