import { type Lane, STANDARD_STEP, type Ticket } from "@millrace/core";
import type { Query } from "../database.ts";
import { IN_LINE, RANK, TURN_CHANNEL } from "./line.ts";
import { TICKET_COLUMNS, type TicketRow, ticketOf } from "./ticket-row.ts";

/** Retries that join the line in one statement at most. */
const MAX_JOINING = 500;

/** Statements of one kind that one call makes at most. */
const MOST_ROUNDS = 20;

/** Turns looked at once a job without quota was met: there may be many. */
const LOOK_FURTHER = 500;

const IS_DUE = "waiting_for in ('retry', 'quota') and next_retry_at <= now() and cancel_requested_at is null";

/**
 * Retries whose time has come join the line of their channel, where their age puts them in front. Answers with the ranks
 * in which anybody waits.
 */
const JOIN_LINE = `
with due as materialized (
  select d.id, ranks.rank
  from (values (0), (1), (2)) as ranks(rank)
  cross join lateral (
    select id from pipeline_jobs
    where lane = $1 and (${RANK}) = ranks.rank and dispatched_at is null and status = 'pending' and ${IS_DUE}
    order by next_retry_at
    limit ${MAX_JOINING}
  ) d
  order by ranks.rank
  limit ${MAX_JOINING}
),
joined as (
  update pipeline_jobs j set waiting_for = 'turn', next_retry_at = null, updated_at = now()
  from (
    select l.id from due
    cross join lateral (select * from pipeline_jobs where id = due.id limit 1 for no key update skip locked) l
    where ${IS_DUE}
  ) d
  where j.id = d.id
)
select rank, (select count(*)::int from due) as joining from (values (0), (1), (2)) as ranks(rank)
where rank in (select rank from due)
  or exists (select from channel_turns t where t.lane = $1 and t.rank = ranks.rank and t.has_waiting)
order by rank
`;

/**
 * The next jobs of one lane and rank. Parameters: lane, rank, how many turns to look at, how many jobs to give a ticket. A
 * job whose quota has no room ends the picking, since the turn is another's then, and is parked with all those looked
 * at that find none either. Two statements cannot spend the same units: one picks at a time, and whoever settles
 * meanwhile only makes room.
 */
