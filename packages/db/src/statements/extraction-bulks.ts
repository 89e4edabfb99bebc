import type { JobStatus, JsonObject } from "@millrace/core";
import type { Database, Query, Row } from "../database.ts";
import { jsonObjectOf } from "../json-object.ts";
import { isContention } from "../store-error.ts";
import { camelRow } from "./camel-row.ts";
import { cancelJob, cancelJobs } from "./cancel.ts";
import { type ExtractionRow, extractionColumns, extractionOf } from "./extraction-rows.ts";

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

/** Files whose rows are there, counted in an index alone, and those that retention has removed. */
const COUNTS = `
  select count(*) filter (where f.status = 'pending') as pending, count(*) filter (where f.status = 'processing') as processing,
    count(*) filter (where f.status = 'completed') + b.deleted_completed as completed,
    count(*) filter (where f.status = 'failed') + b.deleted_failed as failed,
    count(*) filter (where f.status = 'cancelled') + b.deleted_cancelled as cancelled
  from extraction_jobs f where f.bulk_id = b.id
`;

/** Of files that are not over; the others' is whole, however they ended: the mean never falls because one failed. */
const PROGRESS = `
  select coalesce(sum(j.progress), 0) as progress
  from extraction_jobs f cross join lateral (select progress from pipeline_jobs where id = f.job_id limit 1) j
  where f.bulk_id = b.id and f.status in ('pending', 'processing') and f.started_at is not null
`;

/** Files that were never begun count as pending while the batch runs, as cancelled when it is over. */
const BULK = `
select b.id, b.job_id, b.created_by_id, b.status, b.continue_on_error, b.manifest_url, b.total_files, b.options,
  b.error_code, b.error_message, b.cancel_requested_at, b.cancel_requested_by, b.cancel_reason, b.started_at, b.completed_at,
  b.created_at, b.updated_at,
  (c.pending + case when o.is_over then 0 else o.missing end)::int as files_pending, c.processing::int as files_processing,
  c.completed::int as files_completed, c.failed::int as files_failed,
  (c.cancelled + case when o.is_over then o.missing else 0 end)::int as files_cancelled,
  case when b.status = 'completed' then 100 else least(100,
    (100 * (c.completed + c.failed + c.cancelled) + p.progress) / greatest(b.total_files, 1))::int end as progress,
  b.status = 'completed' and c.failed > 0 as partial
from bulk_extraction_jobs b
cross join lateral (${COUNTS}) c
cross join lateral (${PROGRESS}) p
cross join lateral (
  select b.status in ('completed', 'failed', 'cancelled') as is_over,
    greatest(0, b.total_files - c.pending - c.processing - c.completed - c.failed - c.cancelled) as missing
) o
`;

const INSTANTS = ["cancel_requested_at", "started_at", "completed_at", "created_at", "updated_at"];

function bulkOf(row: Row): BulkRow {
  const bulk = camelRow<BulkRow>(row, { instants: INSTANTS });
  return { ...bulk, options: jsonObjectOf(bulk.options) };
}

export async function findBulk(query: Query, id: string, ownerId: string | null): Promise<BulkRow | undefined> {
  const [row] = await query(`${BULK} where b.id = $1::uuid and ($2::uuid is null or b.created_by_id = $2::uuid)`, [
    id,
    ownerId,
  ]);
  return row === undefined ? undefined : bulkOf(row);
}

/** Newest first. */
export async function listBulks(query: Query, filter: BulkFilter): Promise<BulkRow[]> {
  const { ownerId, status, after } = filter;
  // an owner's go by time, everybody's by id, which is a time too: each has its index
  const order = ownerId === null ? "b.id desc" : "b.created_at desc, b.id desc";
  const isAfter = ownerId === null ? "b.id < $4::uuid" : "(b.created_at, b.id) < ($5::timestamptz, $4::uuid)";
  const conditions = [
    ownerId === null ? "$1::uuid is null" : "b.created_by_id = $1::uuid",
    status === undefined ? "$2::text is null" : "b.status = $2",
    after === undefined ? "$4::uuid is null and $5::timestamptz is null" : `$5::timestamptz is not null and ${isAfter}`,
  ];
  const rows = await query(
    `with page as (select b.id from bulk_extraction_jobs b where ${conditions.join(" and ")} order by ${order} limit $3::int)
     ${BULK} where b.id in (select id from page) order by ${order}`,
    [ownerId, status ?? null, filter.limit, after?.id ?? null, after?.createdAt.toISOString() ?? null],
  );
  return rows.map(bulkOf);
}

export async function listBulkFiles(
  query: Query,
  filter: {
    readonly bulkId: string;
    readonly status?: JobStatus | undefined;
    readonly limit: number;
    readonly afterIndex?: number | undefined;
    readonly withResult?: boolean | undefined;
  },
): Promise<ExtractionRow[]> {
  const rows = await query(
    `select ${extractionColumns(filter.withResult === true)} from extraction_jobs e
     where e.bulk_id = $1::uuid and e.bulk_index > $2::int ${filter.status === undefined ? "and $4::text is null" : "and e.status = $4"}
     order by e.bulk_index, e.id limit $3::int`,
    [filter.bulkId, filter.afterIndex ?? -1, filter.limit, filter.status ?? null],
  );
  return rows.map((row) => extractionOf(row));
}

