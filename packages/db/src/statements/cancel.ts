import type { CancelAnswer, CancelRequest, JobStatus } from "@millrace/core";
import { arrayLiteral } from "../array-literal.ts";
import type { Query } from "../database.ts";
import { plainText } from "../json-text.ts";
import { callbackDeliveries } from "./callback-deliveries.ts";
import { type TicketRow, ticketOf } from "./ticket-row.ts";

/** Nobody at work: cancelled at once. A live lease: asked for, and the claim's next settlement is the cancel (A-Q10). */
const cancelOf = (found: string): string => `
with found as (
  select id, status, lease_until >= now() as is_leased, cancel_requested_at is not null as is_requested
  from pipeline_jobs
  where ${found}
  order by id
  for no key update
),
changed as (
  update pipeline_jobs j set
    status = case when f.is_leased then j.status else 'cancelled' end,
    waiting_for = null, gate = null, next_retry_at = null,
    lease_until = case when f.is_leased then j.lease_until end,
    -- who asked first, when and why stays, whoever ends the job in the end
    cancel_requested_at = coalesce(j.cancel_requested_at, now()),
    cancel_requested_by = coalesce(j.cancel_requested_by, $3),
    cancel_reason = case when j.cancel_requested_at is null then $4 else j.cancel_reason end,
    error_code = case when f.is_leased then j.error_code end,
    error_message = case when f.is_leased then j.error_message end,
    error_stage = case when f.is_leased then j.error_stage end,
    error_stack = case when f.is_leased then j.error_stack end,
    finished_at = case when f.is_leased is not true then now() end,
    updated_at = now()
  from found f
  where j.id = f.id and f.status in ('pending', 'processing') and not (f.is_requested and f.is_leased is true)
  returning j.id, j.owner_id, j.status, j.seq, j.resource_key, j.stage, j.dispatch_no, j.lane, j.fence, j.traceparent,
    j.cancel_reason, f.status as from_status
),
events as (
  insert into job_events (job_id, event, from_status, to_status, stage, fence, actor, reason)
  select id, case status when 'cancelled' then 'cancel' else 'request_cancel' end, from_status, status, stage, fence, $3, cancel_reason
  from changed
),
${callbackDeliveries("changed")}
`;

const CANCEL = `
${cancelOf("id = $1::uuid and ($2::uuid is null or owner_id = $2::uuid)")}
select f.status as from_status, c.status as to_status, c.id, c.resource_key, c.seq, c.stage, c.dispatch_no, c.lane, c.traceparent
from found f left join changed c on c.id = f.id
`;

interface CancelRow extends TicketRow {
  readonly from_status: JobStatus;
  readonly to_status: JobStatus | null;
}

export async function cancelJob(query: Query, request: CancelRequest): Promise<CancelAnswer> {
  const [row] = await query<CancelRow>(CANCEL, [
    request.jobId,
    request.ownerId,
    plainText(request.by),
    plainText(request.reason),
  ]);
  if (row === undefined) return { kind: "not_found" };
  if (row.to_status === "cancelled") return { kind: "cancelled", ticket: ticketOf(row) };
  // still processing: asked for now, or asked for before and not yet honoured
  if (row.from_status === "processing") return { kind: "requested", status: "processing" };
  return { kind: "terminal", status: row.from_status };
}

const CANCEL_MANY = `
${cancelOf("id = any ($1::uuid[]) and ($2::uuid is null or owner_id = $2::uuid)")}
select count(*)::int as count from changed
`;

/** The same for many jobs. Returns how many were cancelled or asked to stop by this. */
export async function cancelJobs(
  query: Query,
  jobIds: readonly string[],
  request: Omit<CancelRequest, "jobId">,
): Promise<number> {
  const [row] = await query<{ count: number }>(CANCEL_MANY, [
    arrayLiteral(jobIds),
    request.ownerId,
    plainText(request.by),
    plainText(request.reason),
  ]);
  return row?.count ?? 0;
}

const FINISH_EXPIRED = `
with due as (
  select id, status from pipeline_jobs
  where cancel_requested_at is not null and status in ('pending', 'processing') and (lease_until is null or lease_until < now())
  order by cancel_requested_at
  limit $1::int
  for no key update skip locked
),
ended as (
  update pipeline_jobs j set
    status = 'cancelled', waiting_for = null, gate = null, next_retry_at = null, lease_until = null,
    error_code = null, error_message = null, error_stage = null, error_stack = null, finished_at = now(),
    updated_at = now()
  from due
  where j.id = due.id
  returning j.id, j.owner_id, j.status, j.stage, j.fence, j.cancel_reason, due.status as from_status
),
events as (
  insert into job_events (job_id, event, from_status, to_status, stage, fence, actor, reason)
  select id, 'cancel', from_status, status, stage, fence, 'leader', coalesce(cancel_reason, 'the worker is gone') from ended
),
${callbackDeliveries("ended")}
select count(*)::int as count from ended
`;

/** Cancels jobs that were asked to stop and whose worker is gone. Returns how many. */
export async function finishExpiredCancels(query: Query, limit: number): Promise<number> {
  const [row] = await query<{ count: number }>(FINISH_EXPIRED, [limit]);
  return row?.count ?? 0;
}
