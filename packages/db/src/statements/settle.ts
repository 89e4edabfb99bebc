import type { JobStatus, SettleAnswer, SettleRequest, Ticket } from "@millrace/core";
import { type ArrayItem, arrayLiteral } from "../array-literal.ts";
import type { Query } from "../database.ts";
import { jsonText } from "../json-text.ts";
import { callbackDeliveries } from "./callback-deliveries.ts";
import { type TicketRow, ticketOf } from "./ticket-row.ts";

export interface SettleCall {
  readonly request: SettleRequest;
  readonly worker: string;
  readonly leaseMs: number;
  /** Of a settlement that parks at a gate: what early decisions make of it. */
  readonly early?: { readonly verdict: "approved" | "rejected"; readonly comment: string | null };
}

interface Column {
  readonly name: string;
  readonly type: string;
  readonly of: (call: SettleCall) => ArrayItem;
}

const COLUMNS: readonly Column[] = [
  { name: "id", type: "uuid", of: ({ request }) => request.jobId },
  { name: "stage", type: "text", of: ({ request }) => request.stage },
  { name: "fence", type: "int", of: ({ request }) => request.fence },
  { name: "worker", type: "text", of: ({ worker }) => worker },
  { name: "lease_ms", type: "int", of: ({ leaseMs }) => leaseMs },
  { name: "event", type: "text", of: ({ request }) => request.settlement.event },
  { name: "to_status", type: "text", of: ({ request }) => request.settlement.toStatus },
  { name: "waiting_for", type: "text", of: ({ request }) => request.settlement.waitingFor },
  { name: "next_stage", type: "text", of: ({ request }) => request.settlement.next?.name ?? null },
  { name: "next_index", type: "smallint", of: ({ request }) => request.settlement.next?.index ?? null },
  { name: "next_count", type: "smallint", of: ({ request }) => request.settlement.next?.count ?? null },
  { name: "next_lane", type: "text", of: ({ request }) => request.settlement.next?.spec.lane ?? null },
  { name: "quota_service", type: "text", of: ({ request }) => request.settlement.quota?.service ?? null },
  { name: "quota_pool", type: "text", of: ({ request }) => request.settlement.quota?.pool ?? null },
  { name: "quota_units", type: "int", of: ({ request }) => request.settlement.quota?.units ?? null },
  { name: "ticket", type: "text", of: ({ request }) => request.settlement.ticket },
  { name: "delay_ms", type: "float8", of: ({ request }) => request.settlement.delayMs },
  { name: "attempts", type: "text", of: ({ request }) => request.settlement.attempts },
  { name: "is_retry", type: "bool", of: ({ request }) => request.settlement.countsAsRetry },
  { name: "output", type: "text", of: ({ request }) => optionalJson(request.settlement.stageResult, (r) => r.output) },
  {
    name: "warnings",
    type: "text",
    of: ({ request }) => optionalJson(request.settlement.stageResult, (r) => r.warnings),
  },
  { name: "result", type: "text", of: ({ request }) => resultText(request) },
  { name: "gate", type: "text", of: ({ request }) => request.settlement.gate },
  { name: "decision", type: "text", of: ({ early }) => early?.verdict ?? null },
  { name: "comment", type: "text", of: ({ early }) => early?.comment ?? null },
  { name: "error_code", type: "text", of: ({ request }) => request.settlement.error?.code ?? null },
  { name: "error_message", type: "text", of: ({ request }) => request.settlement.error?.message ?? null },
  { name: "error_stage", type: "text", of: ({ request }) => request.settlement.error?.stage ?? null },
  { name: "error_stack", type: "text", of: ({ request }) => request.settlement.error?.stack ?? null },
  { name: "reason", type: "text", of: ({ request }) => request.settlement.reason },
];

/** On completion the result is the last stage's output: sent once, copied in the statement. */
function resultText({ settlement }: SettleRequest): string | null {
  if (settlement.toStatus !== "completed" || settlement.result === settlement.stageResult?.output) return null;
  return jsonText(settlement.result);
}

function optionalJson<T>(from: T | null, pick: (from: T) => unknown): string | null {
  return from === null ? null : jsonText(pick(from));
}

