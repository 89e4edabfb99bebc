import type { Blobs, DataTier, Priority } from "@millrace/core";
import type { Extraction, ExtractionFormat, ExtractionLimits, Extractors, Werk24Options } from "@millrace/providers";
import type { ExtractionInput } from "./input.ts";

/** Everything the extraction of a file needs of the outside. */
export interface ExtractionNeeds {
  readonly blobs: Blobs;
  readonly source: FileSource;
  readonly extractors: Extractors;
  readonly werk24: Werk24Reader;
  /** Absent where stages only compute: in a process of the CPU lane. */
  readonly batches?: Batches;
  readonly limits?: Partial<FileLimits>;
  /** B-Q21. */
  readonly timeoutSeconds?: number;
}

export interface FileLimits extends ExtractionLimits {
  /** Of one file. */
  readonly maxBytes: number;
}

/** B-Q20. */
export const DEFAULT_LIMITS: FileLimits = {
  maxBytes: 100 * 1024 * 1024,
  maxPages: 100,
  maxElements: 50_000,
  maxParts: 10_000,
};

/** The needs as the stages see them. */
export interface StageNeeds extends ExtractionNeeds {
  readonly batches: Batches;
  readonly limits: FileLimits;
}

export interface FileSource {
  /** Brings a file's bytes into the blob store, if they are not there yet, and judges their kind and size. */
  bring(request: {
    readonly fileUrl: string;
    readonly ownerId: string;
    readonly format: ExtractionFormat;
    /** Where a file from the web goes. */
    readonly workKey: string;
    readonly maxBytes: number;
    readonly signal: AbortSignal;
  }): Promise<{
    readonly key: string;
    readonly bytes: number;
    readonly sha256: string;
    readonly mediaType: string;
  }>;
}

export interface Werk24Reader {
  read(call: {
    readonly bytes: Uint8Array;
    readonly fileName: string;
    readonly mediaType: string;
    readonly options: Werk24Options;
    readonly signal: AbortSignal;
    readonly progress: (share: number) => void;
  }): Promise<Extraction>;
}

/** How a batch stands. Files that were never handed in are in none of the numbers. */
export interface BatchCounts {
  readonly pending: number;
  readonly processing: number;
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
}

/** One file of a batch as the database knows it. */
export interface BatchFile {
  /** The extraction's id. */
  readonly id: string;
  readonly index: number;
  readonly filename: string;
  readonly status: "pending" | "processing" | "completed" | "failed" | "cancelled";
  readonly errorCode: string | null;
}

/** What a batch hands in of its files. */
export interface BatchSubmission {
  /** The parent's job: each of its runs hands a file in once, however often it says so. */
  readonly runId: string;
  readonly ownerId: string;
  readonly files: readonly { readonly index: number; readonly input: ExtractionInput }[];
  readonly priority: Priority;
  readonly dataTier: DataTier;
  /** The pipeline's own when null. */
  readonly maxRetries: number | null;
  /** Where each file's callback goes; null for no callback. */
  readonly callbackUrl: string | null;
}

export interface Batches {
  submitFiles(submission: BatchSubmission): Promise<void>;
  countBulk(bulkId: string): Promise<BatchCounts>;
  /** Files whose place is `from` or later, in their order. */
  listFiles(filter: {
    readonly bulkId: string;
    readonly status?: BatchFile["status"];
    readonly from: number;
    readonly limit: number;
  }): Promise<readonly BatchFile[]>;
  /** Cancels all files that are not over yet. */
  cancelBulkFiles(cancel: { readonly bulkId: string; readonly reason: string }): Promise<unknown>;
  /** Cancels one job, a file's or the batch's own. */
  cancelJob(cancel: { readonly jobId: string; readonly reason: string }): Promise<unknown>;
  /** Of a batch that was cancelled in whatever way, too. */
  isCancelRequested(bulkId: string): Promise<boolean>;
}
