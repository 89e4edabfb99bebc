import type { DeliveryRow, EventRow, JobFilter, JobRow, StageRow } from "@millrace/core";
import type { Param, Query, Row } from "../database.ts";
import { camelRow } from "./camel-row.ts";

const JOB_COLUMNS = `id, seq, owner_id, pipeline, pipeline_version, resource_key, content_id, channel_id, priority, status,
  waiting_for, gate, lane, stage, stage_index, stage_count, progress, dispatch_no, dispatched_at, fence, lease_until,
  worker, stage_attempts, crashes, retry_count, max_retries, next_retry_at, cancel_requested_at, cancel_requested_by,
  cancel_reason, error_code, error_message, error_stage, data_tier, idempotency_key, input, result, metadata,
  duplicate_count, traceparent, created_at, started_at, finished_at, updated_at`;

const FIND_JOB = `select ${JOB_COLUMNS}, error_stack from pipeline_jobs where id = $1::uuid and ($2::uuid is null or owner_id = $2::uuid)`;

function jobOf(row: Row): JobRow {
  return camelRow<JobRow>(row, { instants: JOB_INSTANTS, numbers: ["seq"] });
}

const JOB_INSTANTS = [
  "dispatched_at",
  "lease_until",
  "next_retry_at",
  "cancel_requested_at",
  "created_at",
  "started_at",
  "finished_at",
  "updated_at",
];

export async function findJob(query: Query, jobId: string, ownerId: string | null): Promise<JobRow | undefined> {
  const [row] = await query(FIND_JOB, [jobId, ownerId]);
  return row === undefined ? undefined : jobOf(row);
}

/** The job made last for this content. */
export async function findNewestJobOf(query: Query, contentId: string): Promise<JobRow | undefined> {
  const [row] = await query(
    `select ${JOB_COLUMNS} from pipeline_jobs where content_id = $1::uuid order by seq desc limit 1`,
    [contentId],
  );
  return row === undefined ? undefined : jobOf(row);
}

/**
 * Each set of filters is its own statement, so that each gets the index it needs. Over all owners the order is the ids',
 * which are times too (uuid v7): one index less on every write.
 */
export async function listJobs(query: Query, filter: JobFilter): Promise<JobRow[]> {
  const params: Param[] = [];
  const conditions: string[] = [];
  const isOfOneOwner = filter.ownerId !== null;
  const where = (column: string, type: string, value: string | null | undefined): void => {
    if (value === undefined || value === null) return;
    params.push(value);
    conditions.push(`${column} = $${params.length}::${type}`);
  };
  where("owner_id", "uuid", filter.ownerId);
  where("status", "text", filter.status);
  where("pipeline", "text", filter.pipeline);
  where("content_id", "uuid", filter.contentId);
  where("resource_key", "text", filter.resourceKey);
  where("idempotency_key", "text", filter.idempotencyKey);
  if (filter.after !== undefined && isOfOneOwner) {
    params.push(filter.after.createdAt.toISOString(), filter.after.id);
    conditions.push(`(created_at, id) < ($${params.length - 1}::timestamptz, $${params.length}::uuid)`);
  } else if (filter.after !== undefined) {
    params.push(filter.after.id);
    conditions.push(`id < $${params.length}::uuid`);
  }
  params.push(filter.limit);
  const rows = await query(
    `select ${JOB_COLUMNS} from pipeline_jobs ${conditions.length === 0 ? "" : `where ${conditions.join(" and ")}`}
     order by ${isOfOneOwner ? "created_at desc, id desc" : "id desc"} limit $${params.length}::int`,
    params,
  );
  return rows.map(jobOf);
}

export async function listStages(query: Query, jobId: string): Promise<StageRow[]> {
  const rows = await query<Row>(
    `select stage, fence, attempt, warnings, started_at, finished_at, output from job_stages
     where job_id = $1::uuid order by finished_at, started_at`,
    [jobId],
  );
  return rows.map((row) => camelRow<StageRow>(row, { instants: ["started_at", "finished_at"] }));
}

export async function listEvents(query: Query, jobId: string): Promise<EventRow[]> {
  const rows = await query<Row>(
    `select id, event, from_status, to_status, stage, fence, actor, reason, at from job_events
     where job_id = $1::uuid order by id`,
    [jobId],
  );
  return rows.map((row) => camelRow<EventRow>(row, { instants: ["at"], numbers: ["id"] }));
}

export async function listDeliveries(query: Query, jobId: string): Promise<DeliveryRow[]> {
  const rows = await query<Row>(
    `select id, event, status, attempts, next_attempt_at, last_status_code, last_error, created_at, delivered_at
     from callback_deliveries where job_id = $1::uuid order by created_at, id`,
    [jobId],
  );
  return rows.map((row) => camelRow<DeliveryRow>(row, { instants: ["next_attempt_at", "created_at", "delivered_at"] }));
}
