import type { Claim, Json, Priority } from "@millrace/core";
import type { Query, Row } from "../database.ts";
import { jsonObjectOf } from "../json-object.ts";
import { jsonText, plainText } from "../json-text.ts";
import type { TaskStep } from "../schema/tasks.ts";
import { camelRow } from "./camel-row.ts";

/** What the task's row says of a step. */
export interface TaskStepRecord {
  readonly completed: boolean;
  /** People approved exactly what `output_hash` stands for. */
  readonly approved: boolean;
  readonly output_hash: string | null;
  /** Units made of units wanted. */
  readonly partial_progress: { readonly made: number; readonly wanted: number } | null;
  readonly duration_seconds: number | null;
  readonly error_message: string | null;
}

/** A task as the stages of its job see it. */
export interface OpenTask {
  readonly id: string;
  readonly ownerId: string;
  readonly runNo: number;
  readonly title: string;
  readonly topic: string;
  readonly storyDirection: string;
  readonly priority: Priority;
  readonly narrationScripts: readonly string[] | null;
  readonly sfxDescriptions: readonly string[] | null;
  readonly privacy: "private" | "unlisted" | "public" | null;
  readonly steps: Readonly<Partial<Record<TaskStep, TaskStepRecord>>>;
  readonly channel: {
    /** uuid. */
    readonly id: string;
    readonly channelId: string;
    readonly channelName: string;
    readonly quotaPool: string;
    readonly config: Json;
  };
}

/** Something a step has made; see the table `task_units`. */
export interface TaskUnit {
  readonly step: TaskStep;
  readonly unit: string;
  readonly take: number;
  readonly inputHash: string;
  readonly blobKey: string;
  readonly mediaType: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly seconds: number | null;
  readonly isRejected: boolean;
}

export interface UnitOrder {
  readonly step: TaskStep;
  readonly unit: string;
  /** Of what it was ordered for. */
  readonly inputHash: string;
}

export interface TaskCost {
  readonly step: TaskStep;
  readonly unit: string | null;
  readonly component: string;
  /** What the provider counts, and US dollars; null: the price is not known. */
  readonly usage: {
    readonly provider: string;
    readonly calls: number;
    readonly units: number;
    readonly costUsd: number | null;
  };
}

/** What a channel has spent and may spend, in US dollars; null: no limit. Days and weeks (from Monday) are UTC's. */
export interface Budget {
  readonly todayUsd: number;
  readonly weekUsd: number;
  readonly dailyUsd: number | null;
  readonly weeklyUsd: number | null;
}

const OPEN = `
select t.id, t.owner_id, t.run_no, t.title, t.topic, t.story_direction, t.priority, t.narration_scripts, t.sfx_descriptions,
  t.privacy, t.step_completion_metadata as steps,
  c.id as channel_uuid, c.channel_id as channel_short_id, c.channel_name, c.quota_pool, c.config
from tasks t join channels c on c.id = t.channel_id where t.id = $1::uuid
`;

export async function openTask(query: Query, taskId: string): Promise<OpenTask | undefined> {
  const [row] = await query<Row>(OPEN, [taskId]);
  if (row === undefined) return undefined;
  const { channel_uuid, channel_short_id, channel_name, quota_pool, config, steps, ...own } = row;
  return {
    ...camelRow<OpenTask>(own, {}),
    steps: jsonObjectOf(steps) as OpenTask["steps"],
    channel: {
      id: channel_uuid as string,
      channelId: channel_short_id as string,
      channelName: channel_name as string,
      quotaPool: quota_pool as string,
      config: config as Json,
    },
  };
}

const UNITS = `
select step, unit, take, input_hash, blob_key, media_type, sha256, bytes, seconds, is_rejected
from task_units where task_id = $1::uuid order by step, unit
`;

export async function unitsOf(query: Query, taskId: string): Promise<TaskUnit[]> {
  const rows = await query<Row>(UNITS, [taskId]);
  return rows.map((row) => camelRow<TaskUnit>(row, { numbers: ["bytes", "seconds"] }));
}

/**
 * Holds the job's row, so that the claim is not lost between the look and the write; locked before the task, as
 * everywhere. Judged outside: inside, a plan may take a partial index on the status. $1 job, $2 fence, $3 task.
 */
