import { BLOCKERS, DATA_TIERS, JOB_STATUSES, LANES, PRIORITIES, WAIT_REASONS } from "@millrace/core";
import { z } from "zod";
import { callbackUrl } from "./callback-contracts.ts";
import { anyJson, cursor, flag, instant, jsonObject, nullableInstant, pageLimit } from "./parts.ts";

export const jobStatus = z.enum(JOB_STATUSES).meta({ id: "JobStatus" });

/** The door for any pipeline but content, which has routes of its own. */
export const jobSubmission = z
  .strictObject({
    pipeline: z.string().min(1).max(100),
    input: anyJson.meta({ description: "Checked by the pipeline's own schema." }),
    priority: z.enum(PRIORITIES).optional(),
    channel_id: z.uuid().optional(),
    data_tier: z.enum(DATA_TIERS).optional(),
    callback_url: callbackUrl.optional(),
  })
  .meta({ id: "JobSubmission" });

export const jobAccepted = z
  .object({
    job_id: z.uuid(),
    status: jobStatus,
    deduplicated: z
      .boolean()
      .meta({ description: "The job was already active for this resource; nothing was started." }),
  })
  .meta({ id: "JobAccepted" });

/** The six fields everybody gets (A-Q15). */
export const jobMinimal = z
  .object({
    job_id: z.uuid(),
    content_id: z.uuid().nullable(),
    status: jobStatus,
    created_at: instant,
    started_at: nullableInstant,
    finished_at: nullableInstant,
  })
  .meta({ id: "Job" });

const jobStage = z
  .object({
    stage: z.string(),
    attempt: z.int(),
    fence: z.int(),
    started_at: instant,
    finished_at: instant,
    duration_ms: z.number(),
    warnings: anyJson,
    output: z.unknown().optional().meta({ description: "Only for jobs of the full data tier." }),
  })
  .meta({ id: "JobStage" });

const jobEvent = z
  .object({
    id: z.int(),
    event: z.string(),
    from: jobStatus.nullable(),
    to: jobStatus,
    stage: z.string().nullable(),
    actor: z.string(),
    reason: z.string().nullable(),
    at: instant,
  })
  .meta({ id: "JobEvent" });

const jobDelivery = z
  .object({
    id: z.uuid(),
    event: z.string(),
    status: z.enum(["pending", "delivered", "exhausted"]),
    attempts: z.int(),
    next_attempt_at: nullableInstant,
    last_status_code: z.int().nullable(),
    last_error: z.string().nullable(),
    created_at: instant,
    delivered_at: nullableInstant,
  })
  .meta({ id: "JobDelivery" });

/** Everything the owner or an admin may see of a job (A-S24, A-Q14). */
export const jobVerbose = z
  .object({
    ...jobMinimal.shape,
    pipeline: z.string(),
    pipeline_version: z.string(),
    resource_key: z.string(),
    channel_id: z.string().nullable(),
    priority: z.enum(PRIORITIES),
    data_tier: z.enum(DATA_TIERS),
    waiting_for: z.enum(WAIT_REASONS).nullable(),
    gate: z.string().nullable(),
    lane: z.enum(LANES),
    stage: z.string(),
    stage_index: z.int(),
    stage_count: z.int(),
    progress: z.number(),
    stage_attempts: z.int(),
    retry_count: z.int(),
    max_retries: z.int(),
    next_retry_at: nullableInstant,
    crashes: z.int(),
    cancel_requested: z.boolean(),
    cancel_requested_at: nullableInstant,
    cancel_requested_by: z.string().nullable(),
    cancel_reason: z.string().nullable(),
    error_code: z.string().nullable(),
    error_message: z.string().nullable(),
    error_stage: z.string().nullable(),
    idempotency_key: z.string().nullable(),
    duplicate_count: z.int(),
    metadata: jsonObject,
    result: anyJson,
    input: z.unknown().optional().meta({ description: "Only for jobs of the full data tier." }),
    payloads: z
      .array(z.object({ stage: z.string(), payload: z.unknown(), created_at: instant }))
      .optional()
      .meta({ description: "Prompts and raw answers; only for jobs of the full data tier." }),
    updated_at: instant,
    stages: z.array(jobStage),
    history: z.array(jobEvent),
    deliveries: z.array(jobDelivery),
  })
  .meta({ id: "JobVerbose" });

/** Why a job is not running (C-Q06…C-Q09): what is in its way, first things first, and its place in line. */
export const jobWhy = z
  .object({
    job_id: z.uuid(),
    status: jobStatus,
    state: z.enum(["over", "running", "dispatched", "waiting"]).meta({
      description: "dispatched: it has its ticket and waits for a worker. waiting: it has none.",
    }),
    blockers: z
      .array(
        z.object({
          code: z.enum(BLOCKERS),
          message: z.string(),
          details: z.record(z.string(), z.union([z.string(), z.number()])),
        }),
      )
      .meta({ description: "In the order in which they have to go away; empty: nothing is in its way." }),
    lane: z.enum(LANES),
    priority: z.enum(PRIORITIES),
    channel_id: z.uuid().nullable(),
    position: z.int().nullable().meta({ description: "Among the jobs of its channel and priority; 1 is the oldest." }),
    picks_before: z.int().nullable().meta({ description: "Jobs that are to be given their turn first." }),
    expected_at: nullableInstant.meta({
      description: "When its turn may come at the lane's pace of the last minutes; null when nobody can know.",
    }),
  })
  .meta({ id: "JobWhy" });

export const jobQuery = z.strictObject({ verbose: flag });

export const jobListQuery = z.strictObject({
  content_id: z.uuid().optional(),
  status: z.enum(JOB_STATUSES).optional(),
  pipeline: z.string().min(1).max(100).optional(),
  resource_key: z.string().min(1).max(2048).optional(),
  idempotency_key: z.string().min(1).max(255).optional(),
  limit: pageLimit,
  cursor,
});

export const jobPage = z
  .object({ jobs: z.array(jobMinimal), next_cursor: z.string().nullable() })
  .meta({ id: "JobPage" });

export const cancelRequest = z
  .strictObject({ reason: z.string().trim().min(1).max(500).optional() })
  .meta({ id: "CancelRequest" });

/** What became of a cancel request (A-Q10). */
export const cancelAnswer = z
  .object({
    job_id: z.uuid(),
    status: jobStatus,
    cancelled: z.boolean().meta({ description: "This request ended the job." }),
    cancel_requested: z.boolean().meta({ description: "The job ends at its next boundary between stages." }),
    message: z.string(),
  })
  .meta({ id: "CancelAnswer" });
