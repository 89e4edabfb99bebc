import type { Json } from "@millrace/core";
import { arrayLiteral } from "../array-literal.ts";
import type { Database, Param, Query, Row } from "../database.ts";
import { jsonObjectOf } from "../json-object.ts";
import { jsonText, plainText } from "../json-text.ts";
import { taskStatus } from "../schema/tasks.ts";
import { constraintOf } from "../store-error.ts";
import type { NewTask, TaskChange, TaskFilter, TaskRow, TaskStatusName } from "../task-model.ts";
import { camelRow } from "./camel-row.ts";
import { changePriority } from "./priority.ts";

const COLUMNS = `t.id, t.owner_id, t.channel_id, c.channel_id as channel, c.channel_name, t.notion_page_id, t.title, t.topic,
  t.story_direction, t.status, t.status_since, t.priority, t.error_log, t.youtube_url, t.run_no, t.narration_scripts,
  t.sfx_descriptions, t.privacy, t.step_completion_metadata, t.final_video_path, t.final_video_duration, t.total_cost_usd,
  t.pipeline_start_time, t.pipeline_end_time, t.pipeline_duration_seconds, t.pipeline_cost_usd, t.review_started_at,
  t.review_completed_at, t.error_step, t.error_code, t.cancelled_at, t.cancel_reason, t.created_at, t.updated_at,
  j.id as job_id, j.status as job_status, j.waiting_for as job_waiting_for, j.gate as job_gate, j.stage as job_stage,
  j.progress as job_progress, j.retry_count as job_retry_attempt, j.max_retries as job_max_retries,
  j.next_retry_at as job_next_retry_at, j.cancel_requested_at as job_cancel_requested_at`;

const FROM = "tasks t join channels c on c.id = t.channel_id left join pipeline_jobs j on j.id = t.job_id";

const IS_THEIRS = "($2::uuid is null or t.owner_id = $2::uuid)";

const JOB = "job_";
const INSTANTS = [
  "status_since",
  "pipeline_start_time",
  "pipeline_end_time",
  "review_started_at",
  "review_completed_at",
  "cancelled_at",
  "created_at",
  "updated_at",
];
const NUMBERS = ["total_cost_usd", "pipeline_cost_usd"];

function taskOf(row: Row): TaskRow {
  const own = Object.entries(row).filter(([column]) => !column.startsWith(JOB));
  const ofJob = Object.entries(row).filter(([column]) => column.startsWith(JOB));
  const task = camelRow<TaskRow>(Object.fromEntries(own), { instants: INSTANTS, numbers: NUMBERS });
  const job = camelRow<NonNullable<TaskRow["job"]>>(
    Object.fromEntries(ofJob.map(([column, value]) => [column.slice(JOB.length), value])),
    { instants: ["next_retry_at", "cancel_requested_at"] },
  );
  return {
    ...task,
    stepCompletionMetadata: jsonObjectOf(task.stepCompletionMetadata),
    job: row["job_id"] === null ? null : job,
  };
}

export async function findTask(query: Query, id: string, ownerId: string | null): Promise<TaskRow | undefined> {
  const [row] = await query(`select ${COLUMNS} from ${FROM} where t.id = $1::uuid and ${IS_THEIRS}`, [id, ownerId]);
  return row && taskOf(row);
}

export async function findTaskOfPage(
  query: Query,
  notionPageId: string,
  ownerId: string | null,
): Promise<TaskRow | undefined> {
  const [row] = await query(`select ${COLUMNS} from ${FROM} where t.notion_page_id = $1 and ${IS_THEIRS}`, [
    plainText(notionPageId),
    ownerId,
  ]);
  return row && taskOf(row);
}