const DISPATCH = `
with recursive seen as materialized (
  select sum(rounds) as rounds from turn_clocks
),
-- one dispatcher at a time: what another one has done since this statement began would be missing from what it reads
held as materialized (
  select lane, rank, clock, rounds from turn_clocks order by lane, rank for no key update
),
class as materialized (
  select clock from held
  where lane = $1 and rank = $2 and (select sum(rounds) from held) = (select rounds from seen)
),
heads as materialized (
  select channel_id, vtime, turn_no, base, base - clock as ahead, step, least(waiting, room, $3::int) as available
  from class
  cross join lateral (
    select t.channel_id, t.vtime, t.turn_no, t.waiting, greatest(t.vtime, class.clock) as base,
      floor(${STANDARD_STEP} / coalesce(c.weight, 1))::bigint as step, free.room
    from channel_turns t
    left join lateral (select weight, max_in_flight, is_active from channels where id = t.channel_id limit 1) c on true
    cross join lateral (
      select case when c.max_in_flight is null then $3::int else c.max_in_flight - (
        select count(*)::int from (
          select from pipeline_jobs
          where channel_id = t.channel_id and dispatched_at is not null and finished_at is null
          limit c.max_in_flight
        ) in_flight
      ) end as room
      offset 0
    ) free
    where t.lane = $1 and t.rank = $2 and t.has_waiting and coalesce(c.is_active, true) and free.room > 0
    order by t.vtime, t.turn_no, t.channel_id
    limit $3::int
  ) eligible
),
-- how far ahead of the clock turns have to be looked at: reckoned as if no line ended, then further while that is too few
goal as (
  select least($3::int, sum(available)) as jobs, max(step) as longest_step,
    greatest(0, ceil(($3::int - count(*) + sum(ahead / step::float8)) / sum(1 / step::float8)))::bigint as ahead
  from heads
),
reach(ahead, jobs) as (
  select g.ahead, (
    select sum(least(h.available, (g.ahead - h.ahead) / h.step + 1)) from heads h where h.ahead <= g.ahead
  ) from goal g
  union all
  select n.ahead, (
    select sum(least(h.available, (n.ahead - h.ahead) / h.step + 1)) from heads h where h.ahead <= n.ahead
  ) from (
    select 2 * reach.ahead + goal.longest_step as ahead from reach cross join goal where coalesce(reach.jobs, 0) < goal.jobs
  ) n
),
-- turn r of a channel begins r - 1 steps after its first. At equal times: who was not served yet, else who was served
-- longest ago, which is the longer step and then the fewer turns
turns as materialized (
  select h.channel_id, h.base, h.step, n.r, row_number() over (
      order by case n.r when 1 then h.vtime else h.base + (n.r - 1) * h.step end, n.r > 1,
        case n.r when 1 then 0 else -h.step end, n.r, h.vtime, h.turn_no, h.channel_id
    ) as place
  from heads h
  cross join (select max(ahead) as ahead from reach) far
  cross join lateral generate_series(1, least(h.available, (far.ahead - h.ahead) / h.step + 1)) n(r)
  where h.ahead <= far.ahead
  order by place
  limit $3::int
),
lines as materialized (
  select channel_id, base, step, count(*) as jobs, array_agg(place order by r) as places
  from turns group by channel_id, base, step
),
chosen as materialized (
  select l.channel_id, l.base, l.step, j.id, l.places[j.r] as place, l.base + (j.r - 1) * l.step as start
  from lines l
  cross join lateral (
    select id, row_number() over (order by seq) as r from (
      select id, seq from pipeline_jobs
      where lane = $1 and (${RANK}) = $2 and ${TURN_CHANNEL} = l.channel_id and ${IN_LINE}
      order by seq
      limit l.jobs
    ) oldest
  ) j
),
candidates as materialized (
  select j.id, c.channel_id, c.base, c.step, c.place, c.start, j.quota_service as service, j.quota_pool as pool, j.quota_units as units
  from chosen c
  cross join lateral (
    select id, lane, ${RANK} as rank, ${TURN_CHANNEL} as turn_channel, waiting_for, cancel_requested_at, quota_service,
      quota_pool, quota_units
    from pipeline_jobs where id = c.id limit 1 for no key update skip locked
  ) j
  where j.lane = $1 and j.rank = $2 and j.turn_channel = c.channel_id and ${IN_LINE}
),
asking as materialized (
  select id, place, service, pool, units, sum(units) over (partition by service, pool order by place) as asked
  from candidates where units is not null
),
-- null: no limit; nothing at all while it is paused
rooms as materialized (
  select q.service, q.pool, s.day, coalesce(s.paused_until, s.resets_at) as resumes_at,
    case when s.paused_until is not null then -1 else s.daily_limit - s.units_used - s.units_reserved end as room
  from (select distinct service, pool from asking) q cross join lateral quota_state(q.service, q.pool) s
),
cut as materialized (
  select least(min(place), $4::int + 1) as place from asking join rooms using (service, pool) where asked > room
),
refused as materialized (
  select a.id, r.resumes_at
  from asking a join rooms r using (service, pool) cross join cut
  where a.place >= cut.place and a.units > r.room - coalesce((
    select max(b.asked) from asking b where (b.service, b.pool) = (a.service, a.pool) and b.place < cut.place
  ), 0)
),
picked as materialized (
  select * from candidates where place < (select place from cut)
),
moved as (
  update pipeline_jobs j set
    dispatch_no = j.dispatch_no + t.is_picked::int, dispatched_at = case when t.is_picked then now() end,
    waiting_for = case when not t.is_picked then 'quota' end, next_retry_at = t.resumes_at, lease_until = null,
    updated_at = now()
  from (
    select id, place, true as is_picked, null::timestamptz as resumes_at from picked
    union all
    select id, null, false, resumes_at from refused
  ) t
  where j.id = t.id
  returning ${TICKET_COLUMNS}, j.fence, j.quota_service, j.quota_pool, j.quota_units, t.place, t.is_picked
),
events as (
  insert into job_events (job_id, event, from_status, to_status, stage, fence, actor, reason)
  select id, case when is_picked then 'dispatch' else 'wait_for_quota' end, 'pending', 'pending', stage, fence, 'leader',
    case when not is_picked then 'no quota left of ' || quota_service || ' ' || quota_pool end
  from moved
),
reserved as (
  insert into quota_reservations (job_id, service, pool, date, units, fence)
  select m.id, m.quota_service, m.quota_pool, r.day, m.quota_units, m.fence
  from moved m join rooms r on r.service = m.quota_service and r.pool = m.quota_pool
  where m.is_picked
  on conflict (job_id) do nothing
),
served as materialized (
  select channel_id, left_line, case when jobs > 0 then base + jobs * step else 0 end as vtime,
    case when jobs > 0 then nextval('sq_channel_turns_turn_no') else 0 end as turn_no
  from (
    select channel_id, base, step, count(*)::int as left_line, count(place) as jobs
    from (
      select channel_id, base, step, place from picked
      union all
      select c.channel_id, c.base, c.step, null from refused r join candidates c on c.id = r.id
    ) gone
    group by channel_id, base, step
    order by max(place)
  ) s
),
-- what the trigger would count is counted here, where these rows are written anyway: once instead of twice
counted as materialized (
  select set_config('millrace.turns_are_counted', 'yes', true) from served limit 1
),
-- in the order in which everybody locks these rows
moves as (
  insert into channel_turns as t (lane, rank, channel_id, waiting, vtime, turn_no)
  select $1, $2, channel_id, -left_line, vtime, turn_no from served
  where (select count(*) from counted) = 1
  order by channel_id
  on conflict (lane, rank, channel_id) do update set
    waiting = t.waiting + excluded.waiting,
    vtime = case when excluded.turn_no > 0 then excluded.vtime else t.vtime end,
    turn_no = case when excluded.turn_no > 0 then excluded.turn_no else t.turn_no end
),
ticked as (
  update turn_clocks c set
    clock = greatest(c.clock, p.clock), rounds = c.rounds + 1,
    served = case when c.span_began_at > now() - interval '2 minutes' then c.served else 0 end + p.jobs,
    served_before = case
      when c.span_began_at > now() - interval '2 minutes' then c.served_before
      when c.span_began_at > now() - interval '4 minutes' then c.served
      else 0 end,
    span_began_at = case when c.span_began_at > now() - interval '2 minutes' then c.span_began_at else now() end,
    span_before_began_at = case
      when c.span_began_at > now() - interval '2 minutes' then c.span_before_began_at
      when c.span_began_at > now() - interval '4 minutes' then c.span_began_at
      else now() end
  from (select max(start) as clock, count(*)::int as jobs from picked) p
  where c.lane = $1 and c.rank = $2 and p.jobs > 0
)
select * from moved order by place
`;

