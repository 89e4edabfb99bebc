import {
  type GateDecision,
  type JobStatus,
  judgeGate,
  type ReviewAnswer,
  type ReviewDecision,
  refusalOf,
} from "@millrace/core";
import { arrayLiteral } from "../array-literal.ts";
import type { Query } from "../database.ts";
import { jsonText, plainText } from "../json-text.ts";
import { callbackDeliveries } from "./callback-deliveries.ts";
import { closeGate, findGate, readDecisions } from "./gates.ts";

const LOCK_JOB = `
select status, waiting_for, gate, metadata ->> 'submitted_by' as submitted_by from pipeline_jobs
where id = $1::uuid and ($2::uuid is null or owner_id = $2::uuid)
for no key update
`;

export interface LockedJob {
  readonly status: JobStatus;
  readonly waiting_for: string | null;
  readonly gate: string | null;
  readonly submitted_by: string | null;
}

/** Holds the job's row until the transaction ends: decisions and the stage that parks at their gate come one after the other. */
export async function lockJob(
  query: Query,
  jobId: string,
  ownerId: string | null = null,
): Promise<LockedJob | undefined> {
  const [job] = await query<LockedJob>(LOCK_JOB, [jobId, ownerId]);
  return job;
}

const FIND_REVIEW = "select decision from reviews where job_id = $1::uuid and gate = $2 and decided_by = $3";

const INSERT_REVIEW = `
insert into reviews (job_id, gate, decision, decided_by, roles, comment, details)
values ($1::uuid, $2, $3, $4, $5::text[], $6, $7::text::jsonb)
`;

const APPLY = `
with decided as (
  update pipeline_jobs j set
    status = case $3 when 'approved' then 'pending' else 'failed' end,
    waiting_for = case $3 when 'approved' then 'turn' end,
    gate = null,
    error_code = case $3 when 'approved' then j.error_code else 'REVIEW_REJECTED' end,
    error_message = case $3 when 'approved' then j.error_message else left(coalesce($5, 'rejected at ' || $2), 500) end,
    error_stage = case $3 when 'approved' then j.error_stage else j.stage end,
    error_stack = case $3 when 'approved' then j.error_stack end,
    finished_at = case $3 when 'approved' then null else now() end,
    updated_at = now()
  where j.id = $1::uuid and j.status = 'pending' and j.waiting_for = 'review' and j.gate = $2
  returning j.id, j.owner_id, j.status, j.stage, j.fence
),
events as (
  insert into job_events (job_id, event, from_status, to_status, stage, fence, actor, reason)
  select id, case $3 when 'approved' then 'approve' else 'reject' end, 'pending', status, stage, fence, $4, $5
  from decided
),
${callbackDeliveries("decided")}
select status from decided
`;

/** One person's decision. It may close the gate, be one of several that are needed, or wait for the job to arrive. */
export async function decideReview(query: Query, review: ReviewDecision): Promise<ReviewAnswer> {
  const { jobId, gate, decision, roles } = review;
  const job = await lockJob(query, jobId, review.ownerId);
  if (job === undefined) return { kind: "not_found" };
  const state = await findGate(query, jobId, gate);
  if (state?.verdict === "approved" || state?.verdict === "rejected") {
    return { kind: "already_decided", decision: state.verdict };
  }
  const decidedBy = plainText(review.decidedBy);
  const comment = plainText(review.comment);
  const [earlier] = await query<{ decision: ReviewDecision["decision"] }>(FIND_REVIEW, [jobId, gate, decidedBy]);
  if (earlier !== undefined) return { kind: "already_decided", decision: earlier.decision };
  if (job.status !== "pending" && job.status !== "processing") return { kind: "terminal", status: job.status };

  const mine: GateDecision = { decision, decidedBy, roles, comment, isSelf: decidedBy === job.submitted_by };
  const rule = state && refusalOf(state.policy, mine);
  if (state !== undefined && rule !== undefined) return { kind: "refused", rule, policy: state.policy };
  const details = review.details ? jsonText(review.details) : null;
  await query(INSERT_REVIEW, [jobId, gate, decision, decidedBy, arrayLiteral(roles), comment, details]);
  if (state === undefined || job.waiting_for !== "review" || job.gate !== gate) return { kind: "kept" };

  const verdict = judgeGate(state.policy, await readDecisions(query, { jobId, gate, submittedBy: job.submitted_by }));
  if (verdict.kind === "open") return { ...verdict, kind: "counted" };
  const { by } = verdict;
  const [applied] = await query<{ status: JobStatus }>(APPLY, [jobId, gate, verdict.kind, by.decidedBy, by.comment]);
  if (applied === undefined) throw new Error("decide review: the locked job moved");
  await closeGate(query, { jobId, gate, verdict: verdict.kind });
  return { kind: "applied", status: applied.status };
}
