import type { ClaimAnswer, ClaimRequest, DataTier, Json, Priority } from "@millrace/core";
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
 * died may have gone on in its lane under the same ticket. `outputs` are read only where there are any.
 */
const CLAIM = `
with given as (
  select * from unnest($1::uuid[], $2::int[], $3::text[], $4::int[])
    as g(id, dispatch_no, worker, lease_ms)
),
locked as (
  select g.id, g.worker, g.lease_ms, j.status, j.stage_index,
    case
      when j.dispatch_no <> g.dispatch_no or j.dispatched_at is null
        or j.status not in ('pending', 'processing') then 'void'
      when j.lease_until >= now() then 'leased'
      when j.cancel_requested_at is not null then 'cancel_requested'
      else 'claimed'
    end as kind,
    greatest(1, ceil(extract(epoch from j.lease_until - now()) * 1000))::int as remaining_ms
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
    j.input, j.traceparent, j.worker, j.stage_index, l.status as from_status
),
event as (
  insert into job_events (job_id, event, from_status, to_status, stage, fence, actor)
  select id, 'claim', from_status, 'processing', stage, fence, worker from claimed
)
select 'claimed' as kind, 0 as remaining_ms, c.*, o.outputs
from claimed c
left join lateral (
  select jsonb_object_agg(s.stage, s.output) as outputs from job_stages s where c.stage_index > 0 and s.job_id = c.id
) o on true
union all
select kind, remaining_ms, id, ${nulls([
  "bigint",
  "uuid",
  "text",
  "text",
  "text",
  "uuid",
  "uuid",
  "text",
  "text",
  "text",
  "int",
  "int",
  "int",
  "int",
  "int",
  "int",
  "jsonb",
  "text",
  "text",
  "smallint",
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
  readonly remaining_ms: number;
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
  readonly retry_count: number;
  readonly max_retries: number;
  readonly input: Json;
  readonly traceparent: string | null;
  readonly outputs: Readonly<Record<string, Json>> | null;
}

/** One answer for each call, in the same places. */
export async function claimJobs(query: Query, calls: readonly ClaimCall[]): Promise<ClaimAnswer[]> {
  const rows = await query<ClaimRow>(CLAIM, [
    arrayLiteral(calls.map(({ request }) => request.jobId)),
    arrayLiteral(calls.map(({ request }) => request.dispatchNo)),
    arrayLiteral(calls.map(({ worker }) => worker)),
    arrayLiteral(calls.map(({ leaseMs }) => leaseMs)),
  ]);
  const byId = new Map(rows.map((row) => [row.id, row]));
  return calls.map(({ request }) => {
    const row = byId.get(request.jobId);
    return row === undefined ? { kind: "void" } : answerOf(row);
  });
}

function answerOf(row: ClaimRow): ClaimAnswer {
  if (row.kind === "leased") return { kind: "leased", remainingMs: row.remaining_ms };
  if (row.kind !== "claimed") return { kind: row.kind };
  return {
    kind: "claimed",
    job: {
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
      retryCount: row.retry_count,
      maxRetries: row.max_retries,
      input: row.input,
      outputs: row.outputs ?? {},
      traceparent: row.traceparent,
    },
  };
}
