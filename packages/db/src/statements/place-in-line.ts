import { type QuotaFacts, STANDARD_STEP } from "@millrace/core";
import type { Query } from "../database.ts";
import { IN_LINE, NO_CHANNEL, RANK, TURN_CHANNEL } from "./line.ts";

/** Jobs in flight are counted to here. */
const MOST_COUNTED = 100_000;

const IN_FLIGHT = (channelId: string, most: string) => `(
      select count(*)::int from (
        select from pipeline_jobs
        where channel_id = ${channelId} and dispatched_at is not null and finished_at is null
        limit ${most}
      ) in_flight
    )`;

/**
 * How many turns of each other channel come before the job's own, which is the same order as in the dispatch statement:
 * those that begin earlier, and one that begins at the same time where the tie is the other's.
 */
const PLACE = `
with job as materialized (
  select lane, ${RANK} as rank, ${TURN_CHANNEL} as channel_id, seq, coalesce(${IN_LINE}, false) as is_in_line,
    quota_service, quota_pool, quota_units
  from pipeline_jobs where id = $1::uuid
),
own as materialized (
  select j.*, coalesce(c.weight, 1) as weight, coalesce(c.is_active, true) as is_active, c.max_in_flight,
    case when c.max_in_flight is not null then ${IN_FLIGHT("j.channel_id", String(MOST_COUNTED))} end as in_flight,
    k.clock, floor(${STANDARD_STEP} / coalesce(c.weight, 1))::bigint as step, t.vtime, t.turn_no,
    greatest(t.vtime, k.clock) as base,
    case when j.is_in_line then 1 + (
      select count(*) from pipeline_jobs p
      where p.lane = j.lane and (${RANK}) = j.rank and ${TURN_CHANNEL} = j.channel_id and ${IN_LINE} and p.seq < j.seq
    ) end as position
  from job j
  left join channels c on c.id = j.channel_id
  left join turn_clocks k on k.lane = j.lane and k.rank = j.rank
  left join channel_turns t on t.lane = j.lane and t.rank = j.rank and t.channel_id = j.channel_id
),
mine as materialized (
  select *, case position when 1 then vtime else base + (position - 1) * step end as starts from own where is_in_line
),
others as materialized (
  select t.rank < m.rank as is_higher, least(t.waiting, free.room) as available, t.channel_id, t.vtime, t.turn_no,
    greatest(t.vtime, m.clock) as base, floor(${STANDARD_STEP} / coalesce(c.weight, 1))::bigint as step
  from mine m
  join channel_turns t on t.lane = m.lane and t.rank <= m.rank and t.has_waiting
    and (t.rank < m.rank or t.channel_id <> m.channel_id)
  left join lateral (select weight, max_in_flight, is_active from channels where id = t.channel_id limit 1) c on true
  cross join lateral (
    select case when c.max_in_flight is null then t.waiting
      else c.max_in_flight - ${IN_FLIGHT("t.channel_id", "c.max_in_flight")} end as room
    offset 0
  ) free
  where coalesce(c.is_active, true) and free.room > 0
),
turns as (
  select o.channel_id, least(o.available, case
    when (o.vtime, o.turn_no, o.channel_id) > (m.starts, m.turn_no, m.channel_id) and (m.position = 1 or o.vtime > m.starts) then 0
    else greatest(1, early.turns + (
      o.base + early.turns * o.step = m.starts and
      (early.turns > 0, case when early.turns > 0 then -o.step else 0 end, early.turns + 1, o.vtime, o.turn_no, o.channel_id)
      < (m.position > 1, case when m.position > 1 then -m.step else 0 end, m.position, m.vtime, m.turn_no, m.channel_id)
    )::int)
  end) as amount
  from others o cross join mine m
  cross join lateral (
    select case when o.base < m.starts then (m.starts - o.base + o.step - 1) / o.step else 0 end as turns
  ) early
  where not o.is_higher
)
select o.is_in_line, nullif(o.channel_id, '${NO_CHANNEL}') as channel_id, o.weight, o.is_active, o.max_in_flight,
  o.in_flight, o.position::int,
  (select coalesce(sum(available), 0)::int from others where is_higher) as higher,
  (select count(*)::int from turns where amount > 0) as channels_before,
  (select coalesce(sum(amount), 0)::int from turns) as turns_before,
  o.quota_service, o.quota_pool, o.quota_units, q.daily_limit, q.units_used, q.units_reserved, q.paused_until, q.pause_reason,
  q.resets_at, pace.jobs as pace_jobs, pace.ms as pace_ms,
  (select holder from leases where name = 'leader' and expires_at > now()) as leader
from own o
left join lateral quota_state(o.quota_service, o.quota_pool) q on o.quota_units is not null
cross join lateral (
  select coalesce(sum(served + case when span_began_at > now() - interval '4 minutes' then served_before else 0 end), 0)::int as jobs,
    coalesce(extract(epoch from now() - min(
      case when served_before > 0 then span_before_began_at else span_began_at end)) * 1000, 0)::float8 as ms
  from turn_clocks where lane = o.lane and span_began_at > now() - interval '4 minutes'
) pace
`;

