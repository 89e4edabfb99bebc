import type { Query, Row } from "../database.ts";
import { camelRow } from "./camel-row.ts";

/** A task that needs somebody: its job gave up. */
export interface FailureFact {
  /** Of its row in `task_errors`. */
  readonly id: number;
  readonly taskId: string;
  readonly title: string;
  /** Short ids. */
  readonly channel: string;
  readonly step: string | null;
  readonly code: string;
  readonly message: string;
}

/** A quota of which four fifths are gone today. */
export interface QuotaFact {
  readonly service: string;
  readonly pool: string;
  /** Day of the quota's time zone, `2026-11-22`. */
  readonly date: string;
  readonly dailyLimit: number;
  /** Units used and reserved. */
  readonly units: number;
  readonly hasWaiting: boolean;
}

export interface PauseFact {
  readonly service: string;
  readonly pool: string;
  readonly until: Date;
  readonly reason: string | null;
}

/** A worker that neither lives nor said good-bye. */
export interface SilenceFact {
  readonly name: string;
  /** Grows when a worker of this name starts anew. */
  readonly epoch: number;
  readonly until: Date;
}

/** Work that nobody takes, in a lane where nobody works. */
export interface StallFact {
  readonly lane: string;
  readonly jobs: number;
  readonly since: Date;
}

export interface BudgetFact {
  /** uuid, and short id. */
  readonly channelId: string;
  readonly channel: string;
  /** Monday of this week and today, UTC. */
  readonly week: string;
  readonly day: string;
  readonly todayUsd: number;
  readonly weekUsd: number;
  readonly dailyUsd: number | null;
  readonly weeklyUsd: number | null;
}

/** Runs that ended within the last 24 hours, published or with an error that no reviewer made. */
export interface RunsFact {
  readonly finished: number;
  readonly published: number;
  /** Of these: had an error that passes by itself. */
  readonly troubled: number;
  readonly recovered: number;
}

export interface AlertFacts {
  readonly failures: readonly FailureFact[];
  readonly quotas: readonly QuotaFact[];
  readonly pauses: readonly PauseFact[];
  readonly silences: readonly SilenceFact[];
  readonly stalls: readonly StallFact[];
  readonly budgets: readonly BudgetFact[];
  readonly runs: RunsFact;
}

/** What was decided by people is no failure. */
const NO_FAILURES = "('REVIEW_REJECTED', 'CANCELLED')";
const MOST = 100;

/** Those nobody was told of yet; after a day it is too late to be news. */
const FAILURES = `
select e.id, e.task_id, t.title, c.channel_id as channel, e.step, e.code, e.message
from task_errors e join tasks t on t.id = e.task_id join channels c on c.id = t.channel_id
where e.at > $1::timestamptz - interval '1 day' and not e.is_transient and e.code not in ${NO_FAILURES}
  and not exists (select from alerts a where a.fact = 'task_error:' || e.id)
order by e.id
limit ${MOST}
`;

const QUOTAS = `
select u.service, u.pool, u.date::text as date, q.daily_limit, u.units_used + u.units_reserved as units,
  exists (
    select from pipeline_jobs j where j.waiting_for = 'quota' and j.quota_service = u.service and j.quota_pool = u.pool
  ) as has_waiting
from quota_usages u
cross join lateral (
  select q.daily_limit, q.time_zone from quotas q
  where q.service = u.service and q.pool in (u.pool, '*') order by q.pool = '*' limit 1
) q
where u.date = ($1::timestamptz at time zone q.time_zone)::date and u.date >= ($1::timestamptz)::date - 2
  and q.daily_limit > 0 and u.units_used + u.units_reserved >= 0.8 * q.daily_limit
order by 1, 2
limit ${MOST}
`;

/** Short ones are how a service asks for patience. */
const PAUSES = `
select service, pool, paused_until as until, pause_reason as reason from quotas
where paused_until > $1::timestamptz + interval '10 minutes'
order by 1, 2
limit ${MOST}
`;

