import type { JobStatus, Json, JsonObject, Priority, WaitReason } from "@millrace/core";
import type { TaskStep, taskStatus } from "./schema/tasks.ts";

export type TaskStatusName = (typeof taskStatus.enumValues)[number];

/** A task as readers see it, with what its newest job adds. */
export interface TaskRow {
  readonly id: string;
  readonly ownerId: string;
  /** uuid of its channel. */
  readonly channelId: string;
  /** The channel's short id. */
  readonly channel: string;
  readonly channelName: string;
  readonly notionPageId: string;
  readonly title: string;
  readonly topic: string;
  readonly storyDirection: string;
  readonly status: TaskStatusName;
  readonly statusSince: Date;
  readonly priority: Priority;
  readonly errorLog: string | null;
  readonly youtubeUrl: string | null;
  readonly runNo: number;
  readonly narrationScripts: readonly string[] | null;
  readonly sfxDescriptions: readonly string[] | null;
  readonly privacy: "private" | "unlisted" | "public" | null;
  readonly stepCompletionMetadata: JsonObject;
  readonly finalVideoPath: string | null;
  readonly finalVideoDuration: number | null;
  readonly totalCostUsd: number;
  readonly pipelineStartTime: Date | null;
  readonly pipelineEndTime: Date | null;
  readonly pipelineDurationSeconds: number | null;
  readonly pipelineCostUsd: number | null;
  readonly reviewStartedAt: Date | null;
  readonly reviewCompletedAt: Date | null;
  readonly errorStep: TaskStep | null;
  readonly errorCode: string | null;
  readonly cancelledAt: Date | null;
  readonly cancelReason: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** Its newest job, while that is in the record. */
  readonly job: {
    readonly id: string;
    readonly status: JobStatus;
    readonly waitingFor: WaitReason | null;
    readonly gate: string | null;
    readonly stage: TaskStep;
    readonly progress: number;
    readonly retryAttempt: number;
    readonly maxRetries: number;
    readonly nextRetryAt: Date | null;
    readonly cancelRequestedAt: Date | null;
  } | null;
}

export interface NewTask {
  readonly ownerId: string;
  /** uuid of a channel of this owner. */
  readonly channelId: string;
  /** 32 hex digits; null: none, the task gets its own id so written. */
  readonly notionPageId: string | null;
  readonly title: string;
  readonly topic: string;
  readonly storyDirection: string;
  readonly priority: Priority;
  readonly narrationScripts?: readonly string[] | null;
  readonly sfxDescriptions?: readonly string[] | null;
  readonly privacy?: "private" | "unlisted" | "public" | null;
}

/** What is left out stays. */
export interface TaskChange {
  readonly title?: string;
  readonly topic?: string;
  readonly storyDirection?: string;
  /** Holds in the backlog at once, too. */
  readonly priority?: Priority;
  /** Is appended (C-Q19). */
  readonly errorLog?: string;
  readonly youtubeUrl?: string;
  readonly narrationScripts?: readonly string[] | null;
  readonly sfxDescriptions?: readonly string[] | null;
  readonly privacy?: "private" | "unlisted" | "public" | null;
}

export interface TaskFilter {
  readonly ownerId: string | null;
  readonly channelId?: string | undefined;
  readonly statuses?: readonly TaskStatusName[] | undefined;
  readonly priority?: Priority | undefined;
  readonly limit: number;
  /** Newest first; the last one of the page before. */
  readonly before?: { readonly createdAt: Date; readonly id: string } | undefined;
}

export interface TransitionRow {
  readonly id: number;
  readonly taskId: string;
  readonly runNo: number;
  readonly fromStatus: TaskStatusName | null;
  readonly toStatus: TaskStatusName;
  readonly actor: string;
  readonly reason: string | null;
  readonly at: Date;
}

export interface TaskRunRow {
  readonly runNo: number;
  readonly jobId: string;
  readonly fromStep: TaskStep;
  readonly queuedBy: string | null;
  readonly outcome: TaskStatusName | null;
  readonly errorStep: TaskStep | null;
  readonly errorCode: string | null;
  readonly costUsd: number;
  readonly queuedAt: Date;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
}

export interface TaskErrorRow {
  readonly id: number;
  readonly taskId: string;
  readonly runNo: number;
  readonly step: TaskStep | null;
  readonly code: string;
  readonly message: string;
  readonly attempt: number;
  readonly isTransient: boolean;
  readonly nextRetryAt: Date | null;
  readonly at: Date;
}

export interface CostRow {
  readonly id: number;
  readonly taskId: string;
  readonly runNo: number;
  readonly component: string;
  readonly step: TaskStep;
  readonly unit: string | null;
  readonly provider: string;
  readonly costUsd: number | null;
  readonly apiCalls: number;
  readonly units: number;
  readonly at: Date;
}

/** Sums of one channel, component and period. */
export interface CostSum {
  /** The channel's short id. */
  readonly channel: string;
  readonly component: string;
  /** First day of the period, `2026-11-22`, UTC; null: the whole span. */
  readonly period: string | null;
  readonly costUsd: number;
  readonly apiCalls: number;
  readonly units: number;
  readonly tasks: number;
  /** Calls whose price is not known. */
  readonly unpriced: number;
}

/** A channel that makes videos. */
export interface VideoChannel {
  /** uuid. */
  readonly id: string;
  readonly channelId: string;
  readonly channelName: string;
  readonly ownerId: string;
  readonly isActive: boolean;
  readonly weight: number;
  readonly maxInFlight: number | null;
  readonly quotaPool: string;
  readonly source: "file" | "api";
  /** The fields of its file. */
  readonly config: Json;
  /** Tasks (C2.6). */
  readonly pending: number;
  readonly inProgress: number;
  readonly hasCapacity: boolean;
  /** Names of the credentials it has. */
  readonly credentials: readonly string[];
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface ChannelDraft {
  readonly ownerId: string;
  readonly channelId: string;
  readonly channelName: string;
  readonly weight: number;
  readonly maxInFlight: number | null;
  readonly isActive: boolean;
  readonly quotaPool: string;
  readonly source: "file" | "api";
  readonly config: Json;
}
