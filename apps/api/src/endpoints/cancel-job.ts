import type { Routes } from "@millrace/contracts";
import type { CancelAnswer } from "@millrace/core";
import { actorOf, visibleOwner } from "../auth/principal.ts";
import type { Answer, Endpoint } from "../http/endpoint.ts";
import type { EndpointNeeds } from "./needs.ts";
import { noSuchJob } from "./read-jobs.ts";

export function cancelJob({ cancel, audit, log }: EndpointNeeds): Endpoint<Routes["cancelJob"]> {
  return async ({ principal, params, body }) => {
    const by = actorOf(principal);
    const outcome = await cancel({
      jobId: params.id,
      ownerId: visibleOwner(principal),
      by,
      reason: body.reason ?? null,
    });
    const answer = answerOf(params.id, outcome);
    await audit({
      event: "audit.cancellation",
      actor: by,
      ownerId: principal.ownerId,
      jobId: params.id,
      contentId: null,
      details: { outcome: outcome.kind, reason: body.reason ?? null },
      // the cancel is done; failing its answer because the note about it failed would mislead
    }).catch((err: unknown) => log.error({ err, job_id: params.id, actor: by }, "a cancellation was not audited"));
    return answer;
  };
}

export function answerOf(job_id: string, outcome: CancelAnswer): Answer<Routes["cancelJob"]> {
  switch (outcome.kind) {
    case "cancelled":
      return {
        status: 200,
        body: {
          job_id,
          status: "cancelled",
          cancelled: true,
          cancel_requested: true,
          message: "The job is cancelled.",
        },
      };
    case "requested":
      return {
        status: 202,
        body: {
          job_id,
          status: outcome.status,
          cancelled: false,
          cancel_requested: true,
          message: "The job is running; it ends at its next boundary between stages.",
        },
      };
    case "terminal":
      return {
        status: 200,
        body: {
          job_id,
          status: outcome.status,
          cancelled: false,
          cancel_requested: false,
          message: `The job is over already: ${outcome.status}.`,
        },
      };
    case "not_found":
      throw noSuchJob();
  }
}
