import type {
  CancelAnswer,
  CancelRequest,
  GatePolicy,
  GateRefusal,
  JobStatus,
  Json,
  JsonObject,
  Priority,
  ReviewAnswer,
  ReviewDecision,
} from "@millrace/core";
import { type VideoInput, videoInput } from "./input.ts";
import { jobOfTask, type ScaledTask, scaleOfTask } from "./job-of-task.ts";
import { checkReview, errorAfter, type ReviewFault, type TaskGate, type TaskReview } from "./review-of-task.ts";
import { canMove, STATES_OF_STEP, type TaskStatus, VIDEO_STEPS, type VideoStep } from "./task-lifecycle.ts";

/** A task as far as acting on it asks. */
export interface ActionableTask extends ScaledTask {
  readonly id: string;
  readonly ownerId: string;
  /** uuid of its channel. */
  readonly channelId: string;
  readonly status: TaskStatus;
  readonly priority: Priority;
  readonly job: { readonly id: string; readonly status: JobStatus } | null;
}

type Plan =
  | { readonly kind: "not_found" | "channel_inactive" }
  | { readonly kind: "refused"; readonly status: TaskStatus }
  | {
      readonly kind: "planned";
      readonly task: ActionableTask;
      readonly fromStep: VideoStep;
      readonly quotaPool: string;
    };

interface RunSubmission {
  readonly ownerId: string;
  readonly pipeline: string;
  readonly input: unknown;
  readonly stage: string;
  readonly priority: Priority;
  readonly channelId: string;
  readonly submittedBy: string;
  readonly traceparent?: string | null;
}

/** What acting on tasks needs: the task database, and the doors to their jobs. */
export interface TaskActionNeeds {
  readonly tasks: {
    findTask(id: string, ownerId: string | null): Promise<ActionableTask | undefined>;
    planRun(id: string, ownerId: string | null, by: { readonly isAdmin: boolean }): Promise<Plan>;
    findVideoChannel(id: string, ownerId: string | null): Promise<{ readonly config: Json } | undefined>;
  };
  readonly jobs: {
    findJob(id: string, ownerId: string | null): Promise<{ readonly input: Json } | undefined>;
    decideReview(decision: ReviewDecision): Promise<ReviewAnswer>;
  };
  /** Where it is there, only units that exist can be rejected. */
  readonly units?: { unitsOf(taskId: string): Promise<readonly { readonly step: string; readonly unit: string }[]> };
  readonly submit: (submission: RunSubmission) => Promise<{ readonly kind: string; readonly jobId: string | null }>;
  readonly cancel: (request: CancelRequest) => Promise<CancelAnswer>;
}

/** Who acts on which task. */
export interface TaskActor {
  readonly taskId: string;
  /** null: everybody's tasks. */
  readonly ownerId: string | null;
  /** As history names them, such as `key:…` or `notion:…`. */
  readonly by: string;
}

/** The lifecycle knows no way from here to there. */
export interface RefusedMove {
  readonly kind: "refused";
  readonly from: TaskStatus;
  readonly to: TaskStatus;
}
type Unfound = { readonly kind: "not_found" };

export type QueueTaskAnswer =
  | Unfound
  | RefusedMove
  | { readonly kind: "channel_inactive" }
  | { readonly kind: "queued"; readonly jobId: string; readonly fromStep: VideoStep }
  /** It is being made, or waits for its turn or for people. */
  | { readonly kind: "active"; readonly jobId: string; readonly status: TaskStatus };

export type CancelTaskAnswer =
  | Unfound
  | RefusedMove
  | { readonly kind: "cancelled"; readonly jobId: string }
  /** A worker has it: it ends at the next boundary between steps. */
  | { readonly kind: "requested"; readonly jobId: string };

export type ReviewTaskAnswer =
  | Unfound
  | RefusedMove
  | ReviewFault
  | { readonly kind: "applied"; readonly jobId: string; readonly to: TaskStatus }
  | { readonly kind: "counted"; readonly jobId: string; readonly approvals: number; readonly needed: number }
  | { readonly kind: "kept"; readonly jobId: string }
  | { readonly kind: "not_allowed"; readonly rule: GateRefusal; readonly policy: GatePolicy }
  | { readonly kind: "already_decided"; readonly jobId: string; readonly decision: ReviewDecision["decision"] };

