import type { TaskRow } from "@millrace/db";
import { STATES_OF_STEP, type TaskStatus, VIDEO_STEPS, type VideoStep } from "@millrace/pipelines";
import { z } from "zod";
import { groupOf } from "../video/task-groups.ts";
import type { TypicalTimes } from "../video/task-reader.ts";
import { type Html, html } from "./html.ts";
import { agoTag, durationText } from "./show-time.ts";

/** How often the usual time a task may stay in a status before it is marked (C2.5). */
const STALE_TIMES = 3;
/** Nobody has to look sooner. */
const LEAST_STALE_MS = 60_000;

/** `generating_assets` as people read it. */
export const wordsOf = (name: string): string => name.replaceAll("_", " ");

export function taskPill(status: TaskStatus): Html {
  return html`<span class="pill task-${groupOf(status)}">${wordsOf(status)}</span>`;
}

/** Between the screens of videos. */
export function videoNav(here: "/tasks" | "/channels" | "/library"): Html {
  const link = (path: string, name: string): Html =>
    html`<a href="${path}" ${path === here && html`aria-current="true"`}>${name}</a>`;
  return html`<span class="tabs">${link("/tasks", "tasks")}${link("/channels", "channels")}${link("/library", "library")}</span>`;
}

/** How long it has its status, marked where that is more than three times what is usual. */
export function timeInStatus(task: Pick<TaskRow, "status" | "statusSince">, typical: TypicalTimes, now: Date): Html {
  const ms = Math.max(0, now.getTime() - task.statusSince.getTime());
  const since = html`<time datetime="${task.statusSince.toISOString()}" title="since ${task.statusSince.toISOString()}">${durationText(ms)}</time>`;
  const usualMs = isResting(task.status) ? undefined : typical.get(task.status);
  if (usualMs === undefined || ms <= Math.max(LEAST_STALE_MS, STALE_TIMES * usualMs)) return since;
  return html`<span class="stale" title="usually ${durationText(usualMs)}">▲ ${since}</span>`;
}

/** Nobody waits for it to leave these. */
const isResting = (status: TaskStatus): boolean => status === "draft" || status === "published";

const stepRecord = z.object({
  completed: z.boolean().catch(false),
  approved: z.boolean().catch(false),
  partial_progress: z.object({ made: z.number(), wanted: z.number() }).nullable().catch(null),
  duration_seconds: z.number().nullable().catch(null),
  error_message: z.string().nullable().catch(null),
});

export interface StepView {
  readonly step: VideoStep;
  /** `asked`: people decide about it now. */
  readonly state: "done" | "running" | "asked" | "failed" | "due";
  readonly isApproved: boolean;
  readonly made: number | null;
  readonly wanted: number | null;
  readonly seconds: number | null;
  readonly error: string | null;
}

/** The seven steps as they stand. */
export function stepsOf(task: Pick<TaskRow, "status" | "stepCompletionMetadata" | "errorStep">): readonly StepView[] {
  return VIDEO_STEPS.map((step) => {
    const record = stepRecord.safeParse(task.stepCompletionMetadata[step] ?? {}).data;
    return {
      step,
      state: stateOf(task, step, record?.completed ?? false),
      isApproved: record?.approved ?? false,
      made: record?.partial_progress?.made ?? null,
      wanted: record?.partial_progress?.wanted ?? null,
      seconds: record?.duration_seconds ?? null,
      error: record?.error_message ?? null,
    };
  });
}

function stateOf(
  { status, errorStep }: Pick<TaskRow, "status" | "errorStep">,
  step: VideoStep,
  isComplete: boolean,
): StepView["state"] {
  const { making, made } = STATES_OF_STEP[step];
  if (status === making) return "running";
  if (groupOf(status) === "review" && (status === made || (status === "final_review" && step === "assembly"))) {
    return "asked";
  }
  if (groupOf(status) === "errors" && errorStep === step) return "failed";
  return isComplete ? "done" : "due";
}

/** How much of the seven steps is done, in percent; a part of a step counts by its units. */
export function progressOf(task: Pick<TaskRow, "status" | "stepCompletionMetadata" | "errorStep">): number {
  if (task.status === "published") return 100;
  const parts = stepsOf(task).map(({ state, made, wanted }) => {
    if (state === "done" || state === "asked") return 1;
    return made !== null && wanted !== null && wanted > 0 ? Math.min(1, made / wanted) : 0;
  });
  return Math.floor((100 * parts.reduce((sum, part) => sum + part, 0)) / VIDEO_STEPS.length);
}

/** What keeps it, in a few words: a next try, a quota, a cancel under way, an error. */
export function taskStanding({ status, job, errorStep, errorCode, cancelReason }: TaskRow, now: Date): Html | null {
  if (groupOf(status) === "errors") return html`in <b>${errorStep ?? "?"}</b>: ${errorCode ?? "no code"}`;
  if (status === "draft" && cancelReason !== null) return html`cancelled: ${cancelReason}`;
  if (job === null || status === "draft" || status === "published") return null;
  if (job.cancelRequestedAt !== null) return html`is being cancelled`;
  const due = job.nextRetryAt === null ? null : agoTag(job.nextRetryAt, now);
  if (job.waitingFor === "retry") return html`<b>${job.stage}</b> again ${due}, retry ${job.retryAttempt}`;
  if (job.waitingFor === "quota") return html`<b>${job.stage}</b> waits for quota ${due}`;
  return null;
}

/** `$ 1.25`, or nothing spent. */
export function moneyText(usd: number): string {
  return `$ ${usd.toFixed(usd !== 0 && usd < 0.1 ? 4 : 2)}`;
}
