import type { JobStatus, JobStore, Lane, Ticket, TicketDue, TicketLevel } from "@millrace/core";
import { arrayLiteral } from "../array-literal.ts";
import type { Query } from "../database.ts";
import { isUuid } from "../is-uuid.ts";
import { type TicketRow, ticketOf } from "./ticket-row.ts";

const TICKET_COLUMNS = "j.id, j.resource_key, j.seq, j.stage, j.dispatch_no, j.lane, j.traceparent";

/** The text of the backlog indexes' middle column. */
const RANK = "case priority when 'high' then 0 when 'normal' then 1 else 2 end";

const IS_BACKLOG = "lane = $1 and dispatched_at is null and status = 'pending'";

/**
 * Candidates come from the two backlog indexes, each read in its order and no further than the limit; priorities of the
 * second one are visited one by one, because its order within a priority is the time. Then they are locked and judged
 * again; what another leader holds is skipped.
 */
const DISPATCH = `
with candidates as (
  (
    select id, ${RANK} as rank, seq from pipeline_jobs
    where ${IS_BACKLOG} and waiting_for = 'turn' and cancel_requested_at is null
    order by ${RANK}, seq
    limit $2::int
  )
  union all
  select due.id, ranks.rank, due.seq
  from (values (0), (1), (2)) as ranks(rank)
  cross join lateral (
    select id, seq from pipeline_jobs
    where ${IS_BACKLOG} and waiting_for in ('retry', 'quota') and (${RANK}) = ranks.rank and next_retry_at <= now()
      and cancel_requested_at is null
    order by next_retry_at
    limit $2::int
  ) due
),
picked as (
  select j.id, c.rank from (select * from candidates order by rank, seq limit $2::int) c
  cross join lateral (select * from pipeline_jobs where id = c.id limit 1 for no key update skip locked) j
  where j.lane = $1 and j.dispatched_at is null and j.status = 'pending' and j.waiting_for <> 'review'
    and coalesce(j.next_retry_at <= now(), true) and j.cancel_requested_at is null
),
dispatched as (
  update pipeline_jobs j set
    dispatch_no = j.dispatch_no + 1, dispatched_at = now(), waiting_for = null, next_retry_at = null, lease_until = null,
    updated_at = now()
  from picked
  where j.id = picked.id
  returning ${TICKET_COLUMNS}, j.fence, picked.rank
),
events as (
  insert into job_events (job_id, event, from_status, to_status, stage, fence, actor)
  select id, 'dispatch', 'pending', 'pending', stage, fence, 'leader' from dispatched
)
select * from dispatched order by rank, seq
`;

/** Gives up to `limit` backlog jobs of one lane their ticket: highest priority first, oldest first. */
export async function dispatchBacklog(query: Query, lane: Lane, limit: number): Promise<Ticket[]> {
  const rows = await query<TicketRow>(DISPATCH, [lane, limit]);
  return rows.map(ticketOf);
}

const LIST_DUE = `
select ${TICKET_COLUMNS}, j.fence, j.lease_until is not null as is_lease_over from pipeline_jobs j
where j.dispatched_at is not null and j.status in ('pending', 'processing') and j.seq > $1::bigint
  and (j.lease_until is null or ($4::int::bool and j.lease_until < now()))
  and j.dispatched_at <= now() - $3::float8 * interval '1 ms'
  and j.cancel_requested_at is null
order by j.seq
limit $2::int
`;

interface DueRow extends TicketRow {
  readonly fence: number;
  readonly is_lease_over: boolean;
}

/** A page of jobs that should have a live ticket. */
export async function listTicketsDue(
  query: Query,
  page: Parameters<JobStore["listTicketsDue"]>[0],
): Promise<TicketDue[]> {
  const { afterSeq, limit, graceMs, withLeasesOver } = page;
  const rows = await query<DueRow>(LIST_DUE, [afterSeq, limit, graceMs, Number(withLeasesOver)]);
  return rows.map((row) => ({ ticket: ticketOf(row), fence: row.fence, isLeaseOver: row.is_lease_over }));
}

const TICKET_LEVELS = `
select j.id, j.lane, j.status, j.dispatch_no,
  j.dispatched_at is not null and j.status in ('pending', 'processing') as is_dispatched
from unnest($1::uuid[]) as g(id)
cross join lateral (select * from pipeline_jobs where id = g.id limit 1) j
`;

interface LevelRow {
  readonly id: string;
  readonly lane: Lane;
  readonly status: JobStatus;
  readonly dispatch_no: number;
  readonly is_dispatched: boolean;
}

/** What the rows say about their tickets; what is no job's id is left out. */
export async function ticketLevels(query: Query, jobIds: readonly string[]): Promise<TicketLevel[]> {
  const ids = [...new Set(jobIds.filter(isUuid))];
  if (ids.length === 0) return [];
  const rows = await query<LevelRow>(TICKET_LEVELS, [arrayLiteral(ids)]);
  return rows.map((row) => ({
    jobId: row.id,
    lane: row.lane,
    status: row.status,
    dispatchNo: row.dispatch_no,
    isDispatched: row.is_dispatched,
  }));
}

/** `lease_until` stays: a lease that is over tells the next claim that a worker died. */
const REDISPATCH = `
with untouched as (
  select j.id
  from unnest($1::uuid[], $2::int[], $3::int[]) as g(id, dispatch_no, fence)
  cross join lateral (select * from pipeline_jobs where id = g.id limit 1 for no key update skip locked) j
  where j.dispatch_no = g.dispatch_no and j.fence = g.fence and j.dispatched_at is not null
    and j.status in ('pending', 'processing') and (j.lease_until is null or j.lease_until < now())
    and j.cancel_requested_at is null
),
dispatched as (
  update pipeline_jobs j set dispatch_no = j.dispatch_no + 1, dispatched_at = now(), updated_at = now()
  from untouched
  where j.id = untouched.id
  returning ${TICKET_COLUMNS}, j.fence, j.status
),
events as (
  insert into job_events (job_id, event, from_status, to_status, stage, fence, actor, reason)
  select id, 'redispatch', status, status, stage, fence, 'leader', 'its ticket was gone' from dispatched
)
select * from dispatched order by seq
`;

/** New tickets for those that nobody touched since they were read. */
export async function redispatchJobs(query: Query, due: readonly TicketDue[]): Promise<Ticket[]> {
  if (due.length === 0) return [];
  const sorted = [...due].sort((a, b) => (a.ticket.jobId < b.ticket.jobId ? -1 : 1));
  const rows = await query<TicketRow>(REDISPATCH, [
    arrayLiteral(sorted.map(({ ticket }) => ticket.jobId)),
    arrayLiteral(sorted.map(({ ticket }) => ticket.dispatchNo)),
    arrayLiteral(sorted.map(({ fence }) => fence)),
  ]);
  return rows.map(ticketOf);
}
