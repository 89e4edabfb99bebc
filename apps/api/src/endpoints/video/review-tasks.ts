import type { AnswerOf, BodyOf, Routes } from "@millrace/contracts";
import type { JsonObject, ReviewAnswer, ReviewDecision } from "@millrace/core";
import type { TaskRow } from "@millrace/db";
import { checkReview, type ReviewTaskAnswer, type TaskGate, type TaskStatus } from "@millrace/pipelines";
import { actorOf, type Principal, visibleOwner } from "../../auth/principal.ts";
import type { Endpoint } from "../../http/endpoint.ts";
import { conflict, fieldProblem } from "../../http/request-problem.ts";
import type { EndpointNeeds } from "../needs.ts";
import { refusal } from "../reviews.ts";
import { refusedMove } from "./act-on-tasks.ts";
import { noSuchTask } from "./video-needs.ts";

type Reviewed = AnswerOf<Routes["reviewTask"]>["body"];
type BulkSaid = BodyOf<Routes["reviewTasks"]>;
type Failure = AnswerOf<Routes["reviewTasks"]>["body"]["errors"][number];

export function reviewTask({ video, audit, log }: EndpointNeeds): Endpoint<Routes["reviewTask"]> {
  return async ({ principal, params, body }) => {
    const { decision, comment = null, step = null, clips = null, units = null } = body;
    const { gate } = params;
    const answer = await video.actions.review({
      taskId: params.id,
      ownerId: visibleOwner(principal),
      by: actorOf(principal),
      roles: principal.roles,
      gate,
      decision,
      comment,
      step,
      clips,
      units,
    });
    const answered = { status: 200 as const, body: reviewedOrThrow({ id: params.id, gate, decision }, answer) };
    await audit({
      event: "audit.review",
      actor: actorOf(principal),
      ownerId: principal.ownerId,
      jobId: answered.body.job_id,
      details: { task_id: params.id, gate, decision, outcome: answered.body.outcome, comment, step, clips, units },
      // the decision stands; failing its answer because the note about it failed would mislead
    }).catch((err: unknown) => log.error({ err, task_id: params.id }, "a review was not audited"));
    return answered;
  };
}

function reviewedOrThrow(said: Pick<Reviewed, "id" | "gate" | "decision">, answer: ReviewTaskAnswer): Reviewed {
  switch (answer.kind) {
    case "applied":
    case "kept":
      return { ...said, job_id: answer.jobId, outcome: answer.kind };
    case "counted":
      return {
        ...said,
        job_id: answer.jobId,
        outcome: "counted",
        approvals_needed: answer.needed - answer.approvals,
      };
    case "already_decided":
      if (answer.decision === said.decision) return { ...said, job_id: answer.jobId, outcome: "already_decided" };
      throw conflict(`It was ${answer.decision} before; the first decision stands.`, { job_id: answer.jobId });
    case "not_allowed":
      throw refusal(answer);
    case "invalid":
      throw fieldProblem(answer.field, answer.rule, answer.message);
    case "refused":
      throw refusedMove(answer);
    case "not_found":
      throw noSuchTask();
  }
}

/** C2.4: every one is looked at first; then all of them are decided in one transaction, or none. */
export function reviewTasks(needs: EndpointNeeds): Endpoint<Routes["reviewTasks"]> {
  const { video, reviews, audit, log } = needs;
  return async ({ principal, body }) => {
    const ownerId = visibleOwner(principal);
    const found = await Promise.all(body.ids.map((id) => video.tasks.findTask(id, ownerId)));
    const channels = new Set(found.flatMap((task) => (task === undefined ? [] : [task.channelId])));
    if (channels.size > 1) throw fieldProblem("ids", "one_channel", "must be tasks of one channel");
    const drafts = await Promise.all(body.ids.map((id, index) => draft(needs, principal, body, id, found[index])));
    const faults = drafts.filter((one): one is Failure => "message" in one);
    if (faults.length > 0) return { status: 200, body: failed(body.ids.length, faults) };
    const decisions = drafts.filter((one): one is ReviewDecision => !("message" in one));
    const outcome = await reviews.decideTogether(decisions);
    if (outcome.kind === "refused") {
      const late = body.ids.flatMap((id, index) => lateFault(id, body.decision, found[index], outcome.answers[index]));
      return { status: 200, body: failed(body.ids.length, late) };
    }
    await audit({
      event: "audit.bulk_review",
      actor: actorOf(principal),
      ownerId: principal.ownerId,
      details: { task_ids: body.ids, decision: body.decision, comment: body.comment ?? null, step: body.step ?? null },
    }).catch((err: unknown) => log.error({ err, task_ids: body.ids }, "a review was not audited"));
    return { status: 200, body: { total: body.ids.length, success: body.ids.length, errors: [], failed_ids: [] } };
  };
}

const failed = (total: number, errors: Failure[]) => ({
  total,
  success: 0,
  errors,
  failed_ids: errors.map(({ id }) => id),
});

/** The decision at the gate where the task stands, or what is wrong with it. */
async function draft(
  { store }: Pick<EndpointNeeds, "store">,
  principal: Principal,
  said: BulkSaid,
  id: string,
  task: TaskRow | undefined,
): Promise<ReviewDecision | Failure> {
  if (task === undefined) return { id, message: noSuchTask().message };
  const { job } = task;
  if (job === null || job.waitingFor !== "review" || job.gate === null) {
    return { id, message: "does not wait for a decision", from: task.status };
  }
  const gate = job.gate as TaskGate;
  const review = { gate, decision: said.decision, comment: said.comment ?? null, step: said.step ?? null };
  const found = await store.findJob(job.id, null);
  const checked = checkReview(review, found?.input ?? null);
  if (checked.kind === "invalid") return { id, message: `${checked.field} ${checked.message}`, from: task.status };
  return {
    jobId: job.id,
    ownerId: null,
    gate,
    decision: said.decision,
    decidedBy: actorOf(principal),
    roles: principal.roles,
    comment: review.comment,
    details: checked.details as JsonObject | null,
  };
}

/** What had changed when all were to be decided. */
function lateFault(
  id: string,
  decision: ReviewDecision["decision"],
  task: TaskRow | undefined,
  answer: ReviewAnswer | undefined,
): Failure[] {
  const from: { from?: TaskStatus } = task === undefined ? {} : { from: task.status };
  switch (answer?.kind) {
    case "refused":
      return [{ id, message: refusal(answer).message, ...from }];
    case "already_decided":
      return answer.decision === decision ? [] : [{ id, message: `was ${answer.decision} before`, ...from }];
    case "kept":
    case "terminal":
    case "not_found":
      return [{ id, message: "does not wait for a decision any more", ...from }];
    default:
      return [];
  }
}
