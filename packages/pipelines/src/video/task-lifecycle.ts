import type { Lifecycle, Transition } from "@millrace/core";

/** The 26 states of a task; their order is that of the database's enum and binds (C-S10, C-S14). */
export const TASK_STATUSES = [
  "draft",
  "queued",
  "claimed",
  "generating_assets",
  "assets_ready",
  "assets_approved",
  "generating_composites",
  "composites_ready",
  "generating_video",
  "video_ready",
  "video_approved",
  "generating_audio",
  "audio_ready",
  "audio_approved",
  "generating_sfx",
  "sfx_ready",
  "assembling",
  "assembly_ready",
  "final_review",
  "approved",
  "uploading",
  "published",
  "asset_error",
  "video_error",
  "audio_error",
  "upload_error",
] as const;
export type TaskStatus = (typeof TASK_STATUSES)[number];

export type TaskActor = "user" | "worker" | "system" | "admin";

/** What is made, in this order. */
export const VIDEO_STEPS = ["assets", "composites", "video", "audio", "sfx", "assembly", "upload"] as const;
export type VideoStep = (typeof VIDEO_STEPS)[number];

interface StepStates {
  /** While it is made. */
  readonly making: TaskStatus;
  /** When it is made. */
  readonly made: TaskStatus;
  /** When it cannot be made, or what was made is rejected. */
  readonly error: TaskStatus;
}

/** Four errors for seven steps; the step is kept beside it (C-Q04). */
export const STATES_OF_STEP: Readonly<Record<VideoStep, StepStates>> = {
  assets: { making: "generating_assets", made: "assets_ready", error: "asset_error" },
  composites: { making: "generating_composites", made: "composites_ready", error: "asset_error" },
  video: { making: "generating_video", made: "video_ready", error: "video_error" },
  audio: { making: "generating_audio", made: "audio_ready", error: "audio_error" },
  sfx: { making: "generating_sfx", made: "sfx_ready", error: "audio_error" },
  assembly: { making: "assembling", made: "assembly_ready", error: "video_error" },
  upload: { making: "uploading", made: "published", error: "upload_error" },
};

const MAKING = VIDEO_STEPS.map((step) => STATES_OF_STEP[step].making);

type TaskTransition = Transition<TaskStatus, string, TaskActor>;
const arrow = (event: string, by: TaskActor, from: readonly TaskStatus[], to: TaskStatus): TaskTransition => ({
  event,
  by,
  from,
  to,
});

/** Who may move a task from where to where (C-Q01); nothing else is accepted. */
export const taskLifecycle: Lifecycle<TaskStatus, string, TaskActor> = {
  name: "task",
  states: TASK_STATUSES,
  initial: "draft",
  terminal: [],
  transitions: [
    arrow("enqueue", "user", ["draft"], "queued"),
    arrow("unqueue", "user", ["queued"], "draft"),
    arrow("claim", "worker", ["queued"], "claimed"),
    // a claim goes to the step that is due: the first one, or the one to resume at (C-Q05)
    ...VIDEO_STEPS.map((step) => arrow(`start_${step}`, "worker", ["claimed"], STATES_OF_STEP[step].making)),
    ...VIDEO_STEPS.map((step) =>
      arrow(`finish_${step}`, "worker", [STATES_OF_STEP[step].making], STATES_OF_STEP[step].made),
    ),
    ...VIDEO_STEPS.map((step) =>
      arrow(`fail_${step}`, "worker", [STATES_OF_STEP[step].making], STATES_OF_STEP[step].error),
    ),
    // given back unharmed: quota, shutdown, lost lease
    arrow(
      "release",
      "worker",
      ["claimed", ...MAKING.filter((state) => state !== "uploading"), "composites_ready", "sfx_ready"],
      "queued",
    ),
    arrow("release_upload", "worker", ["uploading"], "approved"),
    // people decide; a channel without the gate lets the system do it
    arrow("approve_assets", "user", ["assets_ready"], "assets_approved"),
    arrow("approve_video", "user", ["video_ready"], "video_approved"),
    arrow("approve_audio", "user", ["audio_ready"], "audio_approved"),
    arrow("approve_final", "user", ["final_review"], "approved"),
    arrow("reject_assets", "user", ["assets_ready", "final_review"], "asset_error"),
    arrow("reject_video", "user", ["video_ready", "final_review"], "video_error"),
    arrow("reject_audio", "user", ["audio_ready", "final_review"], "audio_error"),
    arrow("requeue", "system", ["assets_approved", "video_approved", "audio_approved", "approved"], "queued"),
    // without waiting for another turn
    arrow("proceed_composites", "system", ["assets_approved"], "generating_composites"),
    arrow("proceed_video", "worker", ["composites_ready"], "generating_video"),
    arrow("proceed_audio", "system", ["video_approved"], "generating_audio"),
    arrow("proceed_sfx", "system", ["audio_approved"], "generating_sfx"),
    arrow("proceed_assembly", "worker", ["sfx_ready"], "assembling"),
    arrow("ask_final", "worker", ["assembly_ready"], "final_review"),
    arrow("proceed_upload", "system", ["approved"], "uploading"),
    // out of an error: through the queue, or straight to the step
    arrow("retry", "user", ["asset_error", "video_error", "audio_error", "upload_error"], "queued"),
    arrow("retry_assets", "user", ["asset_error"], "generating_assets"),
    arrow("retry_composites", "user", ["asset_error"], "generating_composites"),
    arrow("retry_video", "user", ["video_error"], "generating_video"),
    arrow("retry_assembly", "user", ["video_error"], "assembling"),
    arrow("retry_audio", "user", ["audio_error"], "generating_audio"),
    arrow("retry_sfx", "user", ["audio_error"], "generating_sfx"),
    arrow("retry_upload", "user", ["upload_error"], "uploading"),
    arrow("review_again", "user", ["upload_error"], "final_review"),
    arrow("rerun", "admin", ["published"], "queued"),
  ],
};

/** Whether a task may go from one state straight to another. */
export function canMove(from: TaskStatus, to: TaskStatus): boolean {
  return taskLifecycle.transitions.some((t) => t.from.includes(from) && t.to === to);
}
