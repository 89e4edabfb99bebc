import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Claim, type Log, MillraceError, type StageContext } from "@millrace/core";
import type { Channel } from "@millrace/providers";
import type { VideoInput } from "./input.ts";
import type { VideoNeeds, VideoTask, VideoUnit } from "./needs.ts";
import { openUnits, type UnitFiles } from "./open-units.ts";
import { patientNeeds } from "./patiently.ts";
import type { VideoStep } from "./task-lifecycle.ts";

/** What every step of a video works with. */
export interface StepWork {
  readonly needs: VideoNeeds;
  readonly step: VideoStep;
  readonly task: VideoTask;
  readonly channel: Channel;
  readonly input: VideoInput;
  readonly claim: Claim;
  /** What the task has already, and the files of it that this step needs. */
  readonly units: UnitFiles;
  /** Its own, empty at the start of every try and gone at its end. */
  readonly folder: string;
  /** Aborts with the stage's, and as soon as the claim is known to be lost. */
  readonly signal: AbortSignal;
  /** Ends everything under way: another worker has the job. */
  readonly stop: (error: Error) => void;
  readonly progress: (share: number) => void;
  readonly log: Log;
  readonly now: () => Date;
}

/** Runs a step with its task opened and a fresh folder, which is removed whatever happens. */
export async function workOn<Outputs, T>(
  given: VideoNeeds,
  step: VideoStep,
  context: StageContext<VideoInput, Outputs>,
  act: (work: StepWork) => Promise<T>,
): Promise<T> {
  const { input, job } = context;
  const needs = patientNeeds(given, context);
  const claim = { jobId: job.id, fence: job.fence };
  const own = new AbortController();
  const stop = (error: Error): void => own.abort(error);
  // of a stage that began and said nothing everything reserved would count as used
  checkHeld({ stop }, await needs.useQuota(claim, 0));
  const task = await needs.tasks.openTask(input.task_id);
  // another owner's task is as if it were not there
  if (task === undefined || task.ownerId !== job.ownerId)
    throw new MillraceError("NOT_FOUND", `There is no task ${input.task_id}.`);
  const channel = channelOf(needs, task);
  const known = await needs.tasks.unitsOf(task.id);
  await mkdir(needs.workFolder, { recursive: true });
  const folder = await mkdtemp(join(needs.workFolder, `${task.id}-${step}-`));
  const signal = AbortSignal.any([context.signal, own.signal]);
  try {
    return await act({
      needs,
      step,
      task,
      channel,
      input,
      claim,
      units: openUnits({ blobs: needs.blobs, known, folder, signal }),
      folder,
      signal,
      stop,
      progress: (share) => context.progress(share),
      log: context.log,
      now: () => context.clock.now(),
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Throws, and ends what else is under way, when something could not be written because the claim is lost. */
export function checkHeld(work: Pick<StepWork, "stop">, isHeld: boolean): void {
  if (isHeld) return;
  const error = new MillraceError("LEASE_LOST", "another worker has taken the job over", { retry: "stop" });
  work.stop(error);
  throw error;
}

/** A channel whose fields are wrong makes nothing: its gates could be among them. */
function channelOf({ readChannel }: VideoNeeds, { channel }: VideoTask): Channel {
  const own = { channel_id: channel.channelId, channel_name: channel.channelName, notion_database_id: null };
  const fields = typeof channel.config === "object" && !Array.isArray(channel.config) ? channel.config : {};
  const read = readChannel({ ...own, ...fields });
  if ("channel" in read) return read.channel;
  throw new MillraceError(
    "MEDIA_REFUSED",
    `The fields of channel ${channel.channelId} are wrong: ${read.reasons.join("; ")}`,
  );
}

/** What the task has of a step, by name. */
export function unitOf(work: Pick<StepWork, "units">, step: VideoStep, unit: string): VideoUnit {
  const found = work.units.find(step, unit);
  if (found !== undefined) return found;
  throw new MillraceError("MEDIA_FAILED", `${step} ${unit} is not there: the step ${step} has to be made first.`, {
    details: { step, unit },
  });
}