const HELD = `
held as materialized (
  select j.id from (select * from pipeline_jobs where id = $1::uuid limit 1 for share) j
  where j.fence = $2::int and j.status = 'processing' and j.lease_until is not null and j.resource_key = 'task:' || $3
)`;

const HOLDS = `
select 1 from (select * from pipeline_jobs where id = $1::uuid limit 1) j
where j.fence = $2::int and j.status = 'processing' and j.lease_until is not null
`;

export async function holds(query: Query, { jobId, fence }: Claim): Promise<boolean> {
  return (await query(HOLDS, [jobId, fence])).length === 1;
}

const KEEP_UNIT = `
with ${HELD},
kept as (
  insert into task_units as u (task_id, step, unit, take, input_hash, blob_key, media_type, sha256, bytes, seconds)
  select $3::text::uuid, $4, $5, $6::int, $7, $8, $9, $10, $11::bigint, $12::numeric from held
  on conflict (task_id, step, unit) do update set
    take = excluded.take, input_hash = excluded.input_hash, blob_key = excluded.blob_key, media_type = excluded.media_type,
    sha256 = excluded.sha256, bytes = excluded.bytes, seconds = excluded.seconds, is_rejected = false, made_at = now()
  returning 1
),
forgotten as (
  delete from task_orders where task_id = $3::text::uuid and step = $4 and unit = $5 and exists (select from held)
)
select 1 from kept
`;

export async function keepUnit(
  query: Query,
  { jobId, fence }: Claim,
  taskId: string,
  unit: Omit<TaskUnit, "isRejected">,
): Promise<boolean> {
  const rows = await query(KEEP_UNIT, [
    jobId,
    fence,
    taskId,
    unit.step,
    plainText(unit.unit),
    unit.take,
    unit.inputHash,
    plainText(unit.blobKey),
    unit.mediaType,
    unit.sha256,
    unit.bytes,
    unit.seconds,
  ]);
  return rows.length === 1;
}

const FIND_ORDER =
  "select state from task_orders where task_id = $1::uuid and step = $2 and unit = $3 and input_hash = $4";

export async function findOrder(query: Query, taskId: string, of: UnitOrder): Promise<string | null> {
  const [row] = await query<{ state: string }>(FIND_ORDER, [taskId, of.step, plainText(of.unit), of.inputHash]);
  return row?.state ?? null;
}

const KEEP_ORDER = `
with ${HELD},
kept as (
  insert into task_orders as o (task_id, step, unit, input_hash, state)
  select $3::text::uuid, $4, $5, $6, $7 from held where $7 <> ''
  on conflict (task_id, step, unit) do update set input_hash = excluded.input_hash, state = excluded.state, updated_at = now()
),
forgotten as (
  delete from task_orders where task_id = $3::text::uuid and step = $4 and unit = $5 and $7 = '' and exists (select from held)
)
select 1 from held
`;

export async function keepOrder(
  query: Query,
  { jobId, fence }: Claim,
  taskId: string,
  order: UnitOrder & { readonly state: string },
): Promise<boolean> {
  const { step, unit, inputHash, state } = order;
  const rows = await query(KEEP_ORDER, [jobId, fence, taskId, step, plainText(unit), inputHash, plainText(state)]);
  return rows.length === 1;
}

/** The sums of tasks and runs follow by a trigger. */
const KEEP_COST = `
insert into task_costs (task_id, channel_id, run_no, component, step, unit, provider, cost_usd, api_calls, units)
select id, channel_id, run_no, $2, $3, $4, $5, $6::numeric, $7::int, $8::numeric from tasks where id = $1::uuid
`;

export async function keepCost(
  query: Query,
  taskId: string,
  { step, unit, component, usage }: TaskCost,
): Promise<void> {
  const { provider, calls, units, costUsd } = usage;
  await query(KEEP_COST, [taskId, component, step, plainText(unit), provider, costUsd, calls, units]);
}

