import type { JobStatus, Json, JsonObject } from "@millrace/core";
import type { Param, Query, Row } from "../database.ts";
import { jsonObjectOf } from "../json-object.ts";
import { plainText } from "../json-text.ts";
import { camelRow } from "./camel-row.ts";

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

/** Progress is the job's; a completed file stays at 100 when its job is gone. */
export const extractionColumns = (
  withResult: boolean,
): string => `e.id, e.job_id, e.filename, e.file_url, e.file_size, e.format,
  e.status, e.options, ${withResult ? "e.result" : "null::jsonb as result"}, e.error_code, e.error_message,
  e.error_stack_trace, e.retry_count, e.max_retries, e.next_retry_at, e.created_by_id, e.record_id, e.field_id,
  e.attachment_id, e.cloud_file_id, e.bulk_id, e.bulk_index, e.started_at, e.completed_at, e.created_at, e.updated_at,
  case when e.status = 'completed' then 100
    else coalesce((select progress from pipeline_jobs where id = e.job_id), 0) end as progress`;

const INSTANTS = ["next_retry_at", "started_at", "completed_at", "created_at", "updated_at"];

export function extractionOf<T extends ExtractionRow = ExtractionRow>(
  row: Row,
  moreInstants: readonly string[] = [],
): T {
  const found = camelRow<T>(row, { instants: [...INSTANTS, ...moreInstants] });
  return { ...found, options: jsonObjectOf(found.options) };
}

const IS_THEIRS = "($2::uuid is null or e.created_by_id = $2::uuid)";

export async function findExtraction(
  query: Query,
  id: string,
  ownerId: string | null,
): Promise<ExtractionRow | undefined> {
  const [row] = await query(
    `select ${extractionColumns(true)} from extraction_jobs e where e.id = $1::uuid and ${IS_THEIRS}`,
    [id, ownerId],
  );
  return row === undefined ? undefined : extractionOf(row);
}

/**
 * Each set of filters is its own statement, so that each gets the index it needs. Over all owners the order is the ids',
 * which are times too (uuid v7).
 */
export async function listExtractions(query: Query, filter: ExtractionFilter): Promise<ExtractionRow[]> {
  const params: Param[] = [];
  const conditions: string[] = [];
  const where = (column: string, type: string, value: Param | undefined): void => {
    if (value === undefined || value === null) return;
    params.push(typeof value === "string" ? plainText(value) : value);
    conditions.push(`e.${column} = $${params.length}::${type}`);
  };
  where("created_by_id", "uuid", filter.ownerId);
  where("created_by_id", "uuid", filter.createdById);
  where("status", "text", filter.status);
  where("format", "text", filter.format);
  where("file_url", "text", filter.fileUrl);
  where("record_id", "uuid", filter.recordId);
  where("attachment_id", "text", filter.attachmentId);
  where("cloud_file_id", "int", filter.cloudFileId);
  where("bulk_id", "uuid", filter.bulkId);
  const isOfOneOwner = filter.ownerId !== null || filter.createdById !== undefined;
  if (filter.after !== undefined && isOfOneOwner) {
    params.push(filter.after.createdAt.toISOString(), filter.after.id);
    conditions.push(`(e.created_at, e.id) < ($${params.length - 1}::timestamptz, $${params.length}::uuid)`);
  } else if (filter.after !== undefined) {
    params.push(filter.after.id);
    conditions.push(`e.id < $${params.length}::uuid`);
  }
  params.push(filter.limit);
  const rows = await query(
    `select ${extractionColumns(filter.withResult === true)} from extraction_jobs e
     ${conditions.length === 0 ? "" : `where ${conditions.join(" and ")}`}
     order by ${isOfOneOwner ? "e.created_at desc, e.id desc" : "e.id desc"} limit $${params.length}::int`,
    params,
  );
  return rows.map((row) => extractionOf(row));
}

export async function newestByFileUrl(
  query: Query,
  fileUrl: string,
  ownerId: string | null,
): Promise<ExtractionRow | undefined> {
  const [row] = await query(
    `select ${extractionColumns(true)} from extraction_jobs e where e.file_url = $1 and ${IS_THEIRS}
     order by e.created_at desc, e.id desc limit 1`,
    [plainText(fileUrl), ownerId],
  );
  return row === undefined ? undefined : extractionOf(row);
}

export async function newestByAttachment(
  query: Query,
  {
    recordId,
    attachmentId,
    ownerId,
  }: { readonly recordId: string; readonly attachmentId: string; readonly ownerId: string | null },
): Promise<ExtractionRow | undefined> {
  const [row] = await query(
    `select ${extractionColumns(true)} from extraction_jobs e
     where e.record_id = $1::uuid and ${IS_THEIRS} and e.attachment_id = $3
     order by e.created_at desc, e.id desc limit 1`,
    [recordId, ownerId, plainText(attachmentId)],
  );
  return row === undefined ? undefined : extractionOf(row);
}

/** The newest completed extraction of the same work, not older than that (B-Q16). */
export async function findReusable(
  query: Query,
  {
    ownerId,
    resourceKey,
    withinHours,
  }: { readonly ownerId: string; readonly resourceKey: string; readonly withinHours: number },
): Promise<ExtractionRow | undefined> {
  const [row] = await query(
    `select ${extractionColumns(true)}
     from pipeline_jobs same join extraction_jobs e on e.job_id = same.id
     where same.resource_key = $1 and same.owner_id = $2::uuid and same.pipeline = 'extraction' and e.created_by_id = $2::uuid
       and e.status = 'completed' and e.completed_at >= now() - $3::float8 * interval '1 hour'
     order by e.completed_at desc, e.id desc limit 1`,
    [plainText(resourceKey), ownerId, withinHours],
  );
  return row === undefined ? undefined : extractionOf(row);
}

/**
 * What may be tried again (B-Q11): pending or failed, retries left, `next_retry_at` not in the future; none set counts as
 * due. Longest due first.
 */
export async function listRetryable(
  query: Query,
  { ownerId, limit }: { readonly ownerId: string | null; readonly limit: number },
): Promise<ExtractionRow[]> {
  const rows = await query(
    `select ${extractionColumns(false)} from extraction_jobs e
     where e.status in ('pending', 'failed') and ${IS_THEIRS} and e.retry_count < e.max_retries
       and (e.next_retry_at is null or e.next_retry_at <= now())
     order by e.next_retry_at nulls last, e.id limit $1::int`,
    [limit, ownerId],
  );
  return rows.map((row) => extractionOf(row));
}

export async function listAttempts(query: Query, extractionId: string): Promise<ExtractionAttempt[]> {
  const rows = await query(
    `select job_id, attempt, outcome, error_code, error_message, stage, next_retry_at, ended_at
     from extraction_attempts where extraction_id = $1::uuid order by ended_at, job_id, attempt`,
    [extractionId],
  );
  return rows.map((row) => camelRow<ExtractionAttempt>(row, { instants: ["next_retry_at", "ended_at"] }));
}
