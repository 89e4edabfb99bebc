import type { Query } from "../database.ts";
import { TASK_STEPS, type TaskStep } from "../schema/tasks.ts";
import type { TaskRow } from "../task-model.ts";
import { findTask } from "./task-rows.ts";

/**
 * Where a task's next run begins, or why there can be none. The run itself comes into being with its job: submit a job of
 * the pipeline `video` with this as input, and the triggers move the task to queued.
 */
export type RunPlan =
  | { readonly kind: "not_found" }
  | { readonly kind: "channel_inactive" }
  /** It is queued, being made or waiting for people already, or it is published and only an admin may run it again. */
  | { readonly kind: "refused"; readonly status: TaskRow["status"] }
  | {
      readonly kind: "planned";
      readonly task: TaskRow;
      /** From the steps that are done, never from the status alone (C-Q05). */
      readonly fromStep: TaskStep;
      readonly quotaPool: string;
    };

const CHANNEL = `
select c.is_active, c.quota_pool, exists (
    select from pipeline_jobs j
    where j.owner_id = t.owner_id and j.resource_key = 'task:' || t.id and j.status in ('pending', 'processing')
  ) as has_active_job
from tasks t join channels c on c.id = t.channel_id where t.id = $1::uuid
`;

interface ChannelOfTask {
  readonly is_active: boolean;
  readonly quota_pool: string;
  readonly has_active_job: boolean;
}

export async function planRun(
  query: Query,
  id: string,
  ownerId: string | null,
  { isAdmin }: { readonly isAdmin: boolean },
): Promise<RunPlan> {
  const task = await findTask(query, id, ownerId);
  const [channel] = task === undefined ? [] : await query<ChannelOfTask>(CHANNEL, [id]);
  if (task === undefined || channel === undefined) return { kind: "not_found" };
  const isRefused = channel.has_active_job || (task.status === "published" && !isAdmin);
  if (isRefused) return { kind: "refused", status: task.status };
  if (!channel.is_active) return { kind: "channel_inactive" };
  return { kind: "planned", task, fromStep: firstStepToDo(task), quotaPool: channel.quota_pool };
}

/** Whoever wants a published video again wants all of it looked at again. */
function firstStepToDo({ stepCompletionMetadata }: TaskRow): TaskStep {
  const steps = stepCompletionMetadata as Partial<Record<TaskStep, { readonly completed?: boolean }>>;
  return TASK_STEPS.find((step) => steps[step]?.completed !== true) ?? TASK_STEPS[0];
}
