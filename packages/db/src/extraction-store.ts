import type { JobStatus, Json, JsonObject } from "@millrace/core";

/** One file to be extracted, as readers see it. Its id is that of its first job; a manual retry makes another job. */
export interface ExtractionRow {
  readonly id: string;
  /** The newest job that works on it; null when that has been purged. */
  readonly jobId: string | null;
  readonly filename: string;
  readonly fileUrl: string;
  /** Bytes; 0 while nobody has looked. */
  readonly fileSize: number;
  readonly format: "pdf" | "dxf" | "ifc" | "step" | "werk24";
  readonly status: JobStatus;
  readonly progress: number;
  readonly options: JsonObject;
  readonly result: Json | null;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
  readonly errorStackTrace: string | null;
  readonly retryCount: number;
  readonly maxRetries: number;
  readonly nextRetryAt: Date | null;
  readonly createdById: string | null;
  readonly recordId: string | null;
  readonly fieldId: string | null;
  readonly attachmentId: string | null;
  readonly cloudFileId: number | null;
  readonly bulkId: string | null;
  /** Place in its batch, from 0. */
  readonly bulkIndex: number | null;
  readonly startedAt: Date | null;
  readonly completedAt: Date | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface ExtractionFilter {
  /** null: everybody's (admin). */
  readonly ownerId: string | null;
  readonly createdById?: string | undefined;
  readonly status?: JobStatus | undefined;
  readonly format?: string | undefined;
  readonly fileUrl?: string | undefined;
  readonly recordId?: string | undefined;
  readonly attachmentId?: string | undefined;
  readonly cloudFileId?: number | undefined;
  readonly bulkId?: string | undefined;
  readonly limit: number;
  /** Keyset: rows after this one in (created_at desc, id desc). */
  readonly after?: { readonly createdAt: Date; readonly id: string } | undefined;
}

/** One try of a file, the tries of earlier jobs included, oldest first. */
export interface ExtractionAttempt {
  readonly jobId: string;
  readonly attempt: number;
  readonly outcome: "completed" | "failed" | "cancelled" | "retry";
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
  readonly stage: string | null;
  readonly nextRetryAt: Date | null;
  readonly endedAt: Date;
}

/** A batch of files. `partial`: it completed although some files failed. */
export interface BulkRow {
  readonly id: string;
  readonly jobId: string | null;
  readonly createdById: string | null;
  readonly status: JobStatus;
  readonly continueOnError: boolean;
  readonly manifestUrl: string;
  readonly totalFiles: number;
  readonly filesPending: number;
  readonly filesProcessing: number;
  readonly filesCompleted: number;
  readonly filesFailed: number;
  readonly filesCancelled: number;
  /** Mean of its files' progress, 0 to 100. */
  readonly progress: number;
  readonly partial: boolean;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
  readonly cancelRequestedAt: Date | null;
  readonly startedAt: Date | null;
  readonly completedAt: Date | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface BulkCounts {
  readonly total: number;
  readonly pending: number;
  readonly processing: number;
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
}

export interface RecordRow {
  readonly id: string;
  readonly ownerId: string;
  readonly title: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface Cleanup {
  /** Age by status in days; absent statuses are kept. Defaults: completed and cancelled 30, failed 90 (B-Q22). */
  readonly olderThanDays?: number | undefined;
  readonly status?: "completed" | "failed" | "cancelled" | undefined;
  readonly dryRun: boolean;
}