/** Each set of filters is its own statement, so that each gets the index it needs. */
export async function listTasks(query: Query, filter: TaskFilter): Promise<TaskRow[]> {
  const params: Param[] = [];
  const conditions: string[] = [];
  const where = (condition: (place: string) => string, value: Param | undefined): void => {
    if (value === undefined || value === null) return;
    params.push(value);
    conditions.push(condition(`$${params.length}`));
  };
  where((place) => `t.owner_id = ${place}::uuid`, filter.ownerId);
  where((place) => `t.channel_id = ${place}::uuid`, filter.channelId);
  where((place) => `t.status = any (${place}::task_status[])`, filter.statuses && arrayLiteral(filter.statuses));
  where((place) => `t.priority = ${place}::task_priority`, filter.priority);
  if (filter.before !== undefined) {
    params.push(filter.before.createdAt.toISOString(), filter.before.id);
    conditions.push(`(t.created_at, t.id) < ($${params.length - 1}::timestamptz, $${params.length}::uuid)`);
  }
  params.push(filter.limit);
  const rows = await query(
    `select ${COLUMNS} from ${FROM} ${conditions.length === 0 ? "" : `where ${conditions.join(" and ")}`}
     order by t.created_at desc, t.id desc limit $${params.length}::int`,
    params,
  );
  return rows.map(taskOf);
}

const CREATE = `
with given as (
  select gen_random_uuid() as id, c.id as channel_id from channels c
  where c.id = $1::uuid and c.owner_id = $2::uuid
),
created as (
  insert into tasks (id, owner_id, channel_id, notion_page_id, title, topic, story_direction, priority, narration_scripts,
    sfx_descriptions, privacy)
  select id, $2::uuid, channel_id, coalesce($3::text, replace(id::text, '-', '')), $4, $5, $6, $7::task_priority,
    $8::text::jsonb, $9::text::jsonb, $10
  from given
  returning id
),
born as (
  insert into task_transitions (task_id, run_no, to_status, actor) select id, 0, 'draft', $11 from created
)
select id from created
`;

export async function createTask(
  query: Query,
  task: NewTask,
  actor: string,
): Promise<{ kind: "created" | "duplicate"; task: TaskRow } | { kind: "channel_unknown" }> {
  const rows = await query<{ id: string }>(CREATE, [
    task.channelId,
    task.ownerId,
    task.notionPageId,
    plainText(task.title),
    plainText(task.topic),
    plainText(task.storyDirection),
    task.priority,
    listOf(task.narrationScripts),
    listOf(task.sfxDescriptions),
    task.privacy ?? null,
    plainText(actor),
  ]).catch((error: unknown) => {
    if (constraintOf(error) === "uq_tasks_notion_page_id") return undefined;
    throw error;
  });
  if (rows === undefined) {
    const known = await findTaskOfPage(query, task.notionPageId ?? "", null);
    // deleted in the meantime
    return known === undefined ? createTask(query, task, actor) : { kind: "duplicate", task: known };
  }
  const [created] = rows;
  if (created === undefined) return { kind: "channel_unknown" };
  return { kind: "created", task: (await findTask(query, created.id, null))! };
}

const listOf = (texts: readonly string[] | null | undefined): string | null =>
  texts === null || texts === undefined ? null : jsonText(texts);

const JOB_OF = `select t.job_id from tasks t where t.id = $1::uuid and ${IS_THEIRS} and t.job_id is not null`;

/** What a step is made from: when it changes, that step and those after it are not complete any more. */
const CHANGE = `
update tasks t set
  title = coalesce($3, t.title), topic = coalesce($4, t.topic), story_direction = coalesce($5, t.story_direction),
  priority = coalesce($6::task_priority, t.priority),
  error_log = coalesce(case when t.error_log <> '' then t.error_log || E'\\n' || $7 else $7 end, t.error_log),
  youtube_url = coalesce($8, t.youtube_url),
  narration_scripts = case when $9::int = 1 then $10::text::jsonb else t.narration_scripts end,
  sfx_descriptions = case when $11::int = 1 then $12::text::jsonb else t.sfx_descriptions end,
  privacy = case when $13::int = 1 then $14 else t.privacy end,
  step_completion_metadata = case
    when (coalesce($3, t.title), coalesce($4, t.topic), coalesce($5, t.story_direction)) <> (t.title, t.topic, t.story_direction)
      then task_steps_changed_from(t.step_completion_metadata, 'assets', '{"completed":false}')
    when $9::int = 1 and $10::text::jsonb is distinct from t.narration_scripts
      then task_steps_changed_from(t.step_completion_metadata, 'audio', '{"completed":false}')
    when $11::int = 1 and $12::text::jsonb is distinct from t.sfx_descriptions
      then task_steps_changed_from(t.step_completion_metadata, 'sfx', '{"completed":false}')
    else t.step_completion_metadata end
where t.id = $1::uuid and ${IS_THEIRS}
returning t.id
`;