const GIVEN_NAMES = COLUMNS.map(({ name }) => name).join(", ");
const GIVEN_ARRAYS = COLUMNS.map(({ type }, i) => `$${i + 1}::${type}[]`).join(", ");

/**
 * `final_status` is the verdict after what only the row knows: a requested cancel wins over everything, a gate that was
 * decided early lets the job pass or ends it. The guard: this claim still holds the row.
 */
const SETTLE = `
with given as (
  select * from unnest(${GIVEN_ARRAYS}) as g(${GIVEN_NAMES})
),
held as (
  select g.*, j.stage_started_at, j.stage_attempts,
    case
      when j.cancel_requested_at is not null then 'cancelled'
      when g.decision = 'rejected' then 'failed'
      else g.to_status
    end as final_status,
    case when g.decision = 'approved' then 'turn' else g.waiting_for end as final_waiting_for,
    -- what went wrong before is shown until a stage gets through
    g.error_code is null and g.attempts <> 'reset' and g.to_status <> 'completed' as keeps_error
  from given g
  cross join lateral (select * from pipeline_jobs where id = g.id limit 1 for no key update) j
  -- judged out here: inside, a plan may take a partial index on the status and read every active job for each row
  where j.stage = g.stage and j.fence = g.fence and j.status = 'processing' and j.lease_until is not null
),
settled as (
  update pipeline_jobs j set
    status = h.final_status,
    waiting_for = case when h.final_status = 'pending' then h.final_waiting_for end,
    gate = case when h.final_status = 'pending' and h.final_waiting_for = 'review' then h.gate end,
    next_retry_at = case when h.final_status = 'pending' and h.final_waiting_for in ('retry', 'quota')
      then now() + coalesce(h.delay_ms, 0) * interval '1 ms' end,
    stage = coalesce(h.next_stage, j.stage),
    stage_index = coalesce(h.next_index, j.stage_index),
    stage_count = coalesce(h.next_count, j.stage_count),
    lane = coalesce(h.next_lane, j.lane),
    quota_service = case when h.next_stage is null then j.quota_service else h.quota_service end,
    quota_pool = case when h.next_stage is null then j.quota_pool else h.quota_pool end,
    quota_units = case when h.next_stage is null then j.quota_units else h.quota_units end,
    progress = greatest(j.progress, case
      when h.final_status = 'completed' then 100 else coalesce(100 * h.next_index::int / h.next_count, 0) end),
    dispatch_no = j.dispatch_no + (h.final_status = 'processing' and h.ticket = 'hand_over')::int,
    dispatched_at = case
      when h.final_status = 'pending' then null
      when h.final_status = 'processing' and h.ticket = 'hand_over' then now()
      else j.dispatched_at end,
    lease_until = case when h.final_status = 'processing' and h.ticket = 'keep'
      then now() + h.lease_ms * interval '1 ms' end,
    stage_started_at = case when h.ticket = 'keep' then now() else j.stage_started_at end,
    stage_attempts = case h.attempts
      -- a kept claim is already the next stage's first try
      when 'reset' then (h.ticket = 'keep')::int
      when 'uncharge' then greatest(0, j.stage_attempts - 1)
      else j.stage_attempts end,
    crashes = case when h.attempts = 'reset' then 0 else j.crashes end,
    retry_count = j.retry_count + h.is_retry::int,
    error_code = case
      when h.final_status = 'cancelled' then null
      when h.decision = 'rejected' then 'REVIEW_REJECTED'
      when h.keeps_error then j.error_code
      else h.error_code end,
    error_message = case
      when h.final_status = 'cancelled' then null
      when h.decision = 'rejected' then coalesce(h.comment, 'rejected at ' || h.gate)
      when h.keeps_error then j.error_message
      else left(h.error_message, 500) end,
    error_stage = case
      when h.final_status = 'cancelled' then null
      when h.decision = 'rejected' then coalesce(h.next_stage, h.stage)
      when h.keeps_error then j.error_stage
      else h.error_stage end,
    error_stack = case
      when h.final_status = 'cancelled' or h.decision = 'rejected' then null
      when h.keeps_error then j.error_stack
      when j.data_tier = 'full' then h.error_stack end,
    result = case when h.final_status = 'completed' then coalesce(h.result, h.output)::jsonb else j.result end,
    finished_at = case when h.final_status in ('completed', 'failed', 'cancelled') then now() end,
    updated_at = now()
  from held h
  where j.id = h.id
  returning j.id, j.seq, j.owner_id, j.resource_key, j.traceparent, j.status, j.waiting_for, j.lane, j.dispatch_no,
    j.stage as stands_at, j.cancel_reason, h.stage, h.fence, h.worker, h.event, h.to_status, h.ticket, h.output, h.warnings,
    h.stage_started_at, h.stage_attempts, h.decision, h.reason, h.error_code
),
stages as (
  insert into job_stages (job_id, stage, fence, attempt, output, warnings, started_at)
  select id, stage, fence, stage_attempts, output::jsonb, warnings::jsonb, stage_started_at
  from settled where output is not null
),
events as (
  insert into job_events (job_id, event, from_status, to_status, stage, fence, actor, reason)
  select id,
    case
      when status = 'cancelled' then 'cancel'
      when status = 'failed' then 'fail'
      else event end,
    'processing', status, stage, fence, worker,
    case
      when status = 'cancelled' and to_status <> 'cancelled' then coalesce(cancel_reason, 'cancel was requested')
      when decision is not null then decision || ' before the job reached the gate'
      else coalesce(reason, error_code) end
  from settled
),
${callbackDeliveries("settled")}
select id, status, seq, resource_key, traceparent, stands_at as stage, lane, dispatch_no,
  ticket = 'hand_over' and status = 'processing' as is_handed_over, decision = 'approved' and status = 'pending' as is_early_approved
from settled
`;

