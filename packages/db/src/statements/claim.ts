import type { ClaimAnswer, ClaimedJob, ClaimRequest, DataTier, Json, Priority } from "@millrace/core";
import { arrayLiteral } from "../array-literal.ts";
import type { Query } from "../database.ts";

export interface ClaimCall {
  readonly request: ClaimRequest;
  readonly worker: string;
  readonly leaseMs: number;
}

/**
 * Rows are locked in the order of their ids and judged as they are then. A ticket means something only while it names
 * the row's newest dispatch and the row is not back in the backlog; which stage is due the row says, since a worker that
 * died may have gone on in its lane under the same ticket. `outputs` are read only where there are any. $5: what the
 * caller can run, as core's `stageName` says it; null for all.
 */
const CLAIM = `
with given as (
  select * from unnest($1::uuid[], $2::int[], $3::text[], $4::int[])
    as g(id, dispatch_no, worker, lease_ms)
),
locked as (
  select g.id, g.worker, g.lease_ms, j.status, j.pipeline, j.pipeline_version, j.stage, j.lease_until, j.dispatched_at,
    case
      when j.dispatch_no <> g.dispatch_no or j.dispatched_at is null
        or j.status not in ('pending', 'processing') then 'void'
      when j.lease_until >= now() then 'leased'
      when j.cancel_requested_at is not null then 'cancel_requested'
      when $5::text[] is not null and (j.pipeline || ' ' || split_part(j.pipeline_version, '.', 1) || ' ' || j.stage) <> all ($5::text[])
        then 'unknown_stage'
      else 'claimed'
    end as kind
  from given g
  cross join lateral (select * from pipeline_jobs where id = g.id limit 1 for no key update) j
),
claimed as (
  update pipeline_jobs j set
    status = 'processing', fence = j.fence + 1, worker = l.worker, lease_until = now() + l.lease_ms * interval '1 ms',
    stage_attempts = j.stage_attempts + 1,
    -- a lease that is over on a row nobody gave back: its worker died
    crashes = j.crashes + (j.lease_until is not null)::int,
    started_at = coalesce(j.started_at, now()), stage_started_at = now(), updated_at = now()
  from locked l
  where j.id = l.id and l.kind = 'claimed'
  returning j.id, j.seq, j.owner_id, j.pipeline, j.pipeline_version, j.resource_key, j.content_id, j.channel_id,
    j.priority, j.data_tier, j.stage, j.fence, j.dispatch_no, j.stage_attempts, j.crashes, j.retry_count, j.max_retries,
    j.input, j.traceparent, j.worker, j.stage_index, l.status as from_status, l.lease_until is not null as is_recovered
),
event as (
  insert into job_events (job_id, event, from_status, to_status, stage, fence, actor)
  select id, 'claim', from_status, 'processing', stage, fence, worker from claimed
)
select 'claimed' as kind, 0::float8 as ms, c.id, c.pipeline, c.pipeline_version, c.stage, c.seq, c.owner_id, c.resource_key,
  c.content_id, c.channel_id, c.priority, c.data_tier, c.fence, c.dispatch_no, c.stage_attempts, c.crashes, c.is_recovered,
  c.retry_count, c.max_retries, c.input, c.traceparent, o.outputs
from claimed c
left join lateral (
  select jsonb_object_agg(s.stage, s.output) as outputs from job_stages s where c.stage_index > 0 and s.job_id = c.id
) o on true
union all
select kind,
  case kind
    when 'leased' then greatest(1, ceil(extract(epoch from lease_until - now()) * 1000))
    when 'unknown_stage' then greatest(0, floor(extract(epoch from now() - dispatched_at) * 1000))
    else 0
  end::float8,
  id, pipeline, pipeline_version, stage, ${nulls([
    "bigint",
    "uuid",
    "text",
    "uuid",
    "uuid",
    "text",
    "text",
    "int",
    "int",
    "int",
    "int",
    "bool",
    "int",
    "int",
    "jsonb",
    "text",
    "jsonb",
  ])}
from locked where kind <> 'claimed'
`;

function nulls(types: readonly string[]): string {
  return types.map((type) => `null::${type}`).join(", ");
}

interface ClaimRow {
  readonly kind: ClaimAnswer["kind"];
  /** How long a lease lasts yet, or how long a ticket has waited. */
  readonly ms: number;
  readonly id: string;
  readonly seq: string;
  readonly owner_id: string;
  readonly pipeline: string;
  readonly pipeline_version: string;
  readonly resource_key: string;
  readonly content_id: string | null;
  readonly channel_id: string | null;
  readonly priority: Priority;
  readonly data_tier: DataTier;
  readonly stage: string;
  readonly fence: number;
  readonly dispatch_no: number;
  readonly stage_attempts: number;
  readonly crashes: number;
  readonly is_recovered: boolean;
  readonly retry_count: number;
  readonly max_retries: number;
  readonly input: Json;
  readonly traceparent: string | null;
  readonly outputs: Readonly<Record<string, Json>> | null;
}

/** One answer for each call, in the same places. `stages` are those all of the callers can run, as an array literal; null for all. */
export async function claimJobs(
  query: Query,
  calls: readonly ClaimCall[],
  stages: string | null,
): Promise<ClaimAnswer[]> {
  const rows = await query<ClaimRow>(CLAIM, [
    arrayLiteral(calls.map(({ request }) => request.jobId)),
    arrayLiteral(calls.map(({ request }) => request.dispatchNo)),
    arrayLiteral(calls.map(({ worker }) => worker)),
    arrayLiteral(calls.map(({ leaseMs }) => leaseMs)),
    stages,
  ]);
  const byId = new Map(rows.map((row) => [row.id, row]));
  return calls.map(({ request }) => {
    const row = byId.get(request.jobId);
    return row === undefined ? { kind: "void" } : answerOf(row);
  });
}

function answerOf(row: ClaimRow): ClaimAnswer {
  switch (row.kind) {
    case "claimed":
      return { kind: "claimed", job: jobOf(row) };
    case "leased":
      return { kind: "leased", remainingMs: row.ms };
    case "unknown_stage":
      return {
        kind: "unknown_stage",
        pipeline: row.pipeline,
        pipelineVersion: row.pipeline_version,
        stage: row.stage,
        waitedMs: row.ms,
      };
    default:
      return { kind: row.kind };
  }
}

function jobOf(row: ClaimRow): ClaimedJob {
  return {
    id: row.id,
    seq: Number(row.seq),
    ownerId: row.owner_id,
    pipeline: row.pipeline,
    pipelineVersion: row.pipeline_version,
    resourceKey: row.resource_key,
    contentId: row.content_id,
    channelId: row.channel_id,
    priority: row.priority,
    dataTier: row.data_tier,
    stage: row.stage,
    fence: row.fence,
    dispatchNo: row.dispatch_no,
    stageAttempts: row.stage_attempts,
    crashes: row.crashes,
    isRecovered: row.is_recovered,
    retryCount: row.retry_count,
    maxRetries: row.max_retries,
    input: row.input,
    outputs: row.outputs ?? {},
    traceparent: row.traceparent,
  };
}
