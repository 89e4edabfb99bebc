import {
  type ClaimedJob,
  type Gate,
  gateOf,
  type JobError,
  type JsonObject,
  parkForReview,
  type ReviewAnswer,
  type ReviewDecision,
  type Settlement,
  type StagePlace,
} from "@millrace/core";
import { claimed, OUTPUT, settle, submitted } from "./job-store.fixture.ts";
import { TASK_STEPS, type TaskStep } from "./schema/tasks.ts";
import type { TaskRow } from "./task-model.ts";
import { jobOf, newTask, type TasksUnderTest } from "./task-store.fixture.ts";

export const ERROR: JobError = { code: "URL_UNREACHABLE", message: "the  provider\nis down", stage: "video" };

export function stepAfter(step: TaskStep): StagePlace {
  const index = TASK_STEPS.indexOf(step) + 1;
  const name = TASK_STEPS[index]!;
  return { name, index, count: TASK_STEPS.length, spec: { lane: name === "upload" ? "io" : "media" } } as StagePlace;
}

export const gateAfter = (step: TaskStep): Gate => gateOf(step === "assembly" ? "final" : step);
export const atGate = (step: TaskStep): Settlement => parkForReview(gateAfter(step), stepAfter(step), OUTPUT);

interface Queued {
  readonly task: TaskRow;
  readonly jobId: string;
}

export interface Scenes {
  queued(fromStep?: TaskStep): Promise<Queued>;
  making(step: TaskStep): Promise<Queued & { readonly job: ClaimedJob }>;
  inReview(step: TaskStep): Promise<Queued>;
  decide(
    jobId: string,
    decision: ReviewDecision["decision"],
    more: { readonly gate: string; readonly details?: JsonObject; readonly comment?: string },
  ): Promise<ReviewAnswer>;
  taskOf(id: string): Promise<TaskRow>;
  /** Each `to by`, from the first after the draft on. */
  hops(task: TaskRow): Promise<string[]>;
}

/** New tasks, brought where a test begins. */
export function scenesOf(t: TasksUnderTest): Scenes {
  const queued: Scenes["queued"] = async (fromStep = "assets") => {
    const task = await newTask(t);
    const { jobId } = await submitted(t.store, jobOf(task, fromStep));
    return { task, jobId };
  };
  const making: Scenes["making"] = async (step) => {
    const { task, jobId } = await queued(step);
    return { task, jobId, job: await claimed(t.store, jobId) };
  };
  return {
    queued,
    making,
    async inReview(step) {
      const { task, jobId, job } = await making(step);
      await settle(t.store, job, atGate(step));
      return { task, jobId };
    },
    decide: (jobId, decision, more) =>
      t.store.decideReview({
        jobId,
        ownerId: t.ownerId,
        decision,
        decidedBy: "rita",
        roles: [],
        comment: null,
        ...more,
      }),
    taskOf: async (id) => (await t.tasks.findTask(id, null))!,
    async hops(task) {
      const all = await t.tasks.listTransitions(task.id);
      return all.slice(1).map(({ toStatus, actor }) => `${toStatus} ${actor}`);
    },
  };
}