/**
 * For calls that settled nothing: was it this claim that committed the stage, in a statement whose reply was lost? A
 * statement of its own, since the first one may have waited for that very statement's lock and then judged by what there
 * was before it. A row with a newer fence is another worker's: its claim told that worker where to go on.
 */
const APPLIED_BEFORE = `
select j.id, j.status, j.seq, j.resource_key, j.traceparent, j.stage, j.lane, j.dispatch_no,
  g.ticket = 'hand_over' and j.status = 'processing' and j.lease_until is null as is_handed_over
from unnest($1::uuid[], $2::text[], $3::int[], $4::text[]) as g(id, stage, fence, ticket)
cross join lateral (select * from pipeline_jobs where id = g.id limit 1) j
cross join lateral (select fence from job_stages where job_id = g.id and stage = g.stage limit 1) s
where j.fence = g.fence and s.fence = g.fence
`;

interface SettledRow extends TicketRow {
  readonly status: JobStatus;
  readonly is_handed_over: boolean;
}

interface AppliedRow extends SettledRow {
  readonly is_early_approved: boolean | null;
}

/** One answer for each call, in the same places. */
export async function settleJobs(query: Query, calls: readonly SettleCall[]): Promise<SettleAnswer[]> {
  const params = COLUMNS.map(({ of }) => arrayLiteral(calls.map(of)));
  const rows = await query<AppliedRow>(SETTLE, params);
  const applied = new Map(rows.map((row) => [row.id, row]));
  const refused = calls.filter(({ request }) => !applied.has(request.jobId));
  const before = refused.length === 0 ? undefined : await findAppliedBefore(query, refused);
  return calls.map(({ request }) => {
    const now = applied.get(request.jobId);
    if (now !== undefined) {
      const isEarlyApproved = now.is_early_approved === true;
      return { kind: "applied", status: now.status, ticket: ticketToAdd(now), isEarlyApproved };
    }
    const once = before?.get(request.jobId);
    if (once === undefined) return { kind: "fenced" };
    return { kind: "already_applied", status: once.status, ticket: ticketToAdd(once) };
  });
}

async function findAppliedBefore(query: Query, calls: readonly SettleCall[]): Promise<Map<string, SettledRow>> {
  const rows = await query<SettledRow>(APPLIED_BEFORE, [
    arrayLiteral(calls.map(({ request }) => request.jobId)),
    arrayLiteral(calls.map(({ request }) => request.stage)),
    arrayLiteral(calls.map(({ request }) => request.fence)),
    arrayLiteral(calls.map(({ request }) => request.settlement.ticket)),
  ]);
  return new Map(rows.map((row) => [row.id, row]));
}

function ticketToAdd(row: SettledRow): Ticket | null {
  return row.is_handed_over ? ticketOf(row) : null;
}
