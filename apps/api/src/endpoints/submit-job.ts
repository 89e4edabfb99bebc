import type { Routes } from "@millrace/contracts";
import { actorOf } from "../auth/principal.ts";
import type { Endpoint } from "../http/endpoint.ts";
import { REPLAYED } from "../http/endpoint.ts";
import { isReplay } from "../http/idempotency.ts";
import { fieldProblem } from "../http/request-problem.ts";
import { callbackMetadata } from "./check-callback-url.ts";
import type { EndpointNeeds } from "./needs.ts";

/** Pipelines whose sources need checks that are made at their own routes only. */
const OWN_ROUTES: Readonly<Record<string, string>> = {
  content: "content is submitted at /api/v1/content, /api/v1/ingest or /api/v1/youtube/ingest",
  extraction: "files are submitted at /api/v1/extraction/upload or /api/v1/extraction/jobs",
  video: "videos are planned and queued at /api/v1/tasks",
  extraction_bulk: "batches are submitted at /api/v1/extraction/bulk",
};

/** The door for every other pipeline. */
export function submitJob({ submit, callbacks }: EndpointNeeds): Endpoint<Routes["submitJob"]> {
  return async ({ principal, body, idempotencyKey, fingerprint, request }) => {
    const ownRoute = Object.hasOwn(OWN_ROUTES, body.pipeline) ? OWN_ROUTES[body.pipeline] : undefined;
    if (ownRoute !== undefined) throw fieldProblem("pipeline", "own_route", ownRoute);
    const answer = await submit({
      ownerId: principal.ownerId,
      pipeline: body.pipeline,
      input: body.input,
      ...(body.priority && { priority: body.priority }),
      ...(body.data_tier && { dataTier: body.data_tier }),
      metadata: await callbackMetadata({ callbacks }, principal.ownerId, body.callback_url),
      channelId: body.channel_id ?? null,
      submittedBy: actorOf(principal),
      idempotencyKey,
      requestFingerprint: fingerprint,
      traceparent: traceparentOf(request.headers["traceparent"]),
    });
    if (answer.jobId === null || answer.status === null)
      throw new Error("a job without content cannot be completed content");
    const job_id = answer.jobId;
    if (isReplay(answer, fingerprint)) {
      return { status: 202, body: { job_id, status: "pending", deduplicated: false }, headers: REPLAYED };
    }
    return { status: 202, body: { job_id, status: answer.status, deduplicated: answer.kind === "active" } };
  };
}

const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** W3C trace context, passed on with the job; anything else in the header is ignored, as the standard asks. */
export function traceparentOf(header: string | string[] | undefined): string | null {
  return typeof header === "string" && TRACEPARENT.test(header) ? header : null;
}
