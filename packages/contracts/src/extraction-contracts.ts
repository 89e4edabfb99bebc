import { DATA_TIERS, JOB_STATUSES, PRIORITIES } from "@millrace/core";
import { z } from "zod";
import { callbackUrl } from "./callback-contracts.ts";
import { jobStatus } from "./job-contracts.ts";
import { anyJson, cursor, flag, instant, jsonObject, nullableInstant, pageLimit } from "./parts.ts";

/** What can be extracted (B-S05). */
export const EXTRACTION_FORMATS = ["pdf", "dxf", "ifc", "step", "werk24"] as const;
export const extractionFormat = z.enum(EXTRACTION_FORMATS).meta({ id: "ExtractionFormat" });

const MAX_FILE_URL = 2048;
const MAX_FILENAME = 512;
const MAX_REFERENCE = 255;
const MAX_RETRIES = 10;
const MAX_INT = 2_147_483_647;

const fileUrl = z.string().trim().min(1).max(MAX_FILE_URL).meta({
  description: "An http(s) address, or the key of a blob of one's own as an upload answered it.",
});
const filename = z.string().trim().min(1).max(MAX_FILENAME);

/** Two names of one field (B-Q03). */
const formatNames = {
  format: extractionFormat.optional().meta({ description: "Told from the file's name unless said." }),
  extraction_format: extractionFormat.optional().meta({ description: "The same as `format`." }),
};

const dataTier = z.enum(DATA_TIERS).optional().meta({
  description: "`full` also keeps stack traces of errors and details of stages, for 60 days. `compact` unless said.",
});

/** What a file belongs to, where the caller keeps such things. */
const links = {
  record_id: z.uuid().nullish().meta({ description: "A record of one's own (POST /records)." }),
  field_id: z.string().min(1).max(MAX_REFERENCE).nullish(),
  attachment_id: z.string().min(1).max(MAX_REFERENCE).nullish(),
  cloud_file_id: z.int().min(0).max(MAX_INT).nullish().meta({ description: "Kept as it is; nothing here knows it." }),
};

export const maxRetries = z.int().min(0).max(MAX_RETRIES);

export const extractionSubmission = z
  .strictObject({
    file_url: fileUrl,
    filename: filename.optional().meta({ description: "The last part of file_url unless said." }),
    ...formatNames,
    options: jsonObject.default({}).meta({ description: "The format's own; docs/extraction.md lists them." }),
    ...links,
    priority: z.enum(PRIORITIES).optional(),
    data_tier: dataTier,
    max_retries: maxRetries.optional().meta({ description: "Retries after the first try; 3 unless said." }),
    callback_url: callbackUrl.optional(),
  })
  .meta({ id: "ExtractionSubmission" });
export type ExtractionSubmission = z.output<typeof extractionSubmission>;

export const extractionQuery = z.strictObject({
  force: flag.meta({ description: "Extract although the same was completed within 24 hours." }),
});

/** A whole number in a form. */
const formInteger = (max: number) =>
  z
    .string()
    .regex(/^\d{1,10}$/, "must be a whole number")
    .transform(Number)
    .pipe(z.int().min(0).max(max));

/** Said beside an uploaded file, in the query or as form fields; a field wins over the query. */
export const extractionUploadFields = z
  .strictObject({
    ...formatNames,
    record_id: z.uuid().optional(),
    field_id: z.string().min(1).max(MAX_REFERENCE).optional(),
    attachment_id: z.string().min(1).max(MAX_REFERENCE).optional(),
    cloud_file_id: formInteger(MAX_INT).optional(),
    options: z.string().optional().meta({ description: "A JSON object as text." }),
    priority: z.enum(PRIORITIES).optional(),
    data_tier: dataTier,
    max_retries: formInteger(MAX_RETRIES).optional(),
    callback_url: callbackUrl.optional(),
    force: flag,
  })
  .meta({ id: "ExtractionUploadFields" });

