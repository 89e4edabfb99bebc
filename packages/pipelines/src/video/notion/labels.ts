import { PRIORITIES, type Priority } from "@millrace/core";
import { TASK_STATUSES, type TaskStatus } from "../task-lifecycle.ts";

/** `generating_assets` → `Generating Assets` */
const titleCase = (state: string): string =>
  state.replace(/(?:^|_)[a-z]/g, (start) => start.replace("_", " ").toUpperCase());

/** Other words for the states, as boards use them. Case, spaces, dashes, underscores and emoji do not count. */
export const LABEL_ALIASES: Readonly<Record<TaskStatus, readonly string[]>> = {
  draft: ["Idea", "Backlog", "Not started"],
  queued: ["Ready", "In queue", "To do", "Pending", "Retry"],
  claimed: ["Picked up", "Processing", "Started"],
  generating_assets: ["Assets generating", "Making assets"],
  assets_ready: ["Assets review", "Review assets"],
  assets_approved: ["Assets OK", "Approve assets"],
  generating_composites: ["Composites generating", "Making composites"],
  composites_ready: ["Composites done"],
  generating_video: ["Video generating", "Generating videos", "Making video"],
  video_ready: ["Video review", "Review video", "Videos ready"],
  video_approved: ["Video OK", "Approve video", "Videos approved"],
  generating_audio: ["Audio generating", "Generating narration", "Making audio"],
  audio_ready: ["Audio review", "Review audio"],
  audio_approved: ["Audio OK", "Approve audio"],
  generating_sfx: ["Sfx generating", "Generating sound effects", "Making sfx"],
  sfx_ready: ["Sfx done", "Sound effects ready"],
  assembling: ["Assembling video", "Assembly"],
  assembly_ready: ["Assembled", "Assembly done"],
  final_review: ["Review final", "Ready for review", "Final video review"],
  approved: ["Final approved", "Approved for upload", "Ready to upload"],
  uploading: ["Uploading to YouTube", "Publishing"],
  published: ["Done", "Complete", "Completed", "Uploaded", "Live"],
  asset_error: ["Assets error", "Error assets", "Asset failed", "Assets rejected"],
  video_error: ["Error video", "Video failed", "Video rejected"],
  audio_error: ["Error audio", "Audio failed", "Audio rejected"],
  upload_error: ["Error upload", "Upload failed", "Publish error"],
};

const plain = (label: string): string =>
  label
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim();

const STATUSES = new Map(
  TASK_STATUSES.flatMap((status) => [status, ...LABEL_ALIASES[status]].map((label) => [plain(label), status] as const)),
);

/** What the board shows. */
export function labelOf(status: TaskStatus): string {
  return titleCase(status);
}

/** The state a label means; undefined for one that is known nowhere. */
export function statusOfLabel(label: string): TaskStatus | undefined {
  return STATUSES.get(plain(label));
}

/** What the board shows of a priority. */
export function labelOfPriority(priority: Priority): string {
  return titleCase(priority);
}

/** Low, Normal or High, in any case; undefined for anything else. */
export function priorityOfLabel(label: string): Priority | undefined {
  return PRIORITIES.find((priority) => priority === plain(label));
}