interface PlaceRow {
  readonly is_in_line: boolean;
  readonly channel_id: string | null;
  readonly weight: number;
  readonly is_active: boolean;
  readonly max_in_flight: number | null;
  readonly in_flight: number | null;
  readonly position: number | null;
  readonly higher: number;
  readonly channels_before: number;
  readonly turns_before: number;
  readonly quota_service: string | null;
  readonly quota_pool: string | null;
  readonly quota_units: number | null;
  readonly daily_limit: string | null;
  readonly units_used: string | null;
  readonly units_reserved: string | null;
  readonly paused_until: string | null;
  readonly pause_reason: string | null;
  readonly resets_at: string | null;
  readonly pace_jobs: number;
  readonly pace_ms: number;
  readonly leader: string | null;
}

/** Where a job of the backlog stands, as of now. */
export interface PlaceInLine {
  readonly channel: {
    readonly id: string | null;
    readonly isActive: boolean;
    readonly maxInFlight: number | null;
    /** Counted only where there is a cap. */
    readonly inFlight: number | null;
  };
  readonly quota: QuotaFacts | null;
  /** null: it does not wait for its turn. */
  readonly line: {
    /** Among the jobs of its channel and priority; 1 is the oldest. */
    readonly position: number;
    /** Eligible jobs of higher priorities in its lane. */
    readonly higher: number;
    /** Other channels of its priority with turns before its own, and those turns. */
    readonly channelsBefore: number;
    readonly turnsBefore: number;
  } | null;
  /** Jobs that were given their turn in its lane in the last minutes. */
  readonly pace: { readonly jobs: number; readonly ms: number };
  /** Who leads; null: nobody, so nothing is dispatched. */
  readonly leader: string | null;
}

export async function findPlace(query: Query, jobId: string): Promise<PlaceInLine | undefined> {
  const [row] = await query<PlaceRow>(PLACE, [jobId]);
  if (row === undefined) return undefined;
  return {
    channel: { id: row.channel_id, isActive: row.is_active, maxInFlight: row.max_in_flight, inFlight: row.in_flight },
    quota: quotaOf(row),
    line:
      row.position === null
        ? null
        : {
            position: row.position,
            higher: row.higher,
            channelsBefore: row.channels_before,
            turnsBefore: row.turns_before,
          },
    pace: { jobs: row.pace_jobs, ms: row.pace_ms },
    leader: row.leader,
  };
}

function quotaOf(row: PlaceRow): QuotaFacts | null {
  if (row.quota_units === null) return null;
  return {
    service: row.quota_service!,
    pool: row.quota_pool!,
    units: row.quota_units,
    limit: row.daily_limit === null ? null : Number(row.daily_limit),
    used: Number(row.units_used),
    reserved: Number(row.units_reserved),
    pausedUntil: row.paused_until === null ? null : new Date(row.paused_until),
    pauseReason: row.pause_reason,
    resetsAt: new Date(row.resets_at!),
  };
}
