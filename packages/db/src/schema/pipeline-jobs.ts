import {
  ACTIVE_STATUSES,
  DATA_TIERS,
  JOB_STATUSES,
  LANES,
  PRIORITIES,
  TERMINAL_STATUSES,
  WAIT_REASONS,
} from "@millrace/core";
import { type SQL, sql } from "drizzle-orm";
import {
  type AnyPgColumn,
  bigint,
  check,
  foreignKey,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  smallint,
  text,
  uniqueIndex,
  uuid,
} from "drizzle-orm/pg-core";
import { anyOf, instant } from "./column-kinds.ts";
import { contents } from "./contents.ts";
import { owners } from "./owners.ts";

/** Dispatch order of a priority; the backlog indexes and the dispatch statements must agree on this text. */
export function priorityRank(priority: AnyPgColumn): SQL {
  return sql`(case ${priority} when 'high' then 0 when 'normal' then 1 else 2 end)`;
}

/** The channel whose turns a job takes; all jobs without one share that of zeros. */
function turnChannel(channelId: AnyPgColumn): SQL {
  return sql`coalesce(${channelId}, '00000000-0000-0000-0000-000000000000'::uuid)`;
}

/**
 * One execution of a pipeline. No index holds `lease_until`, `progress` or `updated_at`, and pages keep free space
 * (fillfactor, in the SQL), so heartbeats and stage commits stay heap-only updates.
 */
