import { DATA_TIERS, JOB_STATUSES, PRIORITIES } from "@millrace/core";
import { z } from "zod";
import { callbackUrl } from "./callback-contracts.ts";
import {
  EXTRACTION_FORMATS,
  extractionFormat,
  extractionSubmission,
  extractionSummary,
  maxRetries,
} from "./extraction-contracts.ts";
import { jobStatus } from "./job-contracts.ts";
import { cursor, instant, jsonObject, nullableInstant, pageLimit } from "./parts.ts";

/** One file of a batch, in the JSON body or as a line of a manifest. */
export const bulkFile = extractionSubmission
  .pick({
    file_url: true,
    filename: true,
    format: true,
    extraction_format: true,
    record_id: true,
    field_id: true,
    attachment_id: true,
    cloud_file_id: true,
  })
  .extend({ options: jsonObject.optional().meta({ description: "In place of the batch's for this format." }) })
  .meta({ id: "BulkFile" });
export type BulkFile = z.output<typeof bulkFile>;

const optionsByFormat = z
  .strictObject(Object.fromEntries(EXTRACTION_FORMATS.map((format) => [format, jsonObject.optional()])))
  .meta({ description: 'Options for the files of each format, such as {"pdf": {"extract_tables": false}}.' });
export type OptionsByFormatName = Readonly<Partial<Record<string, Record<string, unknown>>>>;

/** How a batch is worked on, however its files were named. */
const settings = {
  options: optionsByFormat.default({}),
  format_override: extractionFormat.optional().meta({ description: "Every file is taken for this format." }),
  auto_detect_format: z.boolean().default(true).meta({ description: "false: every file must name its format." }),
  continue_on_error: z.boolean().default(true).meta({
    description: "false: the first file that fails for good cancels the rest, and the batch fails.",
  }),
  max_retries: maxRetries.optional().meta({ description: "Of each file; 3 unless said." }),
  data_tier: z.enum(DATA_TIERS).optional().meta({ description: "Of each file; `compact` unless said." }),
  priority: z.enum(PRIORITIES).optional(),
  callback_url: callbackUrl.optional().meta({ description: "Told when the whole batch is over." }),
  file_callback_url: callbackUrl.optional().meta({ description: "Told when a file of it is over." }),
};

export const bulkSubmission = z
  .strictObject({
    // how many are let in the server's settings decide
    files: z.array(bulkFile).min(1),
    ...settings,
  })
  .meta({ id: "BulkSubmission" });
export type BulkSubmission = z.output<typeof bulkSubmission>;
export type BulkSettings = Omit<BulkSubmission, "files">;

const formFlag = z.enum(["true", "false"]).transform((value) => value === "true");

/** The same settings as form fields or in the query; `options` as JSON text. */
export const bulkFields = z
  .strictObject({
    options: z.string().optional().meta({ description: "The JSON object of the JSON body, as text." }),
    format_override: settings.format_override,
    auto_detect_format: formFlag.optional(),
    continue_on_error: formFlag.optional(),
    max_retries: z
      .string()
      .regex(/^\d{1,2}$/, "must be a whole number")
      .transform(Number)
      .pipe(maxRetries)
      .optional(),
    data_tier: settings.data_tier,
    priority: settings.priority,
    callback_url: settings.callback_url,
    file_callback_url: settings.file_callback_url,
  })
  .meta({ id: "BulkFields" });

/** The options of a batch, for those who got them as text. */
export { optionsByFormat };

export const bulkAccepted = z
  .object({
    id: z.uuid(),
    bulk_job_id: z.uuid().meta({ description: "The same as id." }),
    job_id: z.uuid(),
    status: jobStatus,
    total_files: z.int(),
  })
  .meta({ id: "BulkAccepted" });

const bulk = {
  id: z.uuid(),
  bulk_job_id: z.uuid().meta({ description: "The same as id." }),
  job_id: z.uuid().nullable(),
  status: jobStatus,
  overall_status: jobStatus.meta({ description: "The same as status." }),
  partial: z.boolean().meta({ description: "It completed although some files did not." }),
  progress: z.number().min(0).max(100).meta({ description: "Mean of its files." }),
  continue_on_error: z.boolean(),
  total_files: z.int(),
  files_pending: z.int(),
  files_processing: z.int(),
  files_completed: z.int(),
  files_failed: z.int(),
  files_cancelled: z.int(),
  cancel_requested: z.boolean(),
  error_code: z.string().nullable(),
  error_message: z.string().nullable(),
  created_by_id: z.uuid().nullable(),
  user_id: z.uuid().nullable().meta({ description: "The same as created_by_id." }),
  started_at: nullableInstant,
  completed_at: nullableInstant,
  created_at: instant,
  updated_at: instant,
};

const bulkSummary = z.object(bulk).meta({ id: "BulkSummary" });

const bulkFileState = z
  .object({
    ...extractionSummary.shape,
    file_path: z.string().meta({ description: "The same as file_url." }),
  })
  .meta({ id: "BulkFileState" });

export const bulkDetail = z
  .object({
    ...bulk,
    files: z.array(bulkFileState).meta({ description: "A page of its files, by their place." }),
    next_cursor: z.string().nullable(),
  })
  .meta({ id: "Bulk" });

export const bulkDetailQuery = z.strictObject({
  status: z.enum(JOB_STATUSES).optional().meta({ description: "Only the files with this status." }),
  limit: pageLimit,
  cursor,
});

export const bulkListQuery = z.strictObject({ status: z.enum(JOB_STATUSES).optional(), limit: pageLimit, cursor });
export const bulkPage = z
  .object({ bulks: z.array(bulkSummary), next_cursor: z.string().nullable() })
  .meta({ id: "BulkPage" });

export const bulkCancelAnswer = z
  .object({ id: z.uuid(), bulk_job_id: z.uuid(), cancel_requested: z.literal(true), message: z.string() })
  .meta({ id: "BulkCancelAnswer" });

export const bulkRetryAccepted = z
  .object({ id: z.uuid(), bulk_job_id: z.uuid(), job_id: z.uuid(), status: jobStatus, files_retried: z.int() })
  .meta({ id: "BulkRetryAccepted" });
