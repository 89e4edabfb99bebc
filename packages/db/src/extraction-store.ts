import type { JobStatus, Json, JsonObject, TerminalStatus } from "@millrace/core";
import type { Database } from "./database.ts";
import { isUuid } from "./is-uuid.ts";
import {
  type BulkCancel,
  type ChannelCap,
  cancelBulkFiles,
  capChannel,
  countBulk,
  failedFilesOf,
  findBulk,
  isBulkCancelRequested,
  listBulkFiles,
  listBulks,
  requestBulkCancel,
} from "./statements/extraction-bulks.ts";
import {
  findExtraction,
  findReusable,
  listAttempts,
  listExtractions,
  listRetryable,
  newestByAttachment,
  newestByFileUrl,
} from "./statements/extraction-rows.ts";
import {
  cleanUp,
  cleanUpOrphans,
  deleteExtraction,
  extractionStats,
  listStuck,
  type Recovered,
  recoverStuck,
} from "./statements/extraction-upkeep.ts";
import { createRecord, deleteRecord, findRecord, knownRecords, listRecords } from "./statements/records.ts";

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
  /** Results are left out (null) unless this is true: one may have 256 KiB. */
  readonly withResult?: boolean | undefined;
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
  /** Blob key of the list of its files. */
  readonly manifestUrl: string;
  readonly totalFiles: number;
  /** What else its first job was asked: the input's other fields, as they stand there. */
  readonly options: JsonObject;
  /** Those whose rows are not there yet among them. */
  readonly filesPending: number;
  readonly filesProcessing: number;
  readonly filesCompleted: number;
  readonly filesFailed: number;
  /** Those that were never begun when the batch ended among them. */
  readonly filesCancelled: number;
  /** Mean of its files' progress, 0 to 100; a file that is over counts whole, however it ended. */
  readonly progress: number;
  readonly partial: boolean;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
  readonly cancelRequestedAt: Date | null;
  readonly cancelRequestedBy: string | null;
  readonly cancelReason: string | null;
  readonly startedAt: Date | null;
  readonly completedAt: Date | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface BulkFilter {
  /** null: everybody's (admin). */
  readonly ownerId: string | null;
  readonly status?: JobStatus | undefined;
  readonly limit: number;
  /** Keyset: rows after this one in (created_at desc, id desc). */
  readonly after?: { readonly createdAt: Date; readonly id: string } | undefined;
}

/** Of the files that have a row, or had one before retention removed it; `total` is their sum. */
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

export interface RecordFilter {
  /** null: everybody's (admin). */
  readonly ownerId: string | null;
  readonly limit: number;
  /** Keyset: rows after this one in (created_at desc, id desc). */
  readonly after?: { readonly createdAt: Date; readonly id: string } | undefined;
}

export interface Cleanup {
  /**
   * Age in days of what goes. Default: completed and cancelled 30, failed 90 (B-Q22); an age given without a status never
   * makes failed ones go earlier. Pending and processing ones never go.
   */
  readonly olderThanDays?: number | undefined;
  readonly status?: TerminalStatus | undefined;
  /** Counts and changes nothing. */
  readonly dryRun: boolean;
}

export interface CleanedUp {
  readonly isDryRun: boolean;
  /** Extractions that went, or would go. */
  readonly byStatus: Readonly<Record<TerminalStatus, number>>;
  /** Batches that went with the last of their files; a dry run counts those that have none left now. */
  readonly bulks: number;
  /** Blobs that nothing names any more, for the caller to delete; none on a dry run. */
  readonly blobKeys: readonly string[];
}

export type Deleted =
  /** `blobKeys`: blobs that nothing names any more, for the caller to delete. */
  | { readonly kind: "deleted"; readonly blobKeys: readonly string[] }
  | { readonly kind: "active"; readonly status: JobStatus }
  | { readonly kind: "not_found" };

export interface ExtractionStats {
  readonly total: number;
  readonly byStatus: Readonly<Partial<Record<JobStatus, number>>>;
  readonly groups: readonly {
    readonly format: ExtractionRow["format"];
    readonly status: JobStatus;
    readonly count: number;
    readonly retries: number;
    /** From its first stage's start to its end; null where none of the group has both. */
    readonly meanMs: number | null;
    readonly medianMs: number | null;
    readonly p95Ms: number | null;
    readonly maxMs: number | null;
  }[];
}

/** An active extraction that does not get on. */
export interface StuckExtraction extends ExtractionRow {
  /** Its job was deleted; its worker died; nobody took its ticket; a live worker takes long. */
  readonly reason: "job_gone" | "lease_over" | "not_claimed" | "running_long";
  readonly stuckSince: Date;
  readonly stage: string | null;
  readonly worker: string | null;
  readonly leaseUntil: Date | null;
}

/**
 * Extractions, their batches and their records. Their lifecycle columns follow their jobs by triggers: nothing here writes
 * them, orphans apart. `ownerId` null: everybody's; another owner's is as if it were not there (B-Q23). A text that is no
 * uuid finds nothing.
 */
