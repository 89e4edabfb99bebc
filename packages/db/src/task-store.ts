import type { Claim, Json, JsonObject } from "@millrace/core";
import type { TaskStep } from "./schema/tasks.ts";
import type {
  ChannelDraft,
  CostRow,
  CostSum,
  NewTask,
  TaskChange,
  TaskErrorRow,
  TaskFilter,
  TaskRow,
  TaskRunRow,
  TaskStatusName,
  TransitionRow,
  VideoChannel,
} from "./task-model.ts";

/**
 * Where a task's next run begins, or why there can be none. The run itself comes into being with its job: submit a job of
 * the pipeline `video` with this as input, and the triggers move the task to queued.
 */
export type RunPlan =
  | { readonly kind: "not_found" }
  | { readonly kind: "channel_inactive" }
  /** Its status leads nowhere near queued. */
  | { readonly kind: "refused"; readonly status: TaskStatusName }
  | {
      readonly kind: "planned";
      readonly task: TaskRow;
      /** From the steps that are done, never from the status alone (C-Q05). */
      readonly fromStep: TaskStep;
      readonly quotaPool: string;
    };

/**
 * Tasks, their history and their costs, and the channels they belong to. The status of a task follows its job by triggers:
 * nothing here writes it. `ownerId` null: everybody's; another owner's is as if it were not there. A text that is no uuid
 * finds nothing.
 */
export interface TaskStore {
  /** `duplicate`: there is a task of this page already, whoever's. */
  createTask(
    task: NewTask,
    actor: string,
  ): Promise<{ readonly kind: "created" | "duplicate"; readonly task: TaskRow } | { readonly kind: "channel_unknown" }>;
  findTask(id: string, ownerId: string | null): Promise<TaskRow | undefined>;
  findTaskOfPage(notionPageId: string, ownerId: string | null): Promise<TaskRow | undefined>;
  listTasks(filter: TaskFilter): Promise<TaskRow[]>;
  updateTask(id: string, ownerId: string | null, change: TaskChange): Promise<TaskRow | undefined>;
  /** Only a draft that was never queued. */
  deleteTask(id: string, ownerId: string | null): Promise<"deleted" | "not_found" | "refused">;
  /** Tasks by status. */
  countTasks(filter: {
    readonly ownerId: string | null;
    readonly channelId?: string | undefined;
  }): Promise<Readonly<Record<TaskStatusName, number>>>;

  planRun(id: string, ownerId: string | null, by: { readonly isAdmin: boolean }): Promise<RunPlan>;

  listTransitions(taskId: string): Promise<TransitionRow[]>;
  listRuns(taskId: string): Promise<TaskRunRow[]>;
  listErrors(taskId: string): Promise<TaskErrorRow[]>;
  listCosts(taskId: string): Promise<CostRow[]>;
  sumCosts(filter: {
    readonly ownerId: string | null;
    readonly channelId?: string | undefined;
    readonly from: Date;
    readonly to: Date;
    readonly by: "day" | "week" | "month" | "all";
  }): Promise<CostSum[]>;

  /** Makes the channel or changes it; its uuid stays. `taken`: another owner's. */
  putChannel(draft: ChannelDraft): Promise<VideoChannel | "taken">;
  /** By uuid or short id. */
  findVideoChannel(id: string, ownerId: string | null): Promise<VideoChannel | undefined>;
  listVideoChannels(ownerId: string | null): Promise<VideoChannel[]>;
  /** Channels from files that are not among these get inactive (their file is gone). Returns their short ids. */
  retireChannels(stillThere: readonly string[]): Promise<string[]>;
  /** `used`: it has tasks (C-S02). */
  deleteChannel(id: string, ownerId: string | null): Promise<"deleted" | "not_found" | "used">;
  /** A sealed credential; null removes it. */
  putCredential(channelId: string, name: string, sealed: string | null): Promise<void>;
  findCredential(channelId: string, name: string): Promise<string | undefined>;
  listCredentials(): Promise<readonly { readonly channelId: string; readonly name: string; readonly sealed: string }[]>;

  /** True the first time. */
  keepNotionEvent(event: {
    readonly eventId: string;
    readonly type: string;
    readonly pageId: string | null;
    readonly payload: Json;
  }): Promise<boolean>;
  /** Those not looked at yet, oldest first. */
  waitingNotionEvents(
    limit: number,
  ): Promise<readonly { readonly id: number; readonly type: string; readonly pageId: string | null }[]>;
  handledNotionEvent(id: number, error: string | null): Promise<void>;
  /** What was taken from a page and written to it. */
  notionSeen(taskId: string): Promise<JsonObject | null>;
  keepNotionSeen(taskId: string, seen: JsonObject, pushed: boolean): Promise<void>;
}

/** What the stages of the pipeline `video` read and write; shapes as in the pipeline's needs. */
export interface TaskWork {
  /** Whether this claim still holds its job. */
  holds(claim: Claim): Promise<boolean>;
}
