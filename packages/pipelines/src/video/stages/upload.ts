import { done, MillraceError } from "@millrace/core";
import { pausing } from "../call-provider.ts";
import { hashOf } from "../hash-of.ts";
import type { UploadOutput } from "../outputs.ts";
import { checkHeld, type StepWork, unitOf, workOn } from "../step-work.ts";
import type { VideoStage } from "../video-stage.ts";
import { FINAL } from "./assembly.ts";

const UPLOADS_A_DAY = 3;

/** Where channels keep what YouTube lets them upload with. */
const REFRESH_TOKEN = "youtube_refresh_token";

/** The finished video, handed to where people watch it: once, however often this runs. */
export const upload: VideoStage<"upload"> = (needs) => (context) =>
  workOn(needs, "upload", context, async (work) => done(await publish(work)));

async function publish(work: StepWork): Promise<UploadOutput> {
  const { needs, task, channel, claim, signal } = work;
  const startedAt = work.now().getTime();
  const final = unitOf(work, "assembly", FINAL);
  const elsewhere = await needs.tasks.publishedElsewhere(task.id, final.sha256);
  if (elsewhere !== null) {
    throw new MillraceError("MEDIA_REFUSED", `The same video was published before as task ${elsewhere}.`, {
      details: { task_id: elsewhere },
    });
  }
  const publisher = needs.makers.publisherFor(task.ownerId);
  const isRemote = publisher.name !== "library";
  const refreshToken = isRemote ? await needs.credential(task.channel.id, REFRESH_TOKEN) : null;
  const videoPath = await work.units.fetch(final);
  const privacy = task.privacy ?? channel.privacy;
  const order = { step: "upload", unit: FINAL, inputHash: hashOf([publisher.name, final.sha256]) } as const;
  const state = await needs.tasks.findOrder(task.id, order);
  const keepState = async (text: string): Promise<void> =>
    checkHeld(work, await needs.tasks.keepOrder(claim, task.id, { ...order, state: text }));
  // an upload that goes on was counted when it began
  if (state === null) {
    if (isRemote) await checkUploads(work);
    checkHeld(work, await needs.useQuota(claim, needs.uploadUnits));
  }
  const published = await pausing(work, { service: publisher.name, pool: work.input.quota_pool }, () =>
    publisher.publish({
      videoPath,
      title: task.title,
      description: describe(work),
      tags: channel.tags,
      privacy,
      refreshToken,
      state,
      keepState,
      signal,
      progress: work.progress,
    }),
  );
  const { url, videoId, usage } = published;
  const cost = { step: "upload", unit: FINAL, component: `${publisher.name}_upload`, usage } as const;
  await needs.tasks.keepCost(task.id, cost);
  checkHeld(work, await needs.tasks.keepPublished(claim, task.id, { url, videoId }));
  const record = {
    partial_progress: { made: 1, wanted: 1 },
    duration_seconds: (work.now().getTime() - startedAt) / 1_000,
  };
  checkHeld(work, await needs.tasks.keepStep(claim, task.id, "upload", record));
  work.log.info({ task_id: task.id, step: "upload", publisher: publisher.name, video_id: videoId }, "video published");
  return { publisher: publisher.name, video_id: videoId, url, privacy, sha256: final.sha256 };
}

/** Channels that publish more in a day are taken for spam (C2.8): the next one waits for tomorrow, UTC. */
async function checkUploads({ needs, task, now }: StepWork): Promise<void> {
  const uploads = await needs.tasks.uploadsToday(task.channel.id);
  if (uploads < UPLOADS_A_DAY) return;
  const tomorrow = new Date(now()).setUTCHours(24, 0, 0, 0);
  throw new MillraceError(
    "QUOTA_EXHAUSTED",
    `Channel ${task.channel.channelId} has published ${uploads} videos today; the next one goes tomorrow.`,
    { retry: "park", retryAfterMs: tomorrow - now().getTime(), details: { uploads, limit: UPLOADS_A_DAY } },
  );
}

/** The channel's template with the task's words in it; the topic where there is no template. */
function describe({ task, channel }: Pick<StepWork, "task" | "channel">): string {
  const words: Readonly<Record<string, string>> = {
    title: task.title,
    topic: task.topic,
    story_direction: task.storyDirection,
    channel_name: channel.channelName,
  };
  const template = channel.descriptionTemplate.trim() === "" ? "{topic}" : channel.descriptionTemplate;
  return template.replace(/\{(?<name>[a-z_]+)\}/g, (written, name: string) => words[name] ?? written);
}