export interface TaskActions {
  /** From draft, from an error, and for admins from published. */
  queue(act: TaskActor & { readonly isAdmin: boolean; readonly traceparent?: string | null }): Promise<QueueTaskAnswer>;
  /** From an error only; `step`: from an earlier step than the one that is due, whose units are looked at again. */
  retry(
    act: TaskActor & { readonly step?: VideoStep | null; readonly traceparent?: string | null },
  ): Promise<QueueTaskAnswer>;
  /** Back to draft while no worker has had it. */
  unqueue(act: TaskActor & { readonly reason?: string | null }): Promise<CancelTaskAnswer>;
  /** Back to draft from wherever it is. */
  cancel(act: TaskActor & { readonly reason?: string | null }): Promise<CancelTaskAnswer>;
  /** One person's decision at a gate of the task's job. */
  review(act: TaskActor & TaskReview & { readonly roles: readonly string[] }): Promise<ReviewTaskAnswer>;
}

const ERRORS: readonly TaskStatus[] = VIDEO_STEPS.map((step) => STATES_OF_STEP[step].error);
const APPROVED: Readonly<Record<TaskGate, TaskStatus>> = {
  assets: "assets_approved",
  video: "video_approved",
  audio: "audio_approved",
  final: "approved",
};

/** What people do to tasks, wherever they say it. Nothing here writes a status: it follows the task's job. */
export function createTaskActions(needs: TaskActionNeeds): TaskActions {
  const { tasks } = needs;
  return {
    queue: (act) => startRun(needs, act, null),

    async retry({ step = null, ...act }) {
      const task = await tasks.findTask(act.taskId, act.ownerId);
      if (task === undefined) return { kind: "not_found" };
      const job = activeJob(task);
      if (job !== undefined) return { kind: "active", jobId: job.id, status: task.status };
      if (!ERRORS.includes(task.status)) return { kind: "refused", from: task.status, to: "queued" };
      return startRun(needs, { ...act, isAdmin: false }, step);
    },

    async unqueue(act) {
      const task = await tasks.findTask(act.taskId, act.ownerId);
      if (task === undefined) return { kind: "not_found" };
      if (!canMove(task.status, "draft")) return { kind: "refused", from: task.status, to: "draft" };
      return cancelRun(needs, act, task);
    },

    async cancel(act) {
      const task = await tasks.findTask(act.taskId, act.ownerId);
      if (task === undefined) return { kind: "not_found" };
      return cancelRun(needs, act, task);
    },

    review: (act) => reviewTask(needs, act),
  };
}

/** Whether as many clips or images are to be made as in the run before, as far as that is in the record. */
async function hasOtherScale(
  { jobs }: TaskActionNeeds,
  { job, ownerId }: ActionableTask,
  scale: VideoInput["scale"],
): Promise<boolean> {
  const before = job && (await jobs.findJob(job.id, ownerId));
  const input = videoInput.safeParse(before?.input);
  if (!input.success) return false;
  const { scale: then } = input.data;
  return then.assets !== scale.assets || then.clips !== scale.clips || then.seconds !== scale.seconds;
}

async function startRun(
  needs: TaskActionNeeds,
  act: TaskActor & { readonly isAdmin: boolean; readonly traceparent?: string | null },
  step: VideoStep | null,
): Promise<QueueTaskAnswer> {
  const { tasks, submit } = needs;
  const plan = await tasks.planRun(act.taskId, act.ownerId, { isAdmin: act.isAdmin });
  if (plan.kind === "refused") return refusedOrActive(tasks, act, plan.status);
  if (plan.kind !== "planned") return { kind: plan.kind };
  const { task, quotaPool } = plan;
  const active = activeJob(task);
  if (active !== undefined) return { kind: "active", jobId: active.id, status: task.status };
  const channel = await tasks.findVideoChannel(task.channelId, null);
  if (channel === undefined) return { kind: "channel_inactive" };
  const asked = step === null ? plan.fromStep : earlier(step, plan.fromStep);
  const scale = scaleOfTask(channel.config, task);
  // units that stay as they are, are not made again
  const fromStep = (await hasOtherScale(needs, task, scale)) ? VIDEO_STEPS[0] : asked;
  const { pipeline, input } = jobOfTask(task, { fromStep, quotaPool, scale });
  const submitted = await submit({
    ownerId: task.ownerId,
    pipeline,
    input,
    stage: fromStep,
    priority: task.priority,
    channelId: task.channelId,
    submittedBy: act.by,
    traceparent: act.traceparent ?? null,
  });
  if (submitted.jobId === null) throw new Error("the job of a task has no id");
  if (submitted.kind === "created") return { kind: "queued", jobId: submitted.jobId, fromStep };
  // somebody else was faster
  return { kind: "active", jobId: submitted.jobId, status: "queued" };
}

