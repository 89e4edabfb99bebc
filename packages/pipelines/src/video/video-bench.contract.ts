import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Blobs, Json, Outcome } from "@millrace/core";
import {
  createLibraryPublisher,
  createLocalMedia,
  createMediaTools,
  openBlobs,
  parseChannelFields,
} from "@millrace/providers";
import { collectLogs, settableClock } from "@millrace/testing";
import type { VideoInput } from "./input.ts";
import { knownTask } from "./known-tasks.contract.ts";
import type { VideoMakers, VideoNeeds, VideoTask } from "./needs.ts";
import { videoPipeline } from "./pipeline.ts";
import { VIDEO_STEPS, type VideoStep } from "./task-lifecycle.ts";

export const OWNER = "0197a6f0-0000-7000-8000-00000000beef";
export const TASK = "7c1d1c8e-3b64-4f4e-9d52-0f5ad1c3a0b1";
const CHANNEL = "5f0f4b7a-9f0e-4d52-8a3a-2b7a1f4c9d10";
export const NO_GATES = { gates: { assets: "off", video: "off", audio: "off" }, final_gate: "off" };

export interface BenchOptions {
  /** Instead of the quick ones. */
  readonly makers?: Partial<VideoMakers>;
  /** The makers of this machine. */
  readonly isLocal?: boolean;
  readonly config?: Json;
  readonly task?: Partial<VideoTask>;
  readonly scale?: VideoInput["scale"];
  readonly needs?: Partial<VideoNeeds>;
}

