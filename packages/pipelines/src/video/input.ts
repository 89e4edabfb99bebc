import { z } from "zod";
import { VIDEO_STEPS } from "./task-lifecycle.ts";

/** What a job that makes a video is given; all else is in the task's row. */
export const videoInput = z.strictObject({
  task_id: z.uuid(),
  /** uuid of the task's channel. */
  channel_id: z.uuid(),
  /** Whose quota it takes: that of the channel when it was queued. */
  quota_pool: z.string().min(1).max(50),
  /** How much there is to make, as the channel had it when the task was queued. */
  scale: z.strictObject({
    assets: z.int().min(1).max(100),
    clips: z.int().min(1).max(60),
    /** Length of the whole video. */
    seconds: z.number().min(1).max(600),
  }),
  /** Where this run begins; the steps before are done. */
  from_step: z.enum(VIDEO_STEPS),
});

export type VideoInput = z.infer<typeof videoInput>;
export type VideoInputDraft = z.input<typeof videoInput>;

/** One active job for a task. */
export const resourceKeyOfTask = (taskId: string): string => `task:${taskId}`;
