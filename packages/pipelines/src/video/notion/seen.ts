import { type JsonObject, PRIORITIES, type Priority } from "@millrace/core";
import { z } from "zod";
import { TASK_STATUSES, type TaskStatus } from "../task-lifecycle.ts";

/** A task as far as its page shows it. */
export interface ShownTask {
  readonly status: TaskStatus;
  readonly priority: Priority;
  readonly errorLog: string | null;
  readonly youtubeUrl: string | null;
}

const seenFields = z.object({
  /** What the page said. */
  status: z.enum(TASK_STATUSES).nullable(),
  /** What was about to be written there: it may have come to stand there although no answer came. */
  writing: z.enum(TASK_STATUSES).nullable(),
  priority: z.enum(PRIORITIES).nullable(),
  error_log: z.string(),
  /** What was to be said on the page: another task than this has something new to say. */
  task: z.record(z.string(), z.unknown()),
});

/** A page and its task when both were last in step. */
export type Seen = z.infer<typeof seenFields>;

/** A page that nothing is known of is one somebody has just begun. */
const NEVER_SEEN: Seen = { status: "draft", writing: null, priority: null, error_log: "", task: {} };

export function readSeen(kept: JsonObject | null): Seen {
  return seenFields.safeParse(kept).data ?? NEVER_SEEN;
}

/** As the database compares it with the row, so its names and the length in characters are the row's. */
export function shownOf({ status, priority, errorLog, youtubeUrl }: ShownTask): JsonObject {
  return { status, priority, youtube_url: youtubeUrl, error_log_length: [...(errorLog ?? "")].length };
}

export function hasNews(task: ShownTask, seen: Seen): boolean {
  const shown = shownOf(task);
  return Object.entries(shown).some(([name, value]) => seen.task[name] !== value);
}
