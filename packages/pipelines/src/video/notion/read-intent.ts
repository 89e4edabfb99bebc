import type { Priority } from "@millrace/core";
import { STATES_OF_STEP, type TaskStatus, taskLifecycle, VIDEO_STEPS, type VideoStep } from "../task-lifecycle.ts";
import { clipNumbersIn } from "./clip-numbers.ts";
import { newNotes } from "./error-log.ts";
import { labelOf } from "./labels.ts";
import { BOARD, type BoardEntry, type TaskFields } from "./read-page.ts";

export type GateName = "assets" | "video" | "audio" | "final";

/** A task as it is here, and what its page said when both were last in step. */
export interface BoardTask {
  readonly status: TaskStatus;
  readonly clipCount: number;
  readonly seen: {
    readonly status: TaskStatus | null;
    readonly priority: Priority | null;
    readonly errorLog: string;
  };
}

/** What a person wants by the status they chose. */
export type Intent =
  | { readonly kind: "none" }
  | { readonly kind: "queue"; readonly fields: TaskFields }
  | { readonly kind: "unqueue" }
  /** Out of an error; from that step, or where it failed. */
  | { readonly kind: "retry"; readonly step: VideoStep | null }
  | { readonly kind: "review_again" }
  | { readonly kind: "approve"; readonly gate: GateName }
  | {
      readonly kind: "reject";
      readonly gate: GateName;
      /** The one to make anew. */
      readonly step: "assets" | "video" | "audio";
      readonly reason: string;
      /** Null: all. Always null for assets. */
      readonly clips: readonly number[] | null;
    }
  /** Nothing changes but the page: its status goes back, and these reasons into its Error Log. */
  | { readonly kind: "refused"; readonly reasons: readonly string[] };

const GATES: Readonly<Partial<Record<TaskStatus, GateName>>> = {
  assets_ready: "assets",
  video_ready: "video",
  audio_ready: "audio",
  final_review: "final",
};

/**
 * Reads what a person did to the status; a page that has no task yet (null) matters once it is Queued. Whoever acts on it stores the page's status as seen in the same transaction:
 * then a second reading of the same page finds nothing to do.
 */
export function readIntent(task: BoardTask | null, entry: BoardEntry): Intent {
  if (task === null) return entry.status === "queued" ? queueing(entry) : { kind: "none" };
  const { status: from, seen } = task;
  const to = entry.status;
  if (to === undefined) return refused(`${BOARD.status} is none of the known labels`);
  if (to === from || to === seen.status) return { kind: "none" };
  const arrow = taskLifecycle.transitions.find((t) => t.by === "user" && t.from.includes(from) && t.to === to);
  const [act, subject] = arrow?.event.split("_") ?? [];
  switch (act) {
    case "enqueue":
      return queueing(entry);
    case "unqueue":
      return { kind: "unqueue" };
    case "retry":
      return { kind: "retry", step: VIDEO_STEPS.find((step) => STATES_OF_STEP[step].making === to) ?? null };
    case "review":
      return { kind: "review_again" };
    case "approve":
      return { kind: "approve", gate: GATES[from] ?? "final" };
    case "reject":
      return rejection(task, entry, subject as "assets" | "video" | "audio");
    default:
      return refused(`${labelOf(from)} cannot be changed to ${labelOf(to)} by hand`);
  }
}

/** The priority a person chose since it was last seen; undefined where they did not. */
export function readPriority(task: BoardTask, entry: BoardEntry): Priority | undefined {
  return entry.priority === task.seen.priority ? undefined : entry.priority;
}

function queueing({ task }: BoardEntry): Intent {
  return "fields" in task ? { kind: "queue", fields: task.fields } : refused(...task.problems);
}

function rejection(task: BoardTask, entry: BoardEntry, step: "assets" | "video" | "audio"): Intent {
  const reason = newNotes(entry.errorLog, task.seen.errorLog);
  if (reason === "")
    return refused(`A rejection needs its reason in ${BOARD.errorLog}, written before the status is set`);
  const { clips, unknown } = clipNumbersIn(reason, task.clipCount);
  if (step !== "assets" && unknown.length > 0) {
    return refused(`There is no clip ${unknown.join(", ")}: they are 1 to ${task.clipCount}`);
  }
  const isPartial = step !== "assets" && clips.length > 0;
  return { kind: "reject", gate: GATES[task.status] ?? "final", step, reason, clips: isPartial ? clips : null };
}

function refused(...reasons: string[]): Intent {
  return { kind: "refused", reasons };
}
