import { TASK_STATUSES, type TaskStatus } from "@millrace/pipelines";

export const TASK_GROUPS = ["draft", "waiting", "in_progress", "review", "errors", "published"] as const;
export type TaskGroup = (typeof TASK_GROUPS)[number];

export const GROUP_TITLES: Readonly<Record<TaskGroup, string>> = {
  draft: "Draft",
  waiting: "Waiting",
  in_progress: "In progress",
  review: "Needs review",
  errors: "Errors",
  published: "Published",
};

/** Statuses in which people decide. */
const REVIEWS: readonly TaskStatus[] = ["assets_ready", "video_ready", "audio_ready", "final_review"];

/** Every status is in exactly one group; what is not named elsewhere is under way. */
export function groupOf(status: TaskStatus): TaskGroup {
  if (status === "draft" || status === "published") return status;
  if (status === "queued") return "waiting";
  if (REVIEWS.includes(status)) return "review";
  return status.endsWith("_error") ? "errors" : "in_progress";
}

export function statusesOf(group: TaskGroup): readonly TaskStatus[] {
  return TASK_STATUSES.filter((status) => groupOf(status) === group);
}