const SILENCES = `
select substr(name, 8) as name, epoch, expires_at as until from leases
where name like 'worker:%' and expires_at < $1::timestamptz and expires_at > $1::timestamptz - interval '1 day'
order by expires_at
limit ${MOST}
`;

/** A worker that lives holds a job in its lane, or has none to take there; under a rate it may have to wait. */
const STALLS = `
select late.lane, count(*)::int as jobs, min(late.since) as since
from (
  select lane, dispatched_at as since from pipeline_jobs
  where status = 'pending' and dispatched_at < $1::timestamptz - interval '5 minutes'
  union all
  select lane, lease_until from pipeline_jobs
  where status = 'processing' and dispatched_at is not null and lease_until < $1::timestamptz - interval '5 minutes'
) late
where not exists (
    select from pipeline_jobs j
    where j.status = 'processing' and j.dispatched_at is not null and j.lane = late.lane and j.lease_until > $1::timestamptz
  )
  and not exists (select from queue_settings s where s.lane = late.lane and (s.is_paused or s.rate_limit is not null))
group by late.lane
`;

const BUDGETS = `
select c.id as channel_id, c.channel_id as channel, now.week::text as week, now.day::text as day,
  spent.today_usd, spent.week_usd, limits.daily_usd, limits.weekly_usd
from (
  select ($1::timestamptz at time zone 'utc')::date as day,
    date_trunc('week', $1::timestamptz at time zone 'utc')::date as week
) now
cross join channels c
cross join lateral (
  select case jsonb_typeof(c.config -> 'budget_daily_usd') when 'number' then (c.config ->> 'budget_daily_usd')::float8 end as daily_usd,
    case jsonb_typeof(c.config -> 'budget_weekly_usd') when 'number' then (c.config ->> 'budget_weekly_usd')::float8 end as weekly_usd
) limits
cross join lateral (
  select coalesce(sum(k.cost_usd) filter (where k.at >= now.day at time zone 'utc'), 0)::float8 as today_usd,
    coalesce(sum(k.cost_usd), 0)::float8 as week_usd
  from task_costs k
  where k.channel_id = c.id and k.at >= now.week at time zone 'utc' and k.at <= $1::timestamptz
) spent
where c.channel_id is not null and (spent.today_usd > limits.daily_usd or spent.week_usd >= limits.weekly_usd)
  and spent.week_usd > 0
order by c.channel_id
limit ${MOST}
`;

const RUNS = `
with ended as (
  select r.outcome = 'published' as is_published,
    exists (select from task_errors e where e.task_id = r.task_id and e.run_no = r.run_no and e.is_transient) as is_troubled
  from task_transitions t join task_runs r on r.task_id = t.task_id and r.run_no = t.run_no and r.outcome = t.to_status
  where t.at > $1::timestamptz - interval '1 day' and t.at <= $1::timestamptz
    and t.to_status in ('published', 'asset_error', 'video_error', 'audio_error', 'upload_error')
    and coalesce(r.error_code, '') not in ${NO_FAILURES}
)
select count(*)::int as finished, (count(*) filter (where is_published))::int as published,
  (count(*) filter (where is_troubled))::int as troubled,
  (count(*) filter (where is_troubled and is_published))::int as recovered
from ended
`;

/** What may be worth an alert at `now`, known or not; a failure only until it was told. */
export async function readAlertFacts(query: Query, now: Date): Promise<AlertFacts> {
  const at = [now.toISOString()];
  const rows = async <T>(text: string): Promise<T[]> =>
    (await query<Row>(text, at)).map((row) =>
      camelRow<T>(row, {
        instants: ["until", "since"],
        numbers: ["id", "epoch", "daily_limit", "units"],
      }),
    );
  const [runs] = await rows<RunsFact>(RUNS);
  return {
    failures: await rows<FailureFact>(FAILURES),
    quotas: await rows<QuotaFact>(QUOTAS),
    pauses: await rows<PauseFact>(PAUSES),
    silences: await rows<SilenceFact>(SILENCES),
    stalls: await rows<StallFact>(STALLS),
    budgets: await rows<BudgetFact>(BUDGETS),
    runs: runs!,
  };
}
