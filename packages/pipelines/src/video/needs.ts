import type { Blobs, Claim, Json, Permits, Priority } from "@millrace/core";
import type {
  Assembler,
  Channel,
  ClipMaker,
  Compositor,
  ImageMaker,
  MediaUsage,
  Narrator,
  ParsedChannel,
  Publisher,
  SoundMaker,
} from "@millrace/providers";
import type { VideoStep } from "./task-lifecycle.ts";

/** What the task's row says of a step. */
export interface StepRecord {
  readonly completed: boolean;
  /** People approved exactly what `output_hash` stands for. */
  readonly approved: boolean;
  readonly output_hash: string | null;
  /** Units made of units wanted. */
  readonly partial_progress: { readonly made: number; readonly wanted: number } | null;
  readonly duration_seconds: number | null;
  readonly error_message: string | null;
}

/** A task as the stages of its job see it. */
export interface VideoTask {
  readonly id: string;
  readonly ownerId: string;
  readonly runNo: number;
  readonly title: string;
  readonly topic: string;
  readonly storyDirection: string;
  readonly priority: Priority;
  /** null: made from the above. */
  readonly narrationScripts: readonly string[] | null;
  readonly sfxDescriptions: readonly string[] | null;
  readonly privacy: "private" | "unlisted" | "public" | null;
  readonly steps: Readonly<Partial<Record<VideoStep, StepRecord>>>;
  readonly channel: {
    /** Its uuid. */
    readonly id: string;
    /** Its short id. */
    readonly channelId: string;
    readonly channelName: string;
    readonly quotaPool: string;
    /** The fields of its file. */
    readonly config: Json;
  };
}

/** Something a step has made: an image, a clip, a sound, the finished video. */
export interface VideoUnit {
  readonly step: VideoStep;
  /** Its file's name in the step's folder without the ending, such as `characters/01` or `07`. */
  readonly unit: string;
  /** Made for the how manieth time. */
  readonly take: number;
  /** Of everything it was made from. */
  readonly inputHash: string;
  readonly blobKey: string;
  readonly mediaType: string;
  /** Of its bytes. */
  readonly sha256: string;
  readonly bytes: number;
  readonly seconds: number | null;
  /** Somebody wants it made again; the next one is `take` + 1. */
  readonly isRejected: boolean;
}

export interface VideoCost {
  readonly step: VideoStep;
  readonly unit: string | null;
  /** Such as `gemini_assets`. */
  readonly component: string;
  readonly usage: MediaUsage;
}

/** The rows of tasks. What writes is void, and answers false, when the claim is lost. */
export interface TaskRecords {
  openTask(taskId: string): Promise<VideoTask | undefined>;
  unitsOf(taskId: string): Promise<readonly VideoUnit[]>;
  /** Replaces an earlier take and forgets the order of the unit. */
  keepUnit(claim: Claim, taskId: string, unit: Omit<VideoUnit, "isRejected">): Promise<boolean>;
  /** What the provider was asked for, of the same input; null: nothing. */
  findOrder(
    taskId: string,
    of: { readonly step: VideoStep; readonly unit: string; readonly inputHash: string },
  ): Promise<string | null>;
  /** An empty state forgets. */
  keepOrder(
    claim: Claim,
    taskId: string,
    order: { readonly step: VideoStep; readonly unit: string; readonly inputHash: string; readonly state: string },
  ): Promise<boolean>;
  /** Written although the claim is lost: the money is spent. */
  keepCost(taskId: string, cost: VideoCost): Promise<void>;
  /** How far the step is, and at its end what it stands for. That it is complete the commit of the stage says. */
  keepStep(
    claim: Claim,
    taskId: string,
    step: VideoStep,
    record: Partial<Pick<StepRecord, "output_hash" | "partial_progress" | "duration_seconds">>,
  ): Promise<boolean>;
  keepFinalVideo(
    claim: Claim,
    taskId: string,
    video: { readonly path: string; readonly seconds: number },
  ): Promise<boolean>;
  keepPublished(
    claim: Claim,
    taskId: string,
    published: { readonly url: string; readonly videoId: string },
  ): Promise<boolean>;
  /** What the channel has spent today and this week, and what it may; days and weeks (from Monday) are UTC's. */
  budgetOf(channelId: string): Promise<{
    readonly todayUsd: number;
    readonly weekUsd: number;
    readonly dailyUsd: number | null;
    readonly weeklyUsd: number | null;
  }>;
  /** How many tasks of the channel were uploaded today, UTC. */
  uploadsToday(channelId: string): Promise<number>;
  /** Whether the same channel has published these very bytes before, in another task. */
  publishedElsewhere(taskId: string, sha256: string): Promise<string | null>;
}

/** Everything the making of a video needs of the outside. */
export interface VideoNeeds {
  readonly blobs: Blobs;
  readonly tasks: TaskRecords;
  readonly permits: Permits;
  readonly makers: VideoMakers;
  /** What the fields of a channel's file say, by the rules of the files. */
  readonly readChannel: (fields: Json) => ParsedChannel;
  /** Reads a channel's sealed credential; null where it has none. */
  readonly credential: (channelId: string, name: string) => Promise<string | null>;
  /** 429 and the like: nothing else of the pool begins for so long. */
  readonly pause: (pause: {
    readonly service: string;
    readonly pool: string;
    readonly forMs: number;
    readonly reason: string;
  }) => Promise<void>;
  /** What a stage used of its quota: a call to a provider, an upload. */
  readonly useQuota: (claim: Claim, units: number) => Promise<boolean>;
  /** What an upload takes of its quota, as the spec has it. */
  readonly uploadUnits: number;
  /** Units made at a time by one job: `assets` 12, `video` 3, `audio` 6 unless said. */
  readonly parallel?: Partial<Record<"assets" | "video" | "audio", number>>;
  /** Files lie here while their stage runs. */
  readonly workFolder: string;
}

export interface VideoMakers {
  readonly images: ImageMaker;
  readonly compositor: Compositor;
  readonly clips: ClipMaker;
  /** Who speaks with the settings of a channel's voice. */
  readonly narratorFor: (voice: Channel["voice"]) => Narrator;
  /** For channels that name none. */
  readonly defaultVoiceId: string;
  readonly sounds: SoundMaker;
  readonly assembler: Assembler;
  /** Of one owner. */
  readonly publisherFor: (ownerId: string) => Publisher;
}