export async function updateTask(
  db: Pick<Database, "query" | "transaction">,
  id: string,
  ownerId: string | null,
  change: TaskChange,
): Promise<TaskRow | undefined> {
  const text = (value: string | undefined): string | null => (value === undefined ? null : plainText(value));
  const list = (value: readonly string[] | null | undefined): Param[] => [Number(value !== undefined), listOf(value)];
  const [changed] = await db.transaction(async (query) => {
    // jobs are locked before their tasks, everywhere
    const [job] = change.priority === undefined ? [] : await query<{ job_id: string }>(JOB_OF, [id, ownerId]);
    if (job !== undefined) await changePriority(query, { jobId: job.job_id, ownerId, priority: change.priority! });
    return query(CHANGE, [
      id,
      ownerId,
      text(change.title),
      text(change.topic),
      text(change.storyDirection),
      change.priority ?? null,
      text(change.errorLog),
      text(change.youtubeUrl),
      ...list(change.narrationScripts),
      ...list(change.sfxDescriptions),
      Number(change.privacy !== undefined),
      change.privacy ?? null,
    ]);
  });
  return changed === undefined ? undefined : findTask(db.query, id, ownerId);
}

const DELETE = `
with found as (
  select id, status, run_no from tasks t where t.id = $1::uuid and ${IS_THEIRS}
),
deleted as (
  delete from tasks where id in (select id from found) and status = 'draft' and run_no = 0 returning id
)
select (select count(*)::int from deleted) as deleted from found
`;

export async function deleteTask(
  query: Query,
  id: string,
  ownerId: string | null,
): Promise<"deleted" | "not_found" | "refused"> {
  const [row] = await query<{ deleted: number }>(DELETE, [id, ownerId]);
  if (row === undefined) return "not_found";
  return row.deleted === 1 ? "deleted" : "refused";
}

const COUNT = `
select t.status, count(*)::int as tasks from tasks t
where ($1::uuid is null or t.owner_id = $1::uuid) and ($2::uuid is null or t.channel_id = $2::uuid)
group by t.status
`;

export async function countTasks(
  query: Query,
  { ownerId, channelId }: { readonly ownerId: string | null; readonly channelId?: string | undefined },
): Promise<Readonly<Record<TaskStatusName, number>>> {
  const rows = await query<{ status: TaskStatusName; tasks: number }>(COUNT, [ownerId, channelId ?? null]);
  const none = taskStatus.enumValues.map((status) => [status, 0] as const);
  const some = rows.map(({ status, tasks }) => [status, tasks] as const);
  return Object.fromEntries([...none, ...some]) as Record<TaskStatusName, number>;
}

const SEEN = "select notion_seen from tasks where id = $1::uuid";
export async function notionSeen(query: Query, taskId: string) {
  const [row] = await query<{ notion_seen: Json | null }>(SEEN, [taskId]);
  return row === undefined || row.notion_seen === null ? null : jsonObjectOf(row.notion_seen);
}

const KEEP_SEEN = `
update tasks set notion_seen = $2::text::jsonb, notion_pushed_at = case when $3::int = 1 then now() else notion_pushed_at end
where id = $1::uuid
`;
export async function keepNotionSeen(query: Query, taskId: string, seen: Json, pushed: boolean): Promise<void> {
  await query(KEEP_SEEN, [taskId, jsonText(seen), Number(pushed)]);
}
