import type { JobStatus } from "@millrace/core";
import type { Database } from "./database.ts";
import { isUuid } from "./is-uuid.ts";
import {
  type BulkCancel,
  type BulkCounts,
  type BulkFilter,
  type BulkRow,
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
  type ExtractionAttempt,
  type ExtractionFilter,
  type ExtractionRow,
  findExtraction,
  findReusable,
  listAttempts,
  listExtractions,
  listRetryable,
  newestByAttachment,
  newestByFileUrl,
} from "./statements/extraction-rows.ts";
import {
  type CleanedUp,
  type Cleanup,
  cleanUp,
  cleanUpOrphans,
  type Deleted,
  deleteExtraction,
  type ExtractionStats,
  extractionStats,
  listStuck,
  type Recovered,
  recoverStuck,
  type StuckExtraction,
} from "./statements/extraction-upkeep.ts";
import {
  createRecord,
  deleteRecord,
  findRecord,
  knownRecords,
  listRecords,
  type RecordFilter,
  type RecordRow,
} from "./statements/records.ts";

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
