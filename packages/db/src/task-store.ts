import type { Json, JsonObject } from "@millrace/core";
import type { Database } from "./database.ts";
import { isUuid } from "./is-uuid.ts";
import {
  forgetNotionEvents,
  handledNotionEvent,
  type KeptEvent,
  keepNotionEvent,
  latestNotionEvents,
  waitingNotionEvents,
} from "./statements/notion-events.ts";
import { listCosts, listErrors, listRuns, listTransitions, sumCosts } from "./statements/task-history.ts";
import { type TaskWithNews, tasksWithNews } from "./statements/task-news.ts";
import { planRun, type RunPlan } from "./statements/task-plan.ts";
import {
  countTasks,
  createTask,
  deleteTask,
  findTask,
  findTaskOfPage,
  keepNotionSeen,
  listTasks,
  notionSeen,
  updateTask,
} from "./statements/task-rows.ts";
import {
  deleteChannel,
  findCredential,
  findVideoChannel,
  listCredentials,
  listVideoChannels,
  putChannel,
  putCredential,
  retireChannels,
} from "./statements/video-channels.ts";
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
  /** Handled ones so old; at most `limit` of them. */
  forgetNotionEvents(which: { readonly olderThanDays: number; readonly limit: number }): Promise<void>;
  /** The newest of a type, handled or not. */
  latestNotionEvents(type: string, limit: number): Promise<readonly KeptEvent[]>;
  /** Tasks whose pages do not say what they are, longest untold first; of those that changed from `since` on. */
  tasksWithNews(wanted: { readonly since: Date | null; readonly limit: number }): Promise<{
    /** When this was asked. */
    readonly at: Date;
    readonly tasks: readonly TaskWithNews[];
  }>;
  /** What was taken from a page and written to it. */
  notionSeen(taskId: string): Promise<JsonObject | null>;
  keepNotionSeen(taskId: string, seen: JsonObject, pushed: boolean): Promise<void>;
}

export function createTaskStore(db: Database): TaskStore {
  const { query } = db;
  return {
    createTask: async (task, actor) =>
      isUuid(task.channelId) ? createTask(query, task, actor) : { kind: "channel_unknown" },
    findTask: async (id, ownerId) => (isUuid(id) ? findTask(query, id, ownerId) : undefined),
    findTaskOfPage: (notionPageId, ownerId) => findTaskOfPage(query, notionPageId, ownerId),
    listTasks: async (filter) =>
      filter.channelId === undefined || isUuid(filter.channelId) ? listTasks(query, filter) : [],
    updateTask: async (id, ownerId, change) => (isUuid(id) ? updateTask(db, id, ownerId, change) : undefined),
    deleteTask: async (id, ownerId) => (isUuid(id) ? deleteTask(query, id, ownerId) : "not_found"),
    countTasks: (filter) => countTasks(query, filter),

    planRun: async (id, ownerId, by) => (isUuid(id) ? planRun(query, id, ownerId, by) : { kind: "not_found" }),

    listTransitions: async (taskId) => (isUuid(taskId) ? listTransitions(query, taskId) : []),
    listRuns: async (taskId) => (isUuid(taskId) ? listRuns(query, taskId) : []),
    listErrors: async (taskId) => (isUuid(taskId) ? listErrors(query, taskId) : []),
    listCosts: async (taskId) => (isUuid(taskId) ? listCosts(query, taskId) : []),
    sumCosts: (filter) => sumCosts(query, filter),

    putChannel: (draft) => putChannel(query, draft),
    findVideoChannel: (id, ownerId) => findVideoChannel(query, id, ownerId),
    listVideoChannels: (ownerId) => listVideoChannels(query, ownerId),
    retireChannels: (stillThere) => retireChannels(query, stillThere),
    deleteChannel: (id, ownerId) => deleteChannel(query, id, ownerId),
    putCredential: (channelId, name, sealed) => putCredential(query, channelId, name, sealed),
    findCredential: (channelId, name) => findCredential(query, channelId, name),
    listCredentials: () => listCredentials(query),

    keepNotionEvent: (event) => keepNotionEvent(query, event),
    waitingNotionEvents: (limit) => waitingNotionEvents(query, limit),
    handledNotionEvent: (id, error) => handledNotionEvent(query, id, error),
    forgetNotionEvents: (which) => forgetNotionEvents(query, which),
    latestNotionEvents: (type, limit) => latestNotionEvents(query, type, limit),
    tasksWithNews: (wanted) => tasksWithNews(query, wanted),
    notionSeen: (taskId) => notionSeen(query, taskId),
    keepNotionSeen: (taskId, seen, pushed) => keepNotionSeen(query, taskId, seen, pushed),
  };
}
