import type { Json } from "@millrace/core";
import { type VideoInput, videoInput } from "./input.ts";
import type { GateName } from "./notion/read-intent.ts";
import { STATES_OF_STEP, type TaskStatus, type VideoStep } from "./task-lifecycle.ts";

export type TaskGate = GateName;

/** What a person says at a gate of a task. */
export interface TaskReview {
  readonly gate: TaskGate;
  readonly decision: "approved" | "rejected";
  /** A rejection needs it. */
  readonly comment: string | null;
  /** Of a rejection: what is to be made again. At the gate `final` it has to be said; else it is the gate's own step. */
  readonly step?: VideoStep | null;
  /** Only these clips of the step; from 1. */
  readonly clips?: readonly number[] | null;
  /** Only these units of the step, such as `characters/01`. */
  readonly units?: readonly string[] | null;
}

/** A field of the review is wrong. */
export interface ReviewFault {
  readonly kind: "invalid";
  readonly field: "comment" | "step" | "clips" | "units";
  readonly rule: string;
  readonly message: string;
}

interface ReviewDetails {
  readonly step?: VideoStep;
  readonly clips?: readonly number[];
  readonly units?: readonly string[];
}

/** Steps people can send back; of those made clip by clip, single clips. */
const REDONE: readonly VideoStep[] = ["assets", "composites", "video", "audio", "sfx", "assembly"];
const BY_CLIP: readonly VideoStep[] = ["composites", "video", "audio", "sfx"];

/** The error a rejection leads to; of one that names no step at the last gate, that of the assembly. */
export function errorAfter({ gate, step }: Pick<TaskReview, "gate" | "step">): TaskStatus {
  return STATES_OF_STEP[gate === "final" ? (step ?? "assembly") : gate].error;
}

const fault = (field: ReviewFault["field"], rule: string, message: string): ReviewFault => ({
  kind: "invalid",
  field,
  rule,
  message,
});

/** Whether a review makes sense for a job with this input, and what is kept with it. */
export function checkReview(
  review: TaskReview,
  jobInput: Json,
): ReviewFault | { readonly kind: "valid"; readonly details: ReviewDetails | null } {
  if (review.decision === "approved") return checkApproval(review);
  const { gate, comment, step = null, clips = null, units = null } = review;
  if ((comment ?? "").trim() === "") return fault("comment", "required", "is required: a rejection says why");
  if (gate === "final" && step === null)
    return fault("step", "required", `is required at the gate final: one of ${REDONE.join(", ")}`);
  if (gate !== "final" && step !== null && step !== gate)
    return fault("step", "gate_step", `must be ${gate}, the step of this gate, or left out`);
  const redone = step ?? (gate as Exclude<TaskGate, "final">);
  if (!REDONE.includes(redone)) return fault("step", "redoable", `must be one of ${REDONE.join(", ")}`);
  if (clips !== null) {
    const { scale } = videoInput.parse(jobInput) satisfies VideoInput;
    if (!BY_CLIP.includes(redone))
      return fault("clips", "step_has_clips", `the step ${redone} has no clips: name units`);
    if (clips.some((clip) => !Number.isInteger(clip) || clip < 1 || clip > scale.clips))
      return fault("clips", "in_range", `must be numbers of clips, 1 to ${scale.clips}`);
  }
  if (units !== null && redone === "assembly")
    return fault("units", "step_has_units", "the assembly is made as a whole");
  const details = {
    ...(step !== null && { step }),
    ...(clips !== null && clips.length > 0 && { clips: [...new Set(clips)].sort((a, b) => a - b) }),
    ...(units !== null && units.length > 0 && { units: [...new Set(units)] }),
  };
  return { kind: "valid", details: Object.keys(details).length === 0 ? null : details };
}

function checkApproval({
  step,
  clips,
  units,
}: TaskReview): ReviewFault | { readonly kind: "valid"; readonly details: null } {
  for (const [field, value] of Object.entries({ step, clips, units })) {
    if (value !== undefined && value !== null)
      return fault(field as ReviewFault["field"], "rejection_only", "goes with a rejection only");
  }
  return { kind: "valid", details: null };
}
