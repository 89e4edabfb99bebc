import { callbackEventId } from "@millrace/callbacks";
import type { Routes } from "@millrace/contracts";
import type { CallbackAttempt, CallbackDelivery } from "@millrace/db";
import { actorOf, visibleOwner } from "../auth/principal.ts";
import { cutPage, readCursor } from "../http/cursor.ts";
import type { Endpoint } from "../http/endpoint.ts";
import { requestProblem } from "../http/request-problem.ts";
import type { EndpointNeeds } from "./needs.ts";
import { noSuchJob } from "./read-jobs.ts";

/** Taken by one request at most; the caller asks again for more. */
const REDELIVERED_AT_A_TIME = 1_000;

export function listDeliveries({ callbacks }: EndpointNeeds): Endpoint<Routes["listDeliveries"]> {
  return async ({ principal, query }) => {
    const rows = await callbacks.store.listDeliveries({
      ownerId: visibleOwner(principal),
      status: query.status,
      limit: query.limit + 1,
      after: readCursor(query.cursor),
    });
    const { page, next } = cutPage(rows, query.limit);
    return { status: 200, body: { deliveries: page.map(shown), next_cursor: next } };
  };
}

export function listJobDeliveries({ store, callbacks }: EndpointNeeds): Endpoint<Routes["listJobDeliveries"]> {
  return async ({ principal, params }) => {
    const job = await store.findJob(params.id, visibleOwner(principal));
    if (job === undefined) throw noSuchJob();
    const deliveries = await callbacks.store.listJobsDeliveries(job.id);
    const body = { deliveries: deliveries.map(({ log, ...row }) => ({ ...shown(row), log: log.map(lineOf) })) };
    return { status: 200, body };
  };
}

export function redeliver({ callbacks, audit, log }: EndpointNeeds): Endpoint<Routes["redeliver"]> {
  return async ({ principal, params }) => {
    const outcome = await callbacks.store.redeliver({ id: params.id, ownerId: visibleOwner(principal) });
    if (outcome === "not_found") throw requestProblem("NOT_FOUND", "There is no delivery of that id.");
    if (outcome === "no_endpoint") throw requestProblem("CONFLICT", "The owner has no enabled callback endpoint.");
    await audit({
      event: "audit.callback_redelivery",
      actor: actorOf(principal),
      ownerId: principal.ownerId,
      details: { delivery_id: params.id },
    }).catch((err: unknown) => log.error({ err, delivery_id: params.id }, "a redelivery was not audited"));
    return { status: 202, body: { delivery_id: params.id, status: "pending" } };
  };
}

export function redeliverExhausted({ callbacks, audit, log }: EndpointNeeds): Endpoint<Routes["redeliverExhausted"]> {
  return async ({ principal, body }) => {
    const redelivered = await callbacks.store.redeliverExhausted({
      ownerId: visibleOwner(principal),
      // Postgres knows no year 0
      since: new Date(Math.max(0, Date.parse(body.exhausted_since))),
      limit: REDELIVERED_AT_A_TIME,
    });
    await audit({
      event: "audit.callback_redelivery",
      actor: actorOf(principal),
      ownerId: principal.ownerId,
      details: { exhausted_since: body.exhausted_since, redelivered },
    }).catch((err: unknown) => log.error({ err, redelivered }, "a redelivery was not audited"));
    return { status: 202, body: { redelivered, has_more: redelivered === REDELIVERED_AT_A_TIME } };
  };
}

const text = (instant: Date): string => instant.toISOString();
const textOrNull = (instant: Date | null): string | null => instant?.toISOString() ?? null;

function shown(delivery: CallbackDelivery) {
  return {
    delivery_id: delivery.id,
    job_id: delivery.jobId,
    callback_event_id: callbackEventId(delivery.jobId, delivery.event),
    endpoint_id: delivery.endpointId,
    url: delivery.url,
    event: delivery.event,
    status: delivery.status,
    attempts: delivery.attempts,
    next_attempt_at: textOrNull(delivery.nextAttemptAt),
    last_status_code: delivery.lastStatusCode,
    last_error: delivery.lastError,
    created_at: text(delivery.createdAt),
    delivered_at: textOrNull(delivery.deliveredAt),
  };
}

const lineOf = (attempt: CallbackAttempt) => ({
  attempt: attempt.attempt,
  url: attempt.url,
  started_at: text(attempt.startedAt),
  finished_at: textOrNull(attempt.finishedAt),
  status_code: attempt.statusCode,
  latency_ms: attempt.latencyMs,
  error: attempt.error,
  request_headers: attempt.requestHeaders,
  response_body: attempt.responseBody,
});
