import type { NewJob } from "@millrace/core";
import { beforeAll } from "vitest";
import { newJob, type StoreUnderTest, storeUnderTest } from "./job-store.fixture.ts";
import { TASK_STEPS, type TaskStep } from "./schema/tasks.ts";
import type { NewTask, TaskRow, VideoChannel } from "./task-model.ts";
import { createTaskStore, type TaskStore } from "./task-store.ts";
import { createTaskWork, type TaskWork } from "./task-work.ts";

export interface TasksUnderTest extends StoreUnderTest {
  readonly tasks: TaskStore;
  readonly work: TaskWork;
  readonly channel: VideoChannel;
}

/** Tasks beside a job store, with a channel of its owner. */
export function tasksUnderTest(): TasksUnderTest {
  const current = storeUnderTest() as { -readonly [K in keyof TasksUnderTest]: TasksUnderTest[K] };
  beforeAll(async () => {
    current.tasks = createTaskStore(current.db);
    current.work = createTaskWork(current.db);
    current.channel = await newChannel(current, "poke", { maxInFlight: null });
  });
  return current;
}

export async function newChannel(
  { tasks, ownerId }: Pick<TasksUnderTest, "tasks" | "ownerId">,
  channelId: string,
  overrides: Partial<Parameters<TaskStore["putChannel"]>[0]> = {},
): Promise<VideoChannel> {
  const channel = await tasks.putChannel({
    ownerId,
    channelId,
    channelName: `The ${channelId}`,
    weight: 1,
    maxInFlight: 2,
    isActive: true,
    quotaPool: channelId,
    source: "file",
    config: { channel_id: channelId, budget_daily_usd: 5, budget_weekly_usd: 20.5 },
    ...overrides,
  });
  if (channel === "taken") throw new Error(`channel ${channelId} is taken`);
  return channel;
}

export async function newTask(
  { tasks, ownerId, channel }: Pick<TasksUnderTest, "tasks" | "ownerId" | "channel">,
  overrides: Partial<NewTask> = {},
): Promise<TaskRow> {
  const answer = await tasks.createTask(
    {
      ownerId,
      channelId: channel.id,
      notionPageId: null,
      title: "Deep sea",
      topic: "What lives below",
      storyDirection: "Begin in the dark",
      priority: "normal",
      ...overrides,
    },
    "somebody",
  );
  if (answer.kind !== "created") throw new Error(`expected a new task, got ${answer.kind}`);
  return answer.task;
}

/** A job that makes this task's video, as the API would submit it. */
export function jobOf(task: TaskRow, fromStep: TaskStep = "assets", overrides: Partial<NewJob> = {}): NewJob {
  return newJob(task.ownerId, {
    pipeline: "video",
    resourceKey: `task:${task.id}`,
    channelId: task.channelId,
    stage: fromStep,
    stageIndex: TASK_STEPS.indexOf(fromStep),
    stageCount: TASK_STEPS.length,
    lane: fromStep === "upload" ? "io" : "media",
    input: { task_id: task.id, channel_id: task.channelId, quota_pool: "poke", from_step: fromStep },
    metadata: { submitted_by: "somebody" },
    ...overrides,
  });
}
