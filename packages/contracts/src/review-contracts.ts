import { z } from "zod";
import { jobStatus } from "./job-contracts.ts";
import { cursor, instant, nullableInstant, pageLimit } from "./parts.ts";
import type { Route } from "./route.ts";

const route = <const R extends Route>(value: R): R => value;

const decision = z.enum(["approved", "rejected"]);
const gateName = z.string().min(1).max(100);
const jobId = z.object({ id: z.uuid().meta({ description: "The job's id" }) });
const jobGate = jobId.extend({ gate: gateName.meta({ description: "The gate's name" }) });

const reviewRequest = z
  .strictObject({ decision, comment: z.string().trim().min(1).max(5_000).optional() })
  .meta({ id: "ReviewRequest" });

const reviewAnswer = z
  .object({
    job_id: z.uuid(),
    gate: z.string(),
    decision,
    outcome: z.enum(["applied", "counted", "kept", "already_decided"]).meta({
      description:
        "applied: the job moved on, or ended. counted: more people have to approve. kept: the job has not reached the gate; its policy is applied then. already_decided: said before.",
    }),
    status: jobStatus.nullable(),
    approvals_needed: z.int().optional().meta({ description: "How many more, when counted." }),
  })
  .meta({ id: "ReviewAnswer" });

const gatePolicy = z
  .object({
    approvals: z.int().meta({ description: "Different people who have to approve; one rejection ends it." }),
    roles: z.array(z.string()).meta({ description: "Only people with one of these count; empty: everybody." }),
    allows_self_approval: z.boolean(),
    needs_reason: z.boolean().meta({ description: "A rejection has to say why." }),
    on_expiry: z.enum(["reject", "cancel"]).nullable(),
  })
  .meta({ id: "GatePolicy" });

const jobReviews = z
  .object({
    gate: z.string(),
    state: z.enum(["early", "open", "approved", "rejected", "expired", "ended"]).meta({
      description: "early: decided before the job arrived. ended: the job ended otherwise.",
    }),
    policy: gatePolicy.nullable(),
    approvals: z.int().meta({ description: "That count so far." }),
    opened_at: nullableInstant,
    expires_at: nullableInstant,
    closed_at: nullableInstant,
    reviews: z.array(
      z.object({
        decision,
        decided_by: z.string(),
        roles: z.array(z.string()),
        comment: z.string().nullable(),
        at: instant,
      }),
    ),
  })
  .meta({ id: "JobGate" });

const waitingReview = z
  .object({
    job_id: z.uuid(),
    pipeline: z.string(),
    resource_key: z.string(),
    content_id: z.string().nullable(),
    created_at: instant,
    gate: jobReviews,
  })
  .meta({ id: "WaitingReview" });

const linkRequest = z
  .strictObject({
    reviewer: z.string().trim().min(1).max(200).meta({ description: "Who will decide; shown in the history." }),
    roles: z.array(z.string().trim().min(1).max(100)).max(20).default([]),
    expires_in_hours: z
      .number()
      .positive()
      .max(24 * 30)
      .default(72),
  })
  .meta({ id: "ReviewLinkRequest" });

const link = z
  .object({ url: z.string(), token: z.string(), gate: z.string(), reviewer: z.string(), expires_at: instant })
  .meta({ id: "ReviewLink" });

export const reviewRoutes = {
  decideReview: route({
    method: "post",
    path: "/api/v1/jobs/{id}/reviews/{gate}",
    summary: "Decide at a gate",
    tag: "reviews",
    scope: "jobs:write",
    params: jobGate,
    body: { kind: "json", schema: reviewRequest },
    responses: { 200: { description: "Decided", schema: reviewAnswer } },
    problems: ["CONFLICT"],
  }),
  listJobReviews: route({
    method: "get",
    path: "/api/v1/jobs/{id}/reviews",
    summary: "The gates of a job and what was decided at them",
    tag: "reviews",
    scope: "jobs:read",
    params: jobId,
    responses: { 200: { description: "Its gates", schema: z.object({ gates: z.array(jobReviews) }) } },
    problems: [],
  }),
  listReviews: route({
    method: "get",
    path: "/api/v1/reviews",
    summary: "Jobs that wait for a decision, the oldest first",
    tag: "reviews",
    scope: "jobs:read",
    query: z.strictObject({ gate: gateName.optional(), limit: pageLimit, cursor }),
    responses: {
      200: {
        description: "A page",
        schema: z
          .object({ waiting: z.array(waitingReview), next_cursor: z.string().nullable() })
          .meta({ id: "WaitingReviews" }),
      },
    },
    problems: [],
  }),
  createReviewLink: route({
    method: "post",
    path: "/api/v1/jobs/{id}/reviews/{gate}/links",
    summary: "A link with which somebody decides once, without a key",
    description:
      "The page behind it shows the gate and asks for the decision, so a mail scanner that opens it decides nothing. The link cannot do more than its reviewer with its roles.",
    tag: "reviews",
    scope: "jobs:write",
    params: jobGate,
    body: { kind: "json", schema: linkRequest },
    responses: { 201: { description: "Made; the token is shown in this answer only", schema: link } },
    problems: ["CONFLICT", "FORBIDDEN"],
  }),
} as const;
