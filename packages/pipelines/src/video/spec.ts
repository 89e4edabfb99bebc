import type { Lane, PipelineSpec, QuotaNeed, RetryPolicy, Schema, StageSpec } from "@millrace/core";
import { resourceKeyOfTask, type VideoInput, videoInput } from "./input.ts";
import { assemblyOutput, stepOutput, uploadOutput } from "./outputs.ts";
import type { VideoStep } from "./task-lifecycle.ts";

/** C-Q14: five tries, with 1, 5, 15 and 60 minutes between them, ±10 %. */
const VIDEO_RETRIES: RetryPolicy = {
  attempts: 5,
  baseMs: 60_000,
  factor: 1,
  maxMs: 3_600_000,
  waitsMs: [60_000, 300_000, 900_000, 3_600_000],
  jitter: 0.1,
  jitterDown: 0.1,
};

/** Four for each of seven stages: what bounds a stage is its attempts. */
const MAX_RETRIES = 28;

const MINUTE_MS = 60_000;

/** Accounts of makers belong to the deployment, not to a channel: all its calls share one quota. */
export const MAKERS_POOL = "deployment";

/** Who makes each part: the name of a provider whose calls count; null: this machine. */
export interface VideoServices {
  readonly assets: string | null;
  readonly video: string | null;
  readonly audio: string | null;
  readonly sfx: string | null;
  /** The publisher's name, `library` or `youtube`. */
  readonly upload: string;
}

export interface VideoSpecSettings {
  readonly services: VideoServices;
  /** What one upload takes of the publisher's quota. */
  readonly uploadUnits: number;
}

/** Everything by this machine, published in the library. */
export const LOCAL_VIDEO: VideoSpecSettings = {
  services: { assets: null, video: null, audio: null, sfx: null, upload: "library" },
  uploadUnits: 1,
};

/** What a video's upload has cost of YouTube's day of 10,000 units. */
const UPLOAD_UNITS: Readonly<Record<string, number>> = { youtube: 1_600 };

/** From the settings that the API and the workers share; `local` is this machine. */
export function videoSpecSettings(chosen: {
  readonly images: string;
  readonly clips: string;
  readonly voices: string;
  readonly sounds: string;
  readonly publisher: string;
  readonly uploadUnits?: number | undefined;
}): VideoSpecSettings {
  const { images, clips, voices, sounds, publisher, uploadUnits = UPLOAD_UNITS[publisher] ?? 1 } = chosen;
  const remote = (name: string): string | null => (name === "local" ? null : name);
  return {
    services: {
      assets: remote(images),
      video: remote(clips),
      audio: remote(voices),
      sfx: remote(sounds),
      upload: publisher,
    },
    uploadUnits,
  };
}

type Quota = (input: VideoInput) => QuotaNeed | null;

interface StageLimits {
  readonly lane?: Lane;
  readonly minutes: number;
  readonly quota?: Quota | undefined;
}

function stage<T>(output: Schema<T>, { lane = "media", minutes, quota }: StageLimits): StageSpec<T> {
  const spec = { lane, timeoutMs: minutes * MINUTE_MS, retry: VIDEO_RETRIES, isAbortable: true, output };
  return quota === undefined ? spec : { ...spec, quota };
}

function videoStages({ services, uploadUnits }: VideoSpecSettings) {
  const calls = (service: string | null, count: (scale: VideoInput["scale"]) => number): Quota | undefined =>
    service === null ? undefined : ({ scale }) => ({ service, pool: MAKERS_POOL, units: count(scale) });
  const clips = ({ clips }: VideoInput["scale"]): number => clips;
  const upload: Quota = ({ quota_pool }) => ({ service: services.upload, pool: quota_pool, units: uploadUnits });
  return {
    assets: stage(stepOutput, { minutes: 30, quota: calls(services.assets, ({ assets }) => assets) }),
    composites: stage(stepOutput, { minutes: 15 }),
    video: stage(stepOutput, { minutes: 180, quota: calls(services.video, clips) }),
    audio: stage(stepOutput, { minutes: 30, quota: calls(services.audio, clips) }),
    sfx: stage(stepOutput, { minutes: 30, quota: calls(services.sfx, clips) }),
    assembly: stage(assemblyOutput, { minutes: 30 }),
    upload: stage(uploadOutput, { lane: "io", minutes: 120, quota: upload }),
  } satisfies Record<VideoStep, StageSpec>;
}

export type VideoStages = ReturnType<typeof videoStages>;
export type VideoSpec = PipelineSpec<VideoInput, VideoStages>;

/** The pure half of the making of videos: an API needs no more than this to accept work. */
export function videoSpec(settings: VideoSpecSettings = LOCAL_VIDEO): VideoSpec {
  return {
    name: "video",
    version: "0.1.0",
    admission: "fair",
    input: videoInput,
    stages: videoStages(settings),
    maxRetries: MAX_RETRIES,
    resourceKey: ({ task_id }) => resourceKeyOfTask(task_id),
  };
}