async function refusedOrActive(
  tasks: TaskActionNeeds["tasks"],
  { taskId, ownerId }: TaskActor,
  planned: TaskStatus,
): Promise<QueueTaskAnswer> {
  const task = await tasks.findTask(taskId, ownerId);
  const job = task && activeJob(task);
  if (task !== undefined && job !== undefined) return { kind: "active", jobId: job.id, status: task.status };
  return { kind: "refused", from: task?.status ?? planned, to: "queued" };
}

async function cancelRun(
  { cancel }: TaskActionNeeds,
  { ownerId, by, reason = null }: TaskActor & { readonly reason?: string | null },
  task: ActionableTask,
): Promise<CancelTaskAnswer> {
  const refused: RefusedMove = { kind: "refused", from: task.status, to: "draft" };
  const job = activeJob(task);
  if (job === undefined) return refused;
  const answer = await cancel({ jobId: job.id, ownerId, by, reason });
  switch (answer.kind) {
    case "cancelled":
    case "requested":
      return { kind: answer.kind, jobId: job.id };
    case "terminal":
      return refused;
    case "not_found":
      return answer;
  }
}

/** A rejection of what is not there would make nothing again. */
async function unknownUnit(
  { units }: TaskActionNeeds,
  { taskId, gate, step, units: named }: TaskActor & TaskReview,
): Promise<ReviewFault | undefined> {
  if (units === undefined || named === undefined || named === null) return undefined;
  const made = (await units.unitsOf(taskId)).filter((unit) => unit.step === (step ?? gate));
  const unknown = named.find((name) => !made.some(({ unit }) => unit === name));
  if (unknown === undefined) return undefined;
  return { kind: "invalid", field: "units", rule: "known", message: `must be units of the step; ${unknown} is none` };
}

async function reviewTask(
  needs: TaskActionNeeds,
  act: TaskActor & TaskReview & { readonly roles: readonly string[] },
): Promise<ReviewTaskAnswer> {
  const { tasks, jobs } = needs;
  const { gate, decision, by, roles, ownerId, comment } = act;
  const task = await tasks.findTask(act.taskId, ownerId);
  if (task === undefined) return { kind: "not_found" };
  const to = decision === "approved" ? APPROVED[gate] : errorAfter(act);
  const refused: RefusedMove = { kind: "refused", from: task.status, to };
  const job = activeJob(task);
  const found = job && (await jobs.findJob(job.id, ownerId));
  if (job === undefined || found === undefined) return refused;
  const checked = checkReview(act, found.input);
  if (checked.kind === "invalid") return checked;
  const unknown = await unknownUnit(needs, act);
  if (unknown !== undefined) return unknown;
  const answer = await jobs.decideReview({
    jobId: job.id,
    ownerId,
    gate,
    decision,
    decidedBy: by,
    roles,
    comment,
    details: checked.details as JsonObject | null,
  });
  switch (answer.kind) {
    case "applied":
      return { kind: "applied", jobId: job.id, to };
    case "counted":
      return { ...answer, jobId: job.id };
    case "kept":
      return { kind: "kept", jobId: job.id };
    case "refused":
      return { kind: "not_allowed", rule: answer.rule, policy: answer.policy };
    case "already_decided":
      return { ...answer, jobId: job.id };
    case "terminal":
      return refused;
    case "not_found":
      return answer;
  }
}

function activeJob({ job }: ActionableTask): { readonly id: string } | undefined {
  return job !== null && (job.status === "pending" || job.status === "processing") ? job : undefined;
}

const earlier = (a: VideoStep, b: VideoStep): VideoStep => (VIDEO_STEPS.indexOf(a) < VIDEO_STEPS.indexOf(b) ? a : b);
