import type { JobStatus, NewJob, Submitted } from "@millrace/core";
import { type ArrayItem, arrayLiteral } from "../array-literal.ts";
import type { Query } from "../database.ts";
import { jsonText, plainText } from "../json-text.ts";

/** How long an idempotency key answers with the job it made (A-Q02). */
const REPLAY_WINDOW_HOURS = 24;

interface Column {
  readonly name: string;
  readonly type: string;
  readonly of: (job: NewJob) => ArrayItem;
}

const COLUMNS: readonly Column[] = [
  { name: "id", type: "uuid", of: (job) => job.id },
  { name: "owner_id", type: "uuid", of: (job) => job.ownerId },
  { name: "pipeline", type: "text", of: (job) => job.pipeline },
  { name: "pipeline_version", type: "text", of: (job) => job.pipelineVersion },
  { name: "resource_key", type: "text", of: (job) => job.resourceKey },
  { name: "stage", type: "text", of: (job) => job.stage },
  { name: "lane", type: "text", of: (job) => job.lane },
  { name: "stage_index", type: "smallint", of: (job) => job.stageIndex },
  { name: "stage_count", type: "smallint", of: (job) => job.stageCount },
  { name: "priority", type: "text", of: (job) => job.priority },
  { name: "channel_id", type: "uuid", of: (job) => job.channelId },
  { name: "data_tier", type: "text", of: (job) => job.dataTier },
  { name: "max_retries", type: "int", of: (job) => job.maxRetries },
  { name: "input", type: "text", of: (job) => jsonText(job.input) },
  { name: "metadata", type: "text", of: (job) => jsonText(job.metadata) },
  { name: "idempotency_key", type: "text", of: (job) => job.idempotencyKey },
  { name: "traceparent", type: "text", of: (job) => job.traceparent },
  { name: "quota_service", type: "text", of: ({ quota }) => quota?.service ?? null },
  { name: "quota_pool", type: "text", of: ({ quota }) => quota?.pool ?? null },
  { name: "quota_units", type: "int", of: ({ quota }) => quota?.units ?? null },
  { name: "is_dispatched", type: "bool", of: (job) => job.isDispatched },
  { name: "content_id", type: "uuid", of: ({ content }) => content?.id ?? null },
  { name: "content_type", type: "text", of: ({ content }) => content?.contentType ?? null },
  { name: "title", type: "text", of: ({ content }) => content?.title ?? null },
  { name: "source_url", type: "text", of: ({ content }) => content?.sourceUrl ?? null },
  { name: "file_path", type: "text", of: ({ content }) => content?.filePath ?? null },
  { name: "file_name", type: "text", of: ({ content }) => content?.fileName ?? null },
  { name: "file_size", type: "bigint", of: ({ content }) => content?.fileSize ?? null },
  { name: "tags", type: "text", of: ({ content }) => arrayLiteral(content?.tags ?? []) },
  { name: "is_forced", type: "bool", of: ({ content }) => content?.isForced ?? true },
];

/** `shared`: how many more callers ask for the same row. */
const GIVEN_NAMES = [...COLUMNS.map(({ name }) => name), "shared"];
const GIVEN_ARRAYS = [...COLUMNS.map(({ type }) => type), "int"].map((type, i) => `$${i + 1}::${type}[]`);

/**
 * The job is written before its content and content rows are only read before that: a statement that locked a content
 * first would deadlock with the trigger that copies jobs to contents. Whoever loses the race for a new content fails on
 * the foreign key, is tried again alone and then sees the winner's.
 */
const SUBMIT = `
with given as (
  select * from unnest(${GIVEN_ARRAYS.join(", ")}) as g(${GIVEN_NAMES.join(", ")})
),
seen as (
  select g.*, prior.id as prior_id, known.id as known_content_id,
    known.processing_status = 'completed' and not g.is_forced as is_content_completed
  from given g
  left join lateral (
    select id from pipeline_jobs
    where g.idempotency_key is not null and owner_id = g.owner_id and idempotency_key = g.idempotency_key
    limit 1
  ) prior on true
  left join lateral (
    select id, processing_status from contents
    where g.content_id is not null and owner_id = g.owner_id and resource_key = g.resource_key
    limit 1
  ) known on true
),
job as (
  insert into pipeline_jobs as j (
    id, owner_id, pipeline, pipeline_version, resource_key, stage, stage_index, lane, stage_count, priority, channel_id, data_tier,
    max_retries, input, metadata, idempotency_key, traceparent, quota_service, quota_pool, quota_units, content_id,
    waiting_for, dispatch_no, dispatched_at, duplicate_count
  )
  select id, owner_id, pipeline, pipeline_version, resource_key, stage, stage_index, lane, stage_count, priority, channel_id, data_tier,
    max_retries, input::jsonb, metadata::jsonb, idempotency_key, traceparent, quota_service, quota_pool, quota_units,
    coalesce(known_content_id, content_id),
    case when not is_dispatched then 'turn' end,
    is_dispatched::int,
    case when is_dispatched then now() end,
    shared
  from seen
  where prior_id is null and is_content_completed is not true
  on conflict (owner_id, resource_key) where status in ('pending', 'processing')
  -- a row that meets itself is a caller whose first answer got lost, not a duplicate
  do update set duplicate_count = j.duplicate_count + excluded.duplicate_count + (j.id <> excluded.id)::int,
    updated_at = now()
  returning j.id, j.seq, j.owner_id, j.resource_key, j.status, j.content_id, j.stage,
    j.metadata ->> 'request_fingerprint' as fingerprint, xmax = 0 as is_new
),
stub as (
  insert into contents (
    id, owner_id, resource_key, content_type, title, source_url, file_path, file_name, file_size, tags,
    processing_status, processed_at, pipeline_version
  )
  select content_id, owner_id, resource_key, content_type, title, source_url, file_path, file_name, file_size, tags::text[],
    'pending', now(), pipeline_version
  from seen
  -- "is true" keeps this a hashed lookup; as a join it becomes a nested loop over the batch (33 µs a row instead of 1)
  where known_content_id is null and content_id is not null and (id in (select id from job where is_new)) is true
  on conflict (owner_id, resource_key) do nothing
),
event as (
  insert into job_events (job_id, event, to_status, stage, actor)
  select id, 'submit', status, stage, 'caller' from job where is_new
)
select 'job' as answer, id as job_id, seq, status, content_id, fingerprint, owner_id, resource_key, false as is_key_expired
from job
union all
select 'prior', p.id, p.seq, p.status, p.content_id, p.metadata ->> 'request_fingerprint', s.owner_id, s.resource_key,
  p.created_at <= now() - interval '${REPLAY_WINDOW_HOURS} hours'
from seen s join pipeline_jobs p on p.id = s.prior_id
union all
select 'content', null, null, null, known_content_id, null, owner_id, resource_key, false
from seen where prior_id is null and is_content_completed
`;

