import type { JsonObject } from "@millrace/core";
import { z } from "zod";
import { EXTRACTION_FORMATS } from "./formats.ts";

const count = z.number().int().nonnegative();
export const jsonObject: z.ZodType<JsonObject> = z.record(z.string(), z.json());

/** Bytes that a stage left in the blob store for the next ones. */
export const blobRef = z.object({ key: z.string().min(1), bytes: count });
export type BlobRef = z.output<typeof blobRef>;

export const downloadOutput = blobRef.extend({
  sha256: z.string(),
  /** By its bytes. */
  media_type: z.string(),
});

/** What Werk24 found, as a blob; null for every other format. */
export const consultOutput = z.object({ found: blobRef.nullable() });

export const parseOutput = z.object({ found: blobRef });

export const note = z.object({ code: z.string(), message: z.string(), details: z.exactOptional(z.json()) });

/** What is said of every extraction, whatever its format (B2.3). */
const envelope = z.object({
  source_file: z.string(),
  source_type: z.enum(EXTRACTION_FORMATS),
  success: z.boolean(),
  /** What the file says of itself. */
  metadata: jsonObject,
  /** Parts that could not be read although the rest could. */
  errors: z.array(note),
  warnings: z.array(note),
  /** Bytes of the file. */
  file_size: count,
  /** Entries of each list that was found, by the list's name. */
  counts: z.record(z.string(), count),
});
export type Envelope = z.output<typeof envelope>;

export const normaliseOutput = z.object({
  /** The whole: the envelope and the format's own fields. */
  whole: blobRef,
  envelope,
});

/**
 * The job's result: the envelope, and beside it the format's own fields (tables, layers, elements …) while all of it is
 * small. `result_ref` is the blob that holds everything in any case.
 */
export const extractionResult = envelope
  .extend({ result_ref: z.string(), is_inline: z.boolean() })
  .catchall(z.unknown());
export type ExtractionResult = z.output<typeof extractionResult>;

export const expandOutput = z.object({
  /** Files handed in by this run. */
  submitted: count,
  /** Why the rest was not: the batch was cancelled, or a file failed and it should not go on. */
  stopped: z.enum(["cancelled", "file_failed"]).nullable(),
});

const failedFile = z.object({
  /** Place in the batch, from 0. */
  index: count.nullable(),
  filename: z.string(),
  error_code: z.string().nullable(),
});

/** The result of a batch. */
export const bulkResult = z.object({
  total_files: count,
  completed: count,
  failed: count,
  /** Cancelled, or never begun because the batch ended before. */
  cancelled: count,
  /** Completed although not every file was. */
  partial: z.boolean(),
  /** The first 100. */
  failures: z.array(failedFile),
});
export type BulkResult = z.output<typeof bulkResult>;