export const pipelineJobs = pgTable(
  "pipeline_jobs",
  {
    id: uuid().notNull(),
    seq: bigint({ mode: "number" }).notNull().generatedAlwaysAsIdentity({ name: "sq_pipeline_jobs_seq" }),
    ownerId: uuid().notNull(),
    pipeline: text().notNull(),
    pipelineVersion: text().notNull(),
    resourceKey: text().notNull(),
    contentId: uuid(),
    channelId: uuid(),
    priority: text({ enum: PRIORITIES }).notNull().default("normal"),
    status: text({ enum: JOB_STATUSES }).notNull().default("pending"),
    waitingFor: text({ enum: WAIT_REASONS }),
    /** The gate it waits at while `waiting_for` is review. */
    gate: text(),
    /** What the current stage takes of a day's quota; all three or none. */
    quotaService: text(),
    quotaPool: text(),
    quotaUnits: integer(),
    /** Lane of the current stage: the leader's statements need no pipeline registry. */
    lane: text({ enum: LANES }).notNull(),
    stage: text().notNull(),
    stageIndex: smallint().notNull().default(0),
    stageCount: smallint().notNull(),
    progress: smallint().notNull().default(0),
    dispatchNo: integer().notNull().default(0),
    /** null: in the backlog, without a ticket. */
    dispatchedAt: instant(),
    fence: integer().notNull().default(0),
    leaseUntil: instant(),
    worker: text(),
    /** Start of the current stage's current try. */
    stageStartedAt: instant(),
    stageAttempts: integer().notNull().default(0),
    crashes: integer().notNull().default(0),
    retryCount: integer().notNull().default(0),
    maxRetries: integer().notNull(),
    nextRetryAt: instant(),
    cancelRequestedAt: instant(),
    cancelRequestedBy: text(),
    cancelReason: text(),
    errorCode: text(),
    errorMessage: text(),
    errorStage: text(),
    /** Where the error was thrown; of jobs of the full data tier only. */
    errorStack: text(),
    dataTier: text({ enum: DATA_TIERS }).notNull().default("compact"),
    idempotencyKey: text(),
    input: jsonb().notNull(),
    result: jsonb(),
    metadata: jsonb().notNull().default({}),
    duplicateCount: integer().notNull().default(0),
    traceparent: text(),
    createdAt: instant().notNull().default(sql`now()`),
    startedAt: instant(),
    finishedAt: instant(),
    updatedAt: instant().notNull().default(sql`now()`),
  },
  (t) => {
    const isActive = sql`${t.status} in ${anyOf(ACTIVE_STATUSES)}`;
    const isBacklog = sql`${t.dispatchedAt} is null and ${t.status} = 'pending'`;
    return [
      primaryKey({ name: "pk_pipeline_jobs", columns: [t.id] }),
      foreignKey({ name: "fk_pipeline_jobs_owner_id", columns: [t.ownerId], foreignColumns: [owners.id] }),
      foreignKey({
        name: "fk_pipeline_jobs_content_id",
        columns: [t.contentId],
        foreignColumns: [contents.id],
      }).onDelete("set null"),

      // the promise: at most one active job per owner and resource key (A-Q02, A-Q03)
      uniqueIndex("uq_pipeline_jobs_owner_id_resource_key_active").on(t.ownerId, t.resourceKey).where(isActive),
      uniqueIndex("uq_pipeline_jobs_owner_id_idempotency_key")
        .on(t.ownerId, t.idempotencyKey)
        .where(sql`${t.idempotencyKey} is not null`),

      // the line of each channel
      index("ix_pipeline_jobs_turn")
        .on(t.lane, priorityRank(t.priority), turnChannel(t.channelId), t.seq)
        .where(sql`${t.waitingFor} = 'turn' and ${t.cancelRequestedAt} is null`),
      // for caps; says "active" in other words than ix_pipeline_jobs_dispatched, which a plan would else read whole for each channel
      index("ix_pipeline_jobs_channel_in_flight")
        .on(t.channelId)
        .where(sql`${t.dispatchedAt} is not null and ${t.finishedAt} is null`),
      index("ix_pipeline_jobs_backlog_due")
        .on(t.lane, priorityRank(t.priority), t.nextRetryAt)
        .where(sql`${isBacklog} and ${t.waitingFor} in ('retry', 'quota')`),
      // what waits for a quota, to be let go when there is some again
      index("ix_pipeline_jobs_quota")
        .on(t.quotaService, t.quotaPool)
        .where(sql`${t.waitingFor} = 'quota' and ${t.quotaService} is not null`),
      index("ix_pipeline_jobs_dispatched").on(t.seq).where(sql`${t.dispatchedAt} is not null and ${isActive}`),
      index("ix_pipeline_jobs_cancel_requested_at")
        .on(t.cancelRequestedAt)
        .where(sql`${t.cancelRequestedAt} is not null and ${isActive}`),

      // read backwards: newest first
      index("ix_pipeline_jobs_owner_id_created_at_id").on(t.ownerId, t.createdAt, t.id),
      // for the purge: full jobs are few
      index("ix_pipeline_jobs_finished_at").on(t.finishedAt).where(sql`${t.dataTier} = 'full'`),
      index("ix_pipeline_jobs_status").on(t.status, t.ownerId, t.createdAt, t.id),
      index("ix_pipeline_jobs_resource_key").on(t.resourceKey),
      // what waits for a decision, longest first
      index("ix_pipeline_jobs_review").on(t.createdAt, t.id).where(sql`${t.waitingFor} = 'review'`),
      index("ix_pipeline_jobs_content_id").on(t.contentId, t.seq).where(sql`${t.contentId} is not null`),

      check("ck_pipeline_jobs_status", sql`${t.status} in ${anyOf(JOB_STATUSES)}`),
      check("ck_pipeline_jobs_priority", sql`${t.priority} in ${anyOf(PRIORITIES)}`),
      check("ck_pipeline_jobs_lane", sql`${t.lane} in ${anyOf(LANES)}`),
      check("ck_pipeline_jobs_data_tier", sql`${t.dataTier} in ${anyOf(DATA_TIERS)}`),
      check("ck_pipeline_jobs_progress", sql`${t.progress} between 0 and 100`),
      check(
        "ck_pipeline_jobs_finished_at",
        sql`(${t.finishedAt} is not null) = (${t.status} in ${anyOf(TERMINAL_STATUSES)})`,
      ),
      // waits exactly while it is pending without a ticket
      check(
        "ck_pipeline_jobs_waiting_for",
        sql`(${t.waitingFor} is not null) = (${isBacklog}) and coalesce(${t.waitingFor} in ${anyOf(WAIT_REASONS)}, true)`,
      ),
      check("ck_pipeline_jobs_gate", sql`(${t.gate} is not null) = (${t.waitingFor} is not distinct from 'review')`),
      check(
        "ck_pipeline_jobs_next_retry_at",
        sql`(${t.nextRetryAt} is not null) = coalesce(${t.waitingFor} in ('retry', 'quota'), false)`,
      ),
      check(
        "ck_pipeline_jobs_quota",
        sql`num_nulls(${t.quotaService}, ${t.quotaPool}, ${t.quotaUnits}) in (0, 3) and coalesce(${t.quotaUnits} > 0, true)`,
      ),
      check("ck_pipeline_jobs_lease_until", sql`${t.leaseUntil} is null or ${t.status} = 'processing'`),
      check("ck_pipeline_jobs_dispatched_at", sql`${t.dispatchedAt} is not null or ${t.status} <> 'processing'`),
      check("ck_pipeline_jobs_error_code", sql`${t.errorCode} is not null or ${t.status} <> 'failed'`),
    ];
  },
);
