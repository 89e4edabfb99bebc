import type { CallbackJob, Json, TakenDelivery } from "@millrace/core";
import { callbackEventId } from "./event-id.ts";

export const SCHEMA_VERSION = "1";

/** A larger result is left out: the receiver fetches the job instead. */
const MAX_RESULT_BYTES = 1_048_576;

/**
 * The JSON a receiver gets: compact, keys in order, the same bytes at every attempt. `type`, `timestamp` and the rest
 * follow Standard Webhooks; the fields are those of A-Q11 and A2.8.
 */
export function callbackBody({ event, payload, job }: Pick<TakenDelivery, "event" | "payload" | "job">): string {
  return sortedJson({
    ...jobFields(job),
    schema_version: SCHEMA_VERSION,
    callback_event_id: callbackEventId(job.id, event),
    type: event,
    timestamp: job.finishedAt.toISOString(),
    result_summary: job.resultSummary,
    ...(payload === "full" && job.status === "completed" && resultFields(job.result)),
  });
}

function jobFields(job: CallbackJob): Record<string, Json> {
  return {
    job_id: job.id,
    content_id: job.contentId,
    pipeline: job.pipeline,
    pipeline_version: job.pipelineVersion,
    resource_key: job.resourceKey,
    status: job.status,
    error_code: job.errorCode,
    error_message: job.errorMessage,
    error_stage: job.errorStage,
    created_at: job.createdAt.toISOString(),
    started_at: job.startedAt?.toISOString() ?? null,
    finished_at: job.finishedAt.toISOString(),
  };
}

function resultFields(result: Json): Record<string, Json> {
  const isTooLarge = Buffer.byteLength(JSON.stringify(result)) > MAX_RESULT_BYTES;
  return isTooLarge ? { result: null, is_result_omitted: true } : { result, is_result_omitted: false };
}

/** JSON with the keys of every object in order, so that equal values give equal bytes. */
export function sortedJson(value: Json): string {
  return JSON.stringify(value, (_key, child: unknown) =>
    typeof child === "object" && child !== null && !Array.isArray(child)
      ? Object.fromEntries(Object.entries(child).sort(([a], [b]) => (a < b ? -1 : 1)))
      : child,
  );
}