interface SubmitRow {
  readonly answer: "job" | "prior" | "content";
  readonly job_id: string;
  readonly seq: string;
  readonly status: JobStatus;
  readonly content_id: string | null;
  readonly fingerprint: string | null;
  readonly owner_id: string;
  readonly resource_key: string;
  readonly is_key_expired: boolean;
}

/** A row each; the callers of a group share one (see `canShareSubmit`). */
export async function submitJobs(query: Query, groups: readonly (readonly NewJob[])[]): Promise<Submitted[][]> {
  const firsts = groups.map(([first]) => first!);
  const params = COLUMNS.map(({ of }) => arrayLiteral(firsts.map(of)));
  // callers with an idempotency key are replays, not duplicates
  const shared = groups.map((group) => (group[0]!.idempotencyKey === null ? group.length - 1 : 0));
  const rows = await query<SubmitRow>(SUBMIT, [...params, arrayLiteral(shared)]);
  const byKey = new Map(rows.map((row) => [`${row.owner_id} ${row.resource_key}`, row]));
  return Promise.all(
    groups.map(async (group) => {
      const row = byKey.get(submitKey(group[0]!));
      if (row === undefined) throw new Error("submit: a row got no answer");
      if (!row.is_key_expired) return group.map((job) => answerOf(row, job, group[0]!));
      await forgetIdempotencyKey(query, row.job_id);
      return (await submitJobs(query, [group]))[0]!;
    }),
  );
}

function answerOf(row: SubmitRow, job: NewJob, first: NewJob): Submitted {
  if (row.answer === "content") return { kind: "content_completed", contentId: row.content_id! };
  return {
    kind: kindOf(row, job, first),
    jobId: row.job_id,
    seq: Number(row.seq),
    status: row.status,
    contentId: row.content_id,
    requestFingerprint: row.fingerprint,
  };
}

function kindOf(row: SubmitRow, job: NewJob, first: NewJob): "created" | "active" | "replayed" {
  // its own row under its own key: the answer to an earlier try got lost
  if (row.job_id === job.id) return "created";
  const isOfSharedKey = job.idempotencyKey !== null && row.job_id === first.id;
  return row.answer === "prior" || isOfSharedKey ? "replayed" : "active";
}

/** What one owner may have once among active jobs. */
export function submitKey(job: NewJob): string {
  return `${job.ownerId} ${plainText(job.resourceKey)}`;
}

export function idempotencyKeyOf(job: NewJob): string | undefined {
  return job.idempotencyKey === null ? undefined : `${job.ownerId} key ${job.idempotencyKey}`;
}

/** Whether a later caller of the same resource gets the same row's answer. */
export function canShareSubmit(first: NewJob, later: NewJob): boolean {
  return (
    first.idempotencyKey === later.idempotencyKey &&
    (first.content?.isForced ?? true) === (later.content?.isForced ?? true) &&
    (first.content === null) === (later.content === null)
  );
}

/** The job of this id, as an answer to the caller who lost the answer it got when it made the job. */
export async function findSubmitted(query: Query, job: NewJob): Promise<Submitted | undefined> {
  const [row] = await query<SubmitRow>(
    `select 'job' as answer, id as job_id, seq, status, content_id, metadata ->> 'request_fingerprint' as fingerprint
     from pipeline_jobs where id = $1 and owner_id = $2`,
    [job.id, job.ownerId],
  );
  return row === undefined ? undefined : answerOf(row, job, job);
}

async function forgetIdempotencyKey(query: Query, jobId: string): Promise<void> {
  await query("update pipeline_jobs set idempotency_key = null where id = $1", [jobId]);
}