interface MovedRow extends TicketRow {
  readonly is_picked: boolean;
}

/**
 * Gives up to `limit` jobs of one lane their ticket, in the order of core's `nextJob`. A statement for each priority
 * with anybody in line, so a job of a higher one that arrives meanwhile is next time's; more of them where quotas
 * are spent. Correct under two leaders: while one is at it, the other gets nothing.
 */
export async function dispatchBacklog(query: Query, lane: Lane, limit: number): Promise<Ticket[]> {
  const tickets: Ticket[] = [];
  for (const rank of await joinLine(query, lane)) {
    let look = 0;
    for (let round = 0; tickets.length < limit; round++) {
      // the rest waits for the next time, as do lower priorities
      if (round === MOST_ROUNDS) return tickets;
      const take = limit - tickets.length;
      const moving = query<MovedRow>(DISPATCH, [lane, rank, Math.max(take, look), take]);
      // tickets that were given must reach the queue; whatever is wrong shows again next time
      const moved = await (tickets.length === 0 ? moving : moving.catch(() => []));
      const picked = moved.filter((row) => row.is_picked);
      tickets.push(...picked.map(ticketOf));
      if (picked.length === moved.length) break;
      look = LOOK_FURTHER;
    }
  }
  return tickets;
}

/** All that are due, so that none is before the others in the line for what there is again; the ranks with anybody in line. */
async function joinLine(query: Query, lane: Lane): Promise<number[]> {
  for (let round = 1; ; round++) {
    const ranks = await query<{ rank: number; joining: number }>(JOIN_LINE, [lane]);
    if ((ranks[0]?.joining ?? 0) < MAX_JOINING || round === MOST_ROUNDS) return ranks.map(({ rank }) => rank);
  }
}
