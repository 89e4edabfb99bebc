import type { Routes } from "@millrace/contracts";
import type { DeliveryRow, EventRow, JobRow, StageRow } from "@millrace/core";
import { actorOf, visibleOwner } from "../auth/principal.ts";
import { cutPage, readCursor } from "../http/cursor.ts";
import type { Endpoint } from "../http/endpoint.ts";
import { requestProblem } from "../http/request-problem.ts";
import type { EndpointNeeds } from "./needs.ts";

export const noSuchJob = () => requestProblem("NOT_FOUND", "There is no job of that id.");

export function readJob({ store, contents, audit }: EndpointNeeds): Endpoint<Routes["readJob"]> {
  return async ({ principal, params, query }) => {
    const job = await store.findJob(params.id, visibleOwner(principal));
    if (job === undefined) throw noSuchJob();
    if (!query.verbose) return { status: 200, body: minimal(job) };
    const isFull = job.dataTier === "full";
    const [stages, events, deliveries, payloads] = await Promise.all([
      store.listStages(job.id),
      store.listEvents(job.id),
      store.listDeliveries(job.id),
      isFull ? contents.listPayloads(job.id) : [],
    ]);
    if (isFull) {
      await audit({
        event: "audit.full_tier_access",
        actor: actorOf(principal),
        ownerId: job.ownerId,
        jobId: job.id,
        contentId: job.contentId,
        details: {},
      });
    }
    const full = isFull && {
      payloads: payloads.map(({ stage, payload, createdAt }) => ({ stage, payload, created_at: text(createdAt) })),
    };
    return { status: 200, body: { ...verbose(job, stages, events, deliveries), ...full } };
  };
}

export function listJobs({ store }: EndpointNeeds): Endpoint<Routes["listJobs"]> {
  return async ({ principal, query }) => {
    const rows = await store.listJobs({
      ownerId: visibleOwner(principal),
      status: query.status,
      pipeline: query.pipeline,
      contentId: query.content_id,
      resourceKey: query.resource_key,
      idempotencyKey: query.idempotency_key,
      limit: query.limit + 1,
      after: readCursor(query.cursor),
    });
    const { page, next } = cutPage(rows, query.limit);
    return { status: 200, body: { jobs: page.map(minimal), next_cursor: next } };
  };
}

const text = (instant: Date): string => instant.toISOString();
const textOrNull = (instant: Date | null): string | null => instant?.toISOString() ?? null;

function minimal(job: JobRow) {
  return {
    job_id: job.id,
    content_id: job.contentId,
    status: job.status,
    created_at: text(job.createdAt),
    started_at: textOrNull(job.startedAt),
    finished_at: textOrNull(job.finishedAt),
  };
}

function verbose(job: JobRow, stages: StageRow[], events: EventRow[], deliveries: DeliveryRow[]) {
  const isFull = job.dataTier === "full";
  return {
    ...minimal(job),
    pipeline: job.pipeline,
    pipeline_version: job.pipelineVersion,
    resource_key: job.resourceKey,
    channel_id: job.channelId,
    priority: job.priority,
    data_tier: job.dataTier,
    waiting_for: job.waitingFor,
    gate: job.gate,
    lane: job.lane,
    stage: job.stage,
    stage_index: job.stageIndex,
    stage_count: job.stageCount,
    progress: job.progress,
    stage_attempts: job.stageAttempts,
    retry_count: job.retryCount,
    max_retries: job.maxRetries,
    next_retry_at: textOrNull(job.nextRetryAt),
    crashes: job.crashes,
    cancel_requested: job.cancelRequestedAt !== null,
    cancel_requested_at: textOrNull(job.cancelRequestedAt),
    cancel_requested_by: job.cancelRequestedBy,
    cancel_reason: job.cancelReason,
    error_code: job.errorCode,
    error_message: job.errorMessage,
    error_stage: job.errorStage,
    idempotency_key: job.idempotencyKey,
    duplicate_count: job.duplicateCount,
    metadata: job.metadata,
    result: job.result,
    ...(isFull && { input: job.input }),
    updated_at: text(job.updatedAt),
    stages: stages.map((stage) => stageOf(stage, isFull)),
    history: events.map(eventOf),
    deliveries: deliveries.map(deliveryOf),
  };
}

const stageOf = (stage: StageRow, isFull: boolean) => ({
  stage: stage.stage,
  attempt: stage.attempt,
  fence: stage.fence,
  started_at: text(stage.startedAt),
  finished_at: text(stage.finishedAt),
  duration_ms: stage.finishedAt.getTime() - stage.startedAt.getTime(),
  warnings: stage.warnings,
  ...(isFull && { output: stage.output }),
});

const eventOf = (event: EventRow) => ({
  id: event.id,
  event: event.event,
  from: event.fromStatus,
  to: event.toStatus,
  stage: event.stage,
  actor: event.actor,
  reason: event.reason,
  at: text(event.at),
});

const deliveryOf = (delivery: DeliveryRow) => ({
  id: delivery.id,
  event: delivery.event,
  status: delivery.status,
  attempts: delivery.attempts,
  next_attempt_at: textOrNull(delivery.nextAttemptAt),
  last_status_code: delivery.lastStatusCode,
  last_error: delivery.lastError,
  created_at: text(delivery.createdAt),
  delivered_at: textOrNull(delivery.deliveredAt),
});
