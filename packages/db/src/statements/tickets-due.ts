import type { JobStatus, JobStore, Lane, Ticket, TicketDue, TicketLevel } from "@millrace/core";
import { arrayLiteral } from "../array-literal.ts";
import type { Query } from "../database.ts";
import { isUuid } from "../is-uuid.ts";
import { TICKET_COLUMNS, type TicketRow, ticketOf } from "./ticket-row.ts";

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