export async function failedFilesOf(query: Query, bulkId: string): Promise<ExtractionRow[]> {
  const rows = await query(
    `select ${extractionColumns(false)} from extraction_jobs e
     where e.bulk_id = $1::uuid and e.status = 'failed' order by e.bulk_index, e.id`,
    [bulkId],
  );
  return rows.map((row) => extractionOf(row));
}

export async function countBulk(query: Query, bulkId: string): Promise<BulkCounts> {
  const [row] = await query<{ [K in keyof BulkCounts]: string }>(
    `select c.* from bulk_extraction_jobs b cross join lateral (${COUNTS}) c where b.id = $1::uuid`,
    [bulkId],
  );
  const counts = {
    pending: Number(row?.pending ?? 0),
    processing: Number(row?.processing ?? 0),
    completed: Number(row?.completed ?? 0),
    failed: Number(row?.failed ?? 0),
    cancelled: Number(row?.cancelled ?? 0),
  };
  return { total: Object.values(counts).reduce((sum, count) => sum + count, 0), ...counts };
}

/** Caps a channel that nobody has set yet; an operator's word stays. */
export async function capChannel(query: Query, { channelId, maxInFlight }: ChannelCap): Promise<void> {
  await query("insert into channels (id, max_in_flight) values ($1::uuid, $2::int) on conflict do nothing", [
    channelId,
    maxInFlight,
  ]);
}

export interface ChannelCap {
  readonly channelId: string;
  /** Jobs dispatched and unfinished at a time. */
  readonly maxInFlight: number;
}

/** Whether the batch was asked to end, or was ended through its parent job. Unknown batches were not. */
export async function isBulkCancelRequested(query: Query, bulkId: string): Promise<boolean> {
  const [row] = await query<{ is_cancelled: boolean }>(
    `select cancel_requested_at is not null or status = 'cancelled' as is_cancelled from bulk_extraction_jobs where id = $1::uuid`,
    [bulkId],
  );
  return row?.is_cancelled ?? false;
}

/**
 * A lock of its own kind: whoever inserts a file of the batch holds a shared key lock on it, so that a file is either there
 * for `cancelBulkFiles` to find, or sees this and is asked to stop by the trigger that makes its row.
 */
const REQUEST_CANCEL = `
with found as (
  select id, job_id, status, created_by_id from bulk_extraction_jobs
  where id = $1::uuid and ($2::uuid is null or created_by_id = $2::uuid)
  for update
),
asked as (
  update bulk_extraction_jobs b set cancel_requested_at = now(), cancel_requested_by = $3, cancel_reason = $4, updated_at = now()
  from found
  where b.id = found.id and b.cancel_requested_at is null and found.status in ('pending', 'processing')
)
select job_id, status from found
`;

export interface BulkCancel {
  readonly bulkId: string;
  readonly by: string;
  readonly reason: string | null;
}

/** Files first, then the parent: while it lives it sees the request and goes on with what a crash here leaves undone. */
export async function requestBulkCancel(
  { query }: Database,
  request: BulkCancel & { readonly ownerId: string | null },
): Promise<"requested" | "terminal" | "not_found"> {
  const { bulkId, ownerId, by, reason } = request;
  const [found] = await query<{ job_id: string | null; status: JobStatus }>(REQUEST_CANCEL, [
    bulkId,
    ownerId,
    by,
    reason,
  ]);
  if (found === undefined) return "not_found";
  const files = await cancelBulkFiles(query, request);
  const isOver = found.status !== "pending" && found.status !== "processing";
  if (!isOver && found.job_id !== null) await cancelJob(query, { jobId: found.job_id, ownerId: null, by, reason });
  return isOver && files === 0 ? "terminal" : "requested";
}

const FILES_AT_A_TIME = 500;
const TRIES = 5;

/** Cancels every file that is not over, or asks it to stop. Returns how many. */
export async function cancelBulkFiles(query: Query, { bulkId, by, reason }: BulkCancel): Promise<number> {
  const rows = await query<{ job_id: string }>(
    `select job_id from extraction_jobs
     where bulk_id = $1::uuid and status in ('pending', 'processing') and job_id is not null order by job_id`,
    [bulkId],
  );
  const jobIds = rows.map(({ job_id }) => job_id);
  let cancelled = 0;
  for (let at = 0; at < jobIds.length; at += FILES_AT_A_TIME) {
    const page = jobIds.slice(at, at + FILES_AT_A_TIME);
    cancelled += await againAfterContention(() => cancelJobs(query, page, { ownerId: null, by, reason }));
  }
  return cancelled;
}

async function againAfterContention<T>(statement: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await statement();
    } catch (error) {
      if (tries === TRIES || !isContention(error)) throw error;
    }
  }
}