/** What people approved they approved of that output: another one is not approved. */
const KEEP_STEP = `
with ${HELD}
update tasks t set step_completion_metadata = t.step_completion_metadata || jsonb_build_object($4::text,
  '{"completed":false,"approved":false,"output_hash":null,"partial_progress":null,"duration_seconds":null,"error_message":null}'
  || coalesce(t.step_completion_metadata -> $4, '{}') || $5::text::jsonb
  || case when $5::text::jsonb ? 'output_hash'
      and $5::text::jsonb -> 'output_hash' is distinct from t.step_completion_metadata -> $4 -> 'output_hash'
    then '{"approved":false}'::jsonb else '{}' end)
from held where t.id = $3::text::uuid
returning t.id
`;

export async function keepStep(
  query: Query,
  { jobId, fence }: Claim,
  taskId: string,
  step: TaskStep,
  record: Partial<Pick<TaskStepRecord, "output_hash" | "partial_progress" | "duration_seconds">>,
): Promise<boolean> {
  return (await query(KEEP_STEP, [jobId, fence, taskId, step, jsonText(record)])).length === 1;
}

const KEEP_FINAL = `
with ${HELD}
update tasks t set final_video_path = $4, final_video_duration = $5::float8 from held where t.id = $3::text::uuid returning t.id
`;

export async function keepFinalVideo(
  query: Query,
  { jobId, fence }: Claim,
  taskId: string,
  { path, seconds }: { readonly path: string; readonly seconds: number },
): Promise<boolean> {
  return (await query(KEEP_FINAL, [jobId, fence, taskId, plainText(path), seconds])).length === 1;
}

const KEEP_PUBLISHED = `
with ${HELD}
update tasks t set youtube_url = $4 from held where t.id = $3::text::uuid returning t.id
`;

export async function keepPublished(
  query: Query,
  { jobId, fence }: Claim,
  taskId: string,
  { url }: { readonly url: string },
): Promise<boolean> {
  return (await query(KEEP_PUBLISHED, [jobId, fence, taskId, plainText(url)])).length === 1;
}

const BUDGET = `
select c.config -> 'budget_daily_usd' as daily_usd, c.config -> 'budget_weekly_usd' as weekly_usd,
  coalesce(sum(k.cost_usd) filter (where k.at >= days.today), 0) as today_usd, coalesce(sum(k.cost_usd), 0) as week_usd
from channels c
cross join (
  select date_trunc('day', now() at time zone 'UTC') at time zone 'UTC' as today,
    date_trunc('week', now() at time zone 'UTC') at time zone 'UTC' as monday
) days
left join task_costs k on k.channel_id = c.id and k.at >= days.monday
where c.id = $1::uuid
group by c.id
`;

interface BudgetRow {
  readonly daily_usd: Json;
  readonly weekly_usd: Json;
  readonly today_usd: string;
  readonly week_usd: string;
}

export async function budgetOf(query: Query, channelId: string): Promise<Budget> {
  const [row] = await query<BudgetRow>(BUDGET, [channelId]);
  const amount = (value: Json | undefined): number | null => (typeof value === "number" ? value : null);
  return {
    todayUsd: Number(row?.today_usd ?? 0),
    weekUsd: Number(row?.week_usd ?? 0),
    dailyUsd: amount(row?.daily_usd),
    weeklyUsd: amount(row?.weekly_usd),
  };
}

const UPLOADS = `
select count(distinct task_id)::int as uploads from task_costs
where channel_id = $1::uuid and step = 'upload' and at >= date_trunc('day', now() at time zone 'UTC') at time zone 'UTC'
`;

/** Tasks of the channel that were uploaded today, UTC. */
export async function uploadsToday(query: Query, channelId: string): Promise<number> {
  const [row] = await query<{ readonly uploads: number }>(UPLOADS, [channelId]);
  return row?.uploads ?? 0;
}

/** `assembly` makes what is published: one file. */
const PUBLISHED_ELSEWHERE = `
select other.id from tasks own
join tasks other on other.channel_id = own.channel_id and other.id <> own.id and other.status = 'published'
join task_units u on u.task_id = other.id and u.step = 'assembly' and u.sha256 = $2
where own.id = $1::uuid
order by other.id limit 1
`;

export async function publishedElsewhere(query: Query, taskId: string, sha256: string): Promise<string | null> {
  const [row] = await query<{ id: string }>(PUBLISHED_ELSEWHERE, [taskId, sha256]);
  return row?.id ?? null;
}
