import type { JobStatus, ReviewAnswer, ReviewDecision } from "@millrace/core";
import type { Query } from "../database.ts";
import { plainText } from "../json-text.ts";
import { callbackDeliveries } from "./callback-deliveries.ts";

const LOCK_JOB = `
select status, waiting_for, gate from pipeline_jobs
where id = $1::uuid and ($2::uuid is null or owner_id = $2::uuid)
for no key update
`;

/** Locks the job of a settlement that parks at a gate: see `settleAtGate` in the job store. */
export async function lockJob(query: Query, jobId: string): Promise<void> {
  await query(LOCK_JOB, [jobId, null]);
}

const FIND_REVIEW = "select decision from reviews where job_id = $1::uuid and gate = $2";

const INSERT_REVIEW = `
insert into reviews (job_id, gate, decision, decided_by, comment) values ($1::uuid, $2, $3, $4, $5)
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

interface LockedJob {
  readonly status: JobStatus;
  readonly waiting_for: string | null;
  readonly gate: string | null;
}

/**
 * One transaction that holds the job's row from its first statement: a stage that parks at the gate meanwhile waits for
 * it and then sees the decision.
 */
export async function decideReview(query: Query, review: ReviewDecision): Promise<ReviewAnswer> {
  const [job] = await query<LockedJob>(LOCK_JOB, [review.jobId, review.ownerId]);
  if (job === undefined) return { kind: "not_found" };
  const [earlier] = await query<{ decision: ReviewDecision["decision"] }>(FIND_REVIEW, [review.jobId, review.gate]);
  if (earlier !== undefined) return { kind: "already_decided", decision: earlier.decision };
  if (job.status !== "pending" && job.status !== "processing") return { kind: "terminal", status: job.status };
  const by = plainText(review.decidedBy);
  const comment = plainText(review.comment);
  await query(INSERT_REVIEW, [review.jobId, review.gate, review.decision, by, comment]);
  if (job.waiting_for !== "review" || job.gate !== review.gate) return { kind: "kept" };
  const [applied] = await query<{ status: JobStatus }>(APPLY, [
    review.jobId,
    review.gate,
    review.decision,
    by,
    comment,
  ]);
  if (applied === undefined) throw new Error("decide review: the locked job moved");
  return { kind: "applied", status: applied.status };
}