const identity = {
  id: z.uuid(),
  job_id: z.uuid().nullable().meta({ description: "The newest job that works on it; null when purged." }),
  celery_task_id: z.uuid().nullable().meta({ description: "The same as job_id." }),
  status: jobStatus,
  filename: z.string(),
  file_url: z.string(),
  file_size: z.int().meta({ description: "Bytes; 0 while nobody has looked." }),
  format: extractionFormat,
  extraction_format: extractionFormat.meta({ description: "The same as format." }),
  record_id: z.uuid().nullable(),
  field_id: z.string().nullable(),
  attachment_id: z.string().nullable(),
  cloud_file_id: z.int().nullable(),
  max_retries: z.int(),
};

const deduplicated = z.boolean().meta({ description: "Nothing was started; this one does or did the same." });

export const extractionAccepted = z
  .object({ ...identity, job_id: z.uuid(), celery_task_id: z.uuid(), deduplicated })
  .meta({ id: "ExtractionAccepted" });

const summary = {
  ...identity,
  progress: z.number().min(0).max(100),
  options: jsonObject,
  error_code: z.string().nullable(),
  error_message: z.string().nullable(),
  message: z.string().nullable().meta({ description: "While it waits for a retry: which one of how many." }),
  retry_count: z.int(),
  next_retry_at: nullableInstant.meta({ description: "When the next try is due." }),
  created_by_id: z.uuid().nullable(),
  user_id: z.uuid().nullable().meta({ description: "The same as created_by_id." }),
  bulk_id: z.uuid().nullable(),
  bulk_index: z.int().nullable(),
  started_at: nullableInstant,
  completed_at: nullableInstant,
  created_at: instant,
  updated_at: instant,
};
export const extractionSummary = z.object(summary).meta({ id: "ExtractionSummary" });

const result = anyJson.meta({
  description: "The result; of a large one its envelope, and GET …/result has the whole. null until completed.",
});

/** The same, done within 24 hours or under way (B-Q16). */
export const extractionKnown = z.object({ ...summary, result, deduplicated }).meta({ id: "ExtractionKnown" });

const attempt = z
  .object({
    job_id: z.uuid(),
    attempt: z.int(),
    outcome: z.enum(["completed", "failed", "cancelled", "retry"]),
    stage: z.string().nullable(),
    error_code: z.string().nullable(),
    error_message: z.string().nullable(),
    next_retry_at: nullableInstant,
    ended_at: instant,
  })
  .meta({ id: "ExtractionAttempt" });

export const extractionDetail = z
  .object({
    ...summary,
    result,
    error_stack_trace: z.string().nullable().meta({ description: "Only of jobs of the full data tier." }),
    attempts: z.array(attempt).meta({ description: "Every try, those before a manual retry too, oldest first." }),
  })
  .meta({ id: "Extraction" });

export const extractionListQuery = z.strictObject({
  status: z.enum(JOB_STATUSES).optional(),
  ...formatNames,
  created_by: z.uuid().optional().meta({ description: "Of interest to admin keys, which see everybody's." }),
  file_url: fileUrl.optional(),
  record_id: z.uuid().optional(),
  attachment_id: z.string().min(1).max(MAX_REFERENCE).optional(),
  cloud_file_id: formInteger(MAX_INT).optional(),
  bulk_id: z.uuid().optional(),
  retryable: flag.meta({
    description:
      "Those that may be tried again (failed, or due for a retry, with retries left); goes with limit alone.",
  }),
  limit: pageLimit,
  cursor,
});

export const extractionPage = z
  .object({ jobs: z.array(extractionSummary), next_cursor: z.string().nullable() })
  .meta({ id: "ExtractionPage" });

export const byFileQuery = z.strictObject({ file_url: fileUrl });
export const byAttachmentQuery = z.strictObject({
  record_id: z.uuid(),
  attachment_id: z.string().min(1).max(MAX_REFERENCE),
});

export const newRecord = z
  .strictObject({ title: z.string().trim().min(1).max(500).nullish() })
  .meta({ id: "NewRecord" });

export const record = z
  .object({ id: z.uuid(), title: z.string().nullable(), created_at: instant, updated_at: instant })
  .meta({ id: "Record" });

export const recordListQuery = z.strictObject({ limit: pageLimit, cursor });
export const recordPage = z
  .object({ records: z.array(record), next_cursor: z.string().nullable() })
  .meta({ id: "RecordPage" });
