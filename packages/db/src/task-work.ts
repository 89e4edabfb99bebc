import type { Claim } from "@millrace/core";
import type { Database } from "./database.ts";
import { isUuid } from "./is-uuid.ts";
import type { TaskStep } from "./schema/tasks.ts";
import {
  type Budget,
  budgetOf,
  findOrder,
  holds,
  keepCost,
  keepFinalVideo,
  keepOrder,
  keepPublished,
  keepStep,
  keepUnit,
  type OpenTask,
  openTask,
  publishedElsewhere,
  type TaskCost,
  type TaskStepRecord,
  type TaskUnit,
  type UnitOrder,
  unitsOf,
  uploadsToday,
} from "./statements/task-work.ts";

/**
 * What the stages of the pipeline `video` read and write. What names a claim writes nothing, and answers false, when
 * that claim is lost or is not one of the task's job.
 */
export interface TaskWork {
  /** Whether this claim still holds its job. */
  holds(claim: Claim): Promise<boolean>;
  openTask(taskId: string): Promise<OpenTask | undefined>;
  unitsOf(taskId: string): Promise<TaskUnit[]>;
  /** Replaces an earlier take and forgets the order of the unit. */
  keepUnit(claim: Claim, taskId: string, unit: Omit<TaskUnit, "isRejected">): Promise<boolean>;
  /** What the provider was asked for, of the same input; null: nothing. */
  findOrder(taskId: string, of: UnitOrder): Promise<string | null>;
  /** An empty state forgets. */
  keepOrder(claim: Claim, taskId: string, order: UnitOrder & { readonly state: string }): Promise<boolean>;
  /** Written although the claim is lost: the money is spent. */
  keepCost(taskId: string, cost: TaskCost): Promise<void>;
  /** Another output hash is not approved any more. */
  keepStep(
    claim: Claim,
    taskId: string,
    step: TaskStep,
    record: Partial<Pick<TaskStepRecord, "output_hash" | "partial_progress" | "duration_seconds">>,
  ): Promise<boolean>;
  keepFinalVideo(
    claim: Claim,
    taskId: string,
    video: { readonly path: string; readonly seconds: number },
  ): Promise<boolean>;
  keepPublished(
    claim: Claim,
    taskId: string,
    published: { readonly url: string; readonly videoId: string },
  ): Promise<boolean>;
  budgetOf(channelId: string): Promise<Budget>;
  /** Tasks of the channel that were uploaded today, UTC. */
  uploadsToday(channelId: string): Promise<number>;
  /** The channel's published task with the same bytes, another than this. */
  publishedElsewhere(taskId: string, sha256: string): Promise<string | null>;
}

export function createTaskWork({ query }: Pick<Database, "query">): TaskWork {
  return {
    holds: (claim) => holds(query, claim),
    openTask: async (taskId) => (isUuid(taskId) ? openTask(query, taskId) : undefined),
    unitsOf: async (taskId) => (isUuid(taskId) ? unitsOf(query, taskId) : []),
    keepUnit: (claim, taskId, unit) => keepUnit(query, claim, taskId, unit),
    findOrder: (taskId, of) => findOrder(query, taskId, of),
    keepOrder: (claim, taskId, order) => keepOrder(query, claim, taskId, order),
    keepCost: (taskId, cost) => keepCost(query, taskId, cost),
    keepStep: (claim, taskId, step, record) => keepStep(query, claim, taskId, step, record),
    keepFinalVideo: (claim, taskId, video) => keepFinalVideo(query, claim, taskId, video),
    keepPublished: (claim, taskId, published) => keepPublished(query, claim, taskId, published),
    budgetOf: (channelId) => budgetOf(query, channelId),
    uploadsToday: (channelId) => uploadsToday(query, channelId),
    publishedElsewhere: (taskId, sha256) => publishedElsewhere(query, taskId, sha256),
  };
}
