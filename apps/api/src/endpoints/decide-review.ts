import type { Routes } from "@millrace/contracts";
import { actorOf, visibleOwner } from "../auth/principal.ts";
import type { Endpoint } from "../http/endpoint.ts";
import { requestProblem } from "../http/request-problem.ts";
import type { EndpointNeeds } from "./needs.ts";
import { noSuchJob } from "./read-jobs.ts";

export function decideReview({ store }: EndpointNeeds): Endpoint<Routes["decideReview"]> {
  return async ({ principal, params, body }) => {
    const answer = await store.decideReview({
      jobId: params.id,
      ownerId: visibleOwner(principal),
      gate: params.gate,
      decision: body.decision,
      decidedBy: actorOf(principal),
      comment: body.comment ?? null,
    });
    const said = { job_id: params.id, gate: params.gate, decision: body.decision };
    switch (answer.kind) {
      case "applied":
        return { status: 200, body: { ...said, outcome: "applied", status: answer.status } };
      case "kept":
        return { status: 200, body: { ...said, outcome: "kept", status: null } };
      case "already_decided":
        if (answer.decision !== body.decision) {
          throw requestProblem("CONFLICT", `The gate was ${answer.decision} before; the first decision stands.`);
        }
        return { status: 200, body: { ...said, outcome: "already_decided", status: null } };
      case "terminal":
        throw requestProblem("CONFLICT", `The job is over already: ${answer.status}.`);
      case "not_found":
        throw noSuchJob();
    }
  };
}
