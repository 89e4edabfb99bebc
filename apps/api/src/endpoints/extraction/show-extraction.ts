import type { EXTRACTION_FORMATS } from "@millrace/contracts";
import type { ExtractionAttempt, ExtractionRow } from "@millrace/db";
import type { ExtractionInput } from "@millrace/pipelines";

export type ExtractionFormat = (typeof EXTRACTION_FORMATS)[number];

const text = (instant: Date): string => instant.toISOString();
const textOrNull = (instant: Date | null): string | null => instant?.toISOString() ?? null;

/** What a submitter is told: everything that is known without asking again. */
export function accepted(id: string, jobId: string, input: ExtractionInput, maxRetries: number) {
  return {
    id,
    job_id: jobId,
    celery_task_id: jobId,
    status: "pending" as const,
    filename: input.filename,
    file_url: input.file_url,
    file_size: input.file_size,
    format: input.format,
    extraction_format: input.format,
    record_id: input.record_id,
    field_id: input.field_id,
    attachment_id: input.attachment_id,
    cloud_file_id: input.cloud_file_id,
    max_retries: maxRetries,
    deduplicated: false,
  };
}

/** A row as lists show it, with the names that older callers know (B-Q03, B-Q07, B-S26). */
export function summaryOf(row: ExtractionRow) {
  return {
    id: row.id,
    job_id: row.jobId,
    celery_task_id: row.jobId,
    status: row.status,
    progress: row.progress,
    filename: row.filename,
    file_url: row.fileUrl,
    file_size: row.fileSize,
    format: row.format,
    extraction_format: row.format,
    options: row.options,
    error_code: row.errorCode,
    error_message: row.errorMessage,
    message: waitMessage(row),
    retry_count: row.retryCount,
    max_retries: row.maxRetries,
    next_retry_at: textOrNull(row.nextRetryAt),
    created_by_id: row.createdById,
    user_id: row.createdById,
    record_id: row.recordId,
    field_id: row.fieldId,
    attachment_id: row.attachmentId,
    cloud_file_id: row.cloudFileId,
    bulk_id: row.bulkId,
    bulk_index: row.bulkIndex,
    started_at: textOrNull(row.startedAt),
    completed_at: textOrNull(row.completedAt),
    created_at: text(row.createdAt),
    updated_at: text(row.updatedAt),
  };
}

/** B2.1: while it waits it says which retry comes. */
function waitMessage({ status, retryCount, maxRetries, nextRetryAt }: ExtractionRow): string | null {
  if (status !== "pending" || nextRetryAt === null) return null;
  return `retry ${retryCount} of ${maxRetries}`;
}

export function detailOf(row: ExtractionRow, attempts: readonly ExtractionAttempt[]) {
  return {
    ...summaryOf(row),
    result: row.result,
    error_stack_trace: row.errorStackTrace,
    attempts: attempts.map((attempt) => ({
      job_id: attempt.jobId,
      attempt: attempt.attempt,
      outcome: attempt.outcome,
      stage: attempt.stage,
      error_code: attempt.errorCode,
      error_message: attempt.errorMessage,
      next_retry_at: textOrNull(attempt.nextRetryAt),
      ended_at: text(attempt.endedAt),
    })),
  };
}