export interface ExtractionStore {
  findExtraction(id: string, ownerId: string | null): Promise<ExtractionRow | undefined>;
  listExtractions(filter: ExtractionFilter): Promise<ExtractionRow[]>;
  newestByFileUrl(fileUrl: string, ownerId: string | null): Promise<ExtractionRow | undefined>;
  newestByAttachment(
    recordId: string,
    attachmentId: string,
    ownerId: string | null,
  ): Promise<ExtractionRow | undefined>;
  /** The newest completed one of the same work, that many hours old at most (B-Q16). */
  findReusable(of: {
    readonly ownerId: string;
    readonly resourceKey: string;
    readonly withinHours: number;
  }): Promise<ExtractionRow | undefined>;
  /** B-Q11: pending or failed, retries left, not due later than now. */
  listRetryable(filter: { readonly ownerId: string | null; readonly limit: number }): Promise<ExtractionRow[]>;
  listAttempts(extractionId: string): Promise<ExtractionAttempt[]>;
  /** Only one that is over (B-Q17). Its job stays in the record until its own retention. */
  deleteExtraction(id: string, ownerId: string | null): Promise<Deleted>;

  findBulk(id: string, ownerId: string | null): Promise<BulkRow | undefined>;
  listBulks(filter: BulkFilter): Promise<BulkRow[]>;
  /** In the order of the batch. */
  listBulkFiles(filter: {
    readonly bulkId: string;
    readonly status?: JobStatus | undefined;
    readonly limit: number;
    readonly afterIndex?: number | undefined;
    readonly withResult?: boolean | undefined;
  }): Promise<ExtractionRow[]>;
  countBulk(bulkId: string): Promise<BulkCounts>;
  isBulkCancelRequested(bulkId: string): Promise<boolean>;
  /** For the channel of somebody's batches, unless an operator has set it. */
  capChannel(cap: ChannelCap): Promise<void>;
  /** Every failed file, in the order of the batch, without results. */
  failedFilesOf(bulkId: string): Promise<ExtractionRow[]>;
  /** Cancels the batch: every file that is not over, those that come into being afterwards, and the parent. */
  requestBulkCancel(
    request: BulkCancel & { readonly ownerId: string | null },
  ): Promise<"requested" | "terminal" | "not_found">;
  /** Cancels every file that is not over, or asks it to stop; the parent goes on. Returns how many. */
  cancelBulkFiles(request: BulkCancel): Promise<number>;

  createRecord(record: { readonly ownerId: string; readonly title: string | null }): Promise<RecordRow>;
  findRecord(id: string, ownerId: string | null): Promise<RecordRow | undefined>;
  listRecords(filter: RecordFilter): Promise<RecordRow[]>;
  /** Those of these ids that are records of the owner. */
  knownRecords(ids: readonly string[], ownerId: string | null): Promise<string[]>;
  /** Its extractions stay and are linked to no record (B-S06). False: there is none. */
  deleteRecord(id: string, ownerId: string | null): Promise<boolean>;

  cleanUp(cleanup: Cleanup): Promise<CleanedUp>;
  stats(): Promise<ExtractionStats>;
  /** Active ones that have not got on for so long, longest first. */
  listStuck(filter: { readonly minutes: number; readonly limit: number }): Promise<StuckExtraction[]>;
  recoverStuck(id: string): Promise<Recovered>;
  cleanUpOrphans(of: { readonly dryRun: boolean }): Promise<{ readonly failed: number; readonly cancelled: number }>;
}

export function createExtractionStore(db: Database): ExtractionStore {
  const { query } = db;
  return {
    findExtraction: async (id, ownerId) => (isUuid(id) ? findExtraction(query, id, ownerId) : undefined),
    listExtractions: (filter) => listExtractions(query, filter),
    newestByFileUrl: (fileUrl, ownerId) => newestByFileUrl(query, fileUrl, ownerId),
    newestByAttachment: async (recordId, attachmentId, ownerId) =>
      isUuid(recordId) ? newestByAttachment(query, { recordId, attachmentId, ownerId }) : undefined,
    findReusable: (of) => findReusable(query, of),
    listRetryable: (filter) => listRetryable(query, filter),
    listAttempts: async (id) => (isUuid(id) ? listAttempts(query, id) : []),
    deleteExtraction: async (id, ownerId) =>
      isUuid(id) ? deleteExtraction(query, id, ownerId) : { kind: "not_found" },

    findBulk: async (id, ownerId) => (isUuid(id) ? findBulk(query, id, ownerId) : undefined),
    listBulks: (filter) => listBulks(query, filter),
    listBulkFiles: async (filter) => (isUuid(filter.bulkId) ? listBulkFiles(query, filter) : []),
    countBulk: (bulkId) => countBulk(query, bulkId),
    isBulkCancelRequested: (bulkId) => isBulkCancelRequested(query, bulkId),
    capChannel: (cap) => capChannel(query, cap),
    failedFilesOf: async (bulkId) => (isUuid(bulkId) ? failedFilesOf(query, bulkId) : []),
    requestBulkCancel: async (request) => (isUuid(request.bulkId) ? requestBulkCancel(db, request) : "not_found"),
    cancelBulkFiles: (request) => cancelBulkFiles(query, request),

    createRecord: (record) => createRecord(query, record),
    findRecord: async (id, ownerId) => (isUuid(id) ? findRecord(query, id, ownerId) : undefined),
    listRecords: (filter) => listRecords(query, filter),
    knownRecords: async (ids, ownerId) => knownRecords(query, ids.filter(isUuid), ownerId),
    deleteRecord: async (id, ownerId) => (isUuid(id) ? deleteRecord(db, id, ownerId) : false),

    cleanUp: (cleanup) => cleanUp(query, cleanup),
    stats: () => extractionStats(query),
    listStuck: (filter) => listStuck(query, filter),
    recoverStuck: async (id) => (isUuid(id) ? recoverStuck(query, id) : { kind: "not_found" }),
    cleanUpOrphans: (of) => cleanUpOrphans(query, of),
  };
}
