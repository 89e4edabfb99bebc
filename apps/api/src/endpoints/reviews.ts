import type { AnswerOf, Routes } from "@millrace/contracts";
import { type GatePolicy, type GateRefusal, type GateRow, judgeGate, type ReviewAnswer } from "@millrace/core";
import { actorOf, type Principal, visibleOwner } from "../auth/principal.ts";
import { cutPage, readCursor } from "../http/cursor.ts";
import type { Endpoint } from "../http/endpoint.ts";
import { requestProblem } from "../http/request-problem.ts";
import type { EndpointNeeds } from "./needs.ts";
import { noSuchJob } from "./read-jobs.ts";

const HOUR_MS = 3_600_000;

type Review = Routes["decideReview"];
type Said = { readonly job_id: string; readonly gate: string; readonly decision: "approved" | "rejected" };
type Gate = AnswerOf<Routes["listJobReviews"]>["body"]["gates"][number];

/** What people decide at gates. */
export function reviewEndpoints(needs: EndpointNeeds) {
  const { store, reviews, audit } = needs;

  const decideReview: Endpoint<Review> = async ({ principal, params, body }) => {
    const decidedBy = actorOf(principal);
    const comment = body.comment ?? null;
    const said = { job_id: params.id, gate: params.gate, decision: body.decision };
    const answer = await store.decideReview({
      jobId: params.id,
      ownerId: visibleOwner(principal),
      gate: params.gate,
      decision: body.decision,
      decidedBy,
      roles: principal.roles,
      comment,
    });
    const answered = wordReview(said, answer);
    await audit({
      event: "audit.review",
      actor: decidedBy,
      ownerId: principal.ownerId,
      jobId: params.id,
      details: { gate: params.gate, decision: body.decision, outcome: answer.kind, comment },
    });
    return answered;
  };

  const listJobReviews: Endpoint<Routes["listJobReviews"]> = async ({ principal, params }) => {
    const job = await store.findJob(params.id, visibleOwner(principal));
    if (job === undefined) throw noSuchJob();
    const gates = await store.listGates(job.id);
    const submittedBy = job.metadata["submitted_by"];
    return { status: 200, body: { gates: gates.map((gate) => gateOfRow(gate, submittedBy)) } };
  };

  const listReviews: Endpoint<Routes["listReviews"]> = async ({ principal, query }) => {
    const rows = await reviews.listWaiting({
      ownerId: visibleOwner(principal),
      gate: query.gate,
      limit: query.limit + 1,
      after: readCursor(query.cursor),
    });
    const { page, next } = cutPage(
      rows.map((row) => ({ ...row, id: row.jobId })),
      query.limit,
    );
    const waiting = page.map((row) => ({
      job_id: row.jobId,
      pipeline: row.pipeline,
      resource_key: row.resourceKey,
      content_id: row.contentId,
      created_at: row.createdAt.toISOString(),
      gate: gateOfRow(row.gate, row.submittedBy),
    }));
    return { status: 200, body: { waiting, next_cursor: next } };
  };

  const createReviewLink: Endpoint<Routes["createReviewLink"]> = async ({ principal, params, body, request }) => {
    const job = await store.findJob(params.id, visibleOwner(principal));
    if (job === undefined) throw noSuchJob();
    if (job.finishedAt !== null) throw requestProblem("CONFLICT", `The job is over already: ${job.status}.`);
    mayGrant(principal, body.roles);
    const { token, link } = await reviews.createLink({
      jobId: job.id,
      gate: params.gate,
      reviewer: body.reviewer,
      roles: body.roles,
      createdBy: actorOf(principal),
      expiresInMs: body.expires_in_hours * HOUR_MS,
    });
    await audit({
      event: "audit.review_link",
      actor: actorOf(principal),
      ownerId: job.ownerId,
      jobId: job.id,
      details: { gate: params.gate, reviewer: body.reviewer, roles: body.roles, link_id: link.id },
    });
    const url = `${request.protocol}://${request.headers.host ?? "localhost"}/review/${token}`;
    const said = { gate: link.gate, reviewer: link.reviewer, expires_at: link.expiresAt.toISOString() };
    return { status: 201, body: { url, token, ...said } };
  };

  return { decideReview, listJobReviews, listReviews, createReviewLink };
}

/** Nobody hands on a role they do not have. */
function mayGrant(principal: Principal, roles: readonly string[]): void {
  const foreign = roles.find((role) => !principal.roles.includes(role));
  if (foreign !== undefined && !principal.isAdmin) {
    throw requestProblem("FORBIDDEN", `The key does not have the role ${foreign}, so its links cannot have it.`);
  }
}

/** The answer to a decision; throws where it does not stand. */
export function wordReview(
  said: Said,
  answer: ReviewAnswer,
): { readonly status: 200; readonly body: AnswerOf<Review>["body"] } {
  const decided = (outcome: AnswerOf<Review>["body"]["outcome"]) =>
    ({ status: 200, body: { ...said, outcome, status: null } }) as const;
  switch (answer.kind) {
    case "applied":
      return { status: 200, body: { ...said, outcome: "applied", status: answer.status } };
    case "counted": {
      const { body } = decided("counted");
      return { status: 200, body: { ...body, approvals_needed: answer.needed - answer.approvals } };
    }
    case "kept":
      return decided("kept");
    case "refused":
      throw refusal(answer);
    case "already_decided":
      if (answer.decision === said.decision) return decided("already_decided");
      throw requestProblem("CONFLICT", `It was ${answer.decision} before; the first decision stands.`);
    case "terminal":
      throw requestProblem("CONFLICT", `The job is over already: ${answer.status}.`);
    case "not_found":
      throw noSuchJob();
  }
}

const REFUSALS = {
  role: ({ roles }: GatePolicy) => `This gate asks for one of the roles ${roles.join(", ")}.`,
  self: () => "Who submitted the job may not approve it at this gate.",
  reason: () => "This gate asks for the reason of a rejection: say it in comment.",
} as const;

export function refusal({ rule, policy }: { readonly rule: GateRefusal; readonly policy: GatePolicy }): Error {
  const detail = REFUSALS[rule](policy);
  if (rule !== "reason") return requestProblem("FORBIDDEN", detail);
  return requestProblem("VALIDATION_FAILED", detail, [{ field: "comment", rule: "required", message: "is required" }]);
}

function gateOfRow(row: GateRow, submittedBy: unknown): Gate {
  const { policy } = row;
  const decisions = row.reviews.map((review) => ({ ...review, isSelf: review.decidedBy === submittedBy }));
  const verdict = policy && judgeGate(policy, decisions);
  return {
    gate: row.gate,
    state: row.verdict ?? (policy === null ? "early" : row.closedAt === null ? "open" : "ended"),
    policy: policy && {
      approvals: policy.approvals,
      roles: [...policy.roles],
      allows_self_approval: policy.allowsSelfApproval,
      needs_reason: policy.needsReason,
      on_expiry: policy.onExpiry,
    },
    approvals:
      verdict === null ? 0 : verdict.kind === "open" ? verdict.approvals : policy === null ? 0 : policy.approvals,
    opened_at: row.openedAt?.toISOString() ?? null,
    expires_at: row.expiresAt?.toISOString() ?? null,
    closed_at: row.closedAt?.toISOString() ?? null,
    reviews: row.reviews.map((review) => ({
      decision: review.decision,
      decided_by: review.decidedBy,
      roles: [...review.roles],
      comment: review.comment,
      at: review.at.toISOString(),
    })),
  };
}
