import type { Json } from "@millrace/core";
import { z } from "zod";
import { resourceKeyOfTask, type VideoInput } from "./input.ts";
import type { VideoStep } from "./task-lifecycle.ts";

/** How much a channel makes for each video, where its settings say so. */
const scaleFields = z.looseObject({
  scale: z
    .looseObject({ assets: z.int().default(22), clips: z.int().default(18), seconds: z.number().default(90) })
    .prefault({}),
});

const MOST_SECONDS = 600;

export interface ScaledTask {
  readonly narrationScripts: readonly string[] | null;
  readonly sfxDescriptions: readonly string[] | null;
}

/** As much as the channel says; a task with texts of its own has one clip for each of them, each as long as the channel's are. */
export function scaleOfTask(channelConfig: Json, task: ScaledTask): VideoInput["scale"] {
  const { assets, clips, seconds } = scaleFields.parse(channelConfig ?? {}).scale;
  const own = task.narrationScripts?.length ?? task.sfxDescriptions?.length;
  if (own === undefined || own === clips) return { assets, clips, seconds };
  return { assets, clips: own, seconds: Math.min(MOST_SECONDS, Math.round((seconds / clips) * own * 10) / 10) };
}

export interface JobOfTask {
  readonly pipeline: "video";
  readonly resourceKey: string;
  readonly stage: VideoStep;
  readonly input: VideoInput;
}

/** The job that makes a task's video, from this step on. */
export function jobOfTask(
  task: { readonly id: string; readonly channelId: string },
  run: { readonly fromStep: VideoStep; readonly quotaPool: string; readonly scale: VideoInput["scale"] },
): JobOfTask {
  return {
    pipeline: "video",
    resourceKey: resourceKeyOfTask(task.id),
    stage: run.fromStep,
    input: {
      task_id: task.id,
      channel_id: task.channelId,
      quota_pool: run.quotaPool,
      scale: run.scale,
      from_step: run.fromStep,
    },
  };
}
