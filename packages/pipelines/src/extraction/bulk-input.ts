import { DATA_TIERS, PRIORITIES } from "@millrace/core";
import { z } from "zod";

/** Files of one batch at most, whatever a deployment allows besides. */
export const MAX_BULK_FILES = 10_000;

/** A batch of files (B-Q18). */
export const bulkInput = z.strictObject({
  /** The batch whose failed files are tried again; null starts one of the job's own id. */
  bulk_id: z.uuid().nullable().default(null),
  /** Blob of JSON lines, each the input of one file; the line's number from 0 is its place in the batch. */
  manifest_key: z.string().min(1).max(1_024),
  total_files: z.number().int().min(1).max(MAX_BULK_FILES),
  /** False: the first file that fails for good ends the batch. */
  continue_on_error: z.boolean().default(true),
  /** Only files that failed are run (again); what is completed stays. */
  retry_of_failed: z.boolean().default(false),
  /** For each file's own callback; the batch's is the parent job's. */
  file_callback_url: z.string().max(2_048).nullable().default(null),
  /** Retries of each file, the pipeline's own unless said. */
  file_max_retries: z.number().int().min(0).max(10).nullable().default(null),
  file_priority: z.enum(PRIORITIES).default("normal"),
  file_data_tier: z.enum(DATA_TIERS).default("compact"),
});

export type BulkInput = z.output<typeof bulkInput>;
export type BulkInputDraft = z.input<typeof bulkInput>;