/** A task, its records and blobs, and the stages that make it. */
export async function openBench(options: BenchOptions = {}) {
  const folder = await mkdtemp(join(tmpdir(), "millrace-video-"));
  const blobs = await openBlobs(pathToFileURL(join(folder, "blobs")).href);
  const tasks = knownTask({
    id: TASK,
    ownerId: OWNER,
    runNo: 1,
    title: "How bees survive the winter",
    topic: "Honeybees in winter",
    storyDirection: "Open with a snowy garden at dawn. Show how the bees keep warm.",
    priority: "normal",
    narrationScripts: null,
    sfxDescriptions: null,
    privacy: null,
    steps: {},
    channel: {
      id: CHANNEL,
      channelId: "bees",
      channelName: "Bees",
      quotaPool: "bees",
      config: options.config ?? NO_GATES,
    },
    ...options.task,
  });
  const pauses: Parameters<VideoNeeds["pause"]>[0][] = [];
  const used: number[] = [];
  const permits = new Map<string, { now: number; most: number; calls: number }>();
  const { log, lines } = collectLogs();
  const clock = settableClock(new Date("2026-03-04T12:00:00Z"));
  const needs: VideoNeeds = {
    blobs,
    tasks,
    permits: {
      async withPermit({ provider }, work) {
        const count = permits.get(provider) ?? { now: 0, most: 0, calls: 0 };
        permits.set(provider, count);
        count.now += 1;
        count.calls += 1;
        count.most = Math.max(count.most, count.now);
        try {
          return await work();
        } finally {
          count.now -= 1;
        }
      },
    },
    makers: { ...quickMakers(), ...(options.isLocal && localMakers(blobs)), ...options.makers },
    readChannel: parseChannelFields,
    credential: async () => null,
    pause: async (pause) => {
      pauses.push(pause);
    },
    useQuota: async (claim, units) => {
      if (units > 0) used.push(units);
      return claim.fence === tasks.fence;
    },
    uploadUnits: 1,
    workFolder: join(folder, "work"),
    ...options.needs,
  };
  const pipeline = videoPipeline(needs);
  const scale = options.scale ?? { assets: 2, clips: 2, seconds: 2 };

  async function run(step: VideoStep, signal = new AbortController().signal): Promise<Outcome<unknown>> {
    const job = {
      id: "0197a6f0-0000-7000-8000-00000000c0de",
      ownerId: OWNER,
      resourceKey: `task:${TASK}`,
      contentId: null,
      channelId: CHANNEL,
      priority: "normal",
      dataTier: "compact",
      pipelineVersion: "0.1.0",
      attempt: 1,
      fence: tasks.fence,
    } as const;
    const input: VideoInput = { task_id: TASK, channel_id: CHANNEL, quota_pool: "bees", scale, from_step: "assets" };
    const stage = pipeline.stages[step];
    if (stage === undefined) throw new Error(`no stage ${step}`);
    const outcome = await stage({ job, input, outputs: {}, signal, progress: () => {}, log, clock });
    const { output } = pipeline.spec.stages[step] ?? {};
    if ("output" in outcome) output?.parse(outcome.output);
    return outcome;
  }

  return {
    blobs,
    tasks,
    pauses,
    used,
    permits,
    lines,
    clock,
    run,
    /** Every step in order; the outcome of each by its kind, or the gate it waits at. */
    async runAll(steps: readonly VideoStep[] = VIDEO_STEPS): Promise<string[]> {
      const ends: string[] = [];
      for (const step of steps) {
        const outcome = await run(step);
        ends.push(outcome.kind === "wait_for_review" ? outcome.gate.name : outcome.kind);
      }
      return ends;
    },
    /** Units made since the last look, as the log says it. */
    made: (() => {
      let seen = 0;
      return (): string[] => {
        const names = lines
          .slice(seen)
          .filter(({ message }) => message === "unit made")
          .map(({ fields }) => `${fields["step"]} ${fields["unit"]}`);
        seen = lines.length;
        return names.sort();
      };
    })(),
    leftBehind: () => readdir(join(folder, "work")).catch(() => []),
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

export type VideoBench = Awaited<ReturnType<typeof openBench>>;

/** Files of a few bytes, others for other input: what is tested here is who makes what when. */
export function quickMakers(): VideoMakers {
  const usage = { provider: "local", calls: 1, units: 1, costUsd: 0 };
  const make = async (
    call: { readonly outputPath: string; readonly signal: AbortSignal },
    mediaType: string,
    from: Json,
  ) => {
    call.signal.throwIfAborted();
    const bytes = createHash("sha256").update(JSON.stringify(from)).digest("hex");
    await writeFile(call.outputPath, bytes);
    return { path: call.outputPath, mediaType, bytes: bytes.length, usage };
  };
  const texts = (paths: readonly string[]): Promise<string[]> =>
    Promise.all(paths.map((path) => readFile(path, "utf8")));
  return {
    images: { name: "local", makeImage: (call) => make(call, "image/png", [call.prompt, call.seed, call.width]) },
    compositor: {
      composeFrame: async (call) => make(call, "image/png", await texts([call.environmentPath, ...call.figurePaths])),
    },
    clips: {
      name: "local",
      makeClip: async (call) => ({
        ...(await make(call, "video/mp4", [call.prompt, ...(await texts([call.imagePath]))])),
        seconds: call.seconds,
      }),
    },
    narratorFor: (voice) => ({
      name: "local",
      speak: async (call) => ({
        ...(await make(call, "audio/wav", [call.text, call.voiceId, { ...voice }])),
        seconds: 1,
      }),
    }),
    defaultVoiceId: "narrator",
    sounds: {
      name: "local",
      makeSound: async (call) => ({ ...(await make(call, "audio/wav", call.description)), seconds: call.seconds }),
    },
    assembler: {
      assemble: async (call) => {
        const parts = call.clips.flatMap(({ videoPath, narrationPath, soundPath }) => [
          videoPath,
          narrationPath,
          soundPath,
        ]);
        const made = await make(call, "video/mp4", await texts(parts));
        const facts = { seconds: 2, width: 320, height: 180, videoCodec: "h264", audioCodec: "aac", bytes: made.bytes };
        return { ...made, facts };
      },
    },
    publisherFor: () => ({
      name: "library",
      async publish({ state, keepState }) {
        const videoId = state ?? "0b54b1f2-5f3e-4a77-9b0a-0d2a7c1e9f55";
        await keepState(videoId);
        return { videoId, url: `/library/${videoId}`, usage };
      },
    }),
  };
}

const SMALL_FRAME = { width: 320, height: 180, framesPerSecond: 25 };

/** The makers of this machine, at a small size. */
function localMakers(blobs: Blobs): VideoMakers {
  const tools = createMediaTools();
  const { narrator, ...local } = createLocalMedia({ tools, frame: SMALL_FRAME });
  const publisherFor = (ownerId: string) => createLibraryPublisher({ blobs, tools, ownerId });
  return { ...local, narratorFor: () => narrator, defaultVoiceId: "narrator", publisherFor };
}
