import type { Blobs, Log } from "@millrace/core";
import { createPermitStore, createQuotaStore, createTaskStore, createTaskWork, type Database } from "@millrace/db";
import { createPermits } from "@millrace/engine";
import { type VideoMakers, type VideoNeeds, type VideoSpecSettings, videoSpecSettings } from "@millrace/pipelines";
import {
  createElevenlabsNarrator,
  createElevenlabsSoundMaker,
  createGeminiImageMaker,
  createKieClipMaker,
  createKieUpload,
  createLibraryPublisher,
  createLocalMedia,
  createMediaTools,
  createYoutubePublisher,
  type MediaTools,
  type OutboundFetch,
  parseChannelFields,
} from "@millrace/providers";
import type { WorkerConfig } from "./config.ts";
import { openCredentials } from "./open-credentials.ts";

export interface VideoStores {
  readonly db: Database;
  readonly log: Log;
  /** Of this process. */
  readonly workFolder: string;
}

const FRAMES_PER_SECOND = 25;

/** One of ElevenLabs' premade voices, which every account has. */
const ELEVENLABS_VOICE = "21m00Tcm4TlvDq8ikWAM";

interface Outside {
  readonly blobs: Blobs;
  readonly fetch: OutboundFetch;
}

/** What the making of videos needs. Nothing is looked up or started before the first video. */
export function wireVideo(
  config: WorkerConfig,
  { blobs, fetch, stores }: Outside & { readonly stores: VideoStores },
): { readonly needs: VideoNeeds; readonly settings: VideoSpecSettings } {
  const { db, log, workFolder } = stores;
  const settings = videoSpecSettings({
    images: config.IMAGE_PROVIDER,
    clips: config.CLIP_PROVIDER,
    voices: config.VOICE_PROVIDER,
    sounds: config.SOUND_PROVIDER,
    publisher: config.PUBLISHER,
    uploadUnits: config.UPLOAD_QUOTA_UNITS,
  });
  const quotas = createQuotaStore(db);
  const needs: VideoNeeds = {
    blobs,
    tasks: createTaskWork(db),
    permits: createPermits({ store: createPermitStore(db), random: Math.random }),
    makers: makersOf(config, { blobs, fetch }),
    readChannel: parseChannelFields,
    credential: openCredentials(config.CREDENTIAL_KEYS, { credentials: createTaskStore(db), log }),
    pause: (pause) => quotas.pauseQuota(pause),
    useQuota: (claim, units) => quotas.useQuota(claim, units),
    uploadUnits: settings.uploadUnits,
    parallel: {
      assets: config.MAX_CONCURRENT_ASSET_GEN,
      video: config.MAX_CONCURRENT_VIDEO_GEN,
      audio: config.MAX_CONCURRENT_AUDIO_GEN,
    },
    workFolder,
  };
  return { needs, settings };
}

function makersOf(config: WorkerConfig, outside: Outside): VideoMakers {
  const tools = createMediaTools();
  const local = createLocalMedia({ tools, frame: { ...config.VIDEO_FRAME, framesPerSecond: FRAMES_PER_SECOND } });
  const { fetch } = outside;
  const elevenlabs = {
    fetch,
    apiKey: config.ELEVENLABS_API_KEY ?? "",
    ...(config.ELEVENLABS_BASE_URL !== undefined && { baseUrl: config.ELEVENLABS_BASE_URL }),
  };
  const hasElevenlabsVoice = config.VOICE_PROVIDER === "elevenlabs";
  return {
    images: config.IMAGE_PROVIDER === "gemini" ? geminiOf(config, fetch) : local.images,
    compositor: local.compositor,
    clips: config.CLIP_PROVIDER === "kie" ? kieOf(config, fetch) : local.clips,
    narratorFor: (voiceSettings) =>
      hasElevenlabsVoice ? createElevenlabsNarrator({ ...elevenlabs, voiceSettings }) : local.narrator,
    defaultVoiceId: config.DEFAULT_VOICE_ID ?? (hasElevenlabsVoice ? ELEVENLABS_VOICE : "narrator"),
    sounds: config.SOUND_PROVIDER === "elevenlabs" ? createElevenlabsSoundMaker(elevenlabs) : local.sounds,
    assembler: local.assembler,
    publisherFor: publisherOf(config, { ...outside, tools }),
  };
}

function geminiOf(config: WorkerConfig, fetch: OutboundFetch) {
  return createGeminiImageMaker({
    fetch,
    apiKey: config.GEMINI_API_KEY ?? "",
    quotaTimeZone: config.GEMINI_QUOTA_TIME_ZONE,
    ...(config.GEMINI_BASE_URL !== undefined && { baseUrl: config.GEMINI_BASE_URL }),
  });
}

function kieOf(config: WorkerConfig, fetch: OutboundFetch) {
  const apiKey = config.KIE_API_KEY ?? "";
  const host = config.KIE_UPLOAD_BASE_URL;
  return createKieClipMaker({
    fetch,
    apiKey,
    uploadImage: createKieUpload({ fetch, apiKey, ...(host !== undefined && { baseUrl: host }) }),
    pollMs: config.KIE_POLL_SECONDS * 1_000,
    ...(config.KIE_BASE_URL !== undefined && { baseUrl: config.KIE_BASE_URL }),
  });
}

function publisherOf(
  config: WorkerConfig,
  { blobs, fetch, tools }: Outside & { readonly tools: MediaTools },
): VideoMakers["publisherFor"] {
  if (config.PUBLISHER === "library") return (ownerId) => createLibraryPublisher({ blobs, tools, ownerId });
  const youtube = createYoutubePublisher({
    fetch,
    clientId: config.YOUTUBE_CLIENT_ID ?? "",
    clientSecret: config.YOUTUBE_CLIENT_SECRET ?? "",
    ...(config.YOUTUBE_BASE_URL !== undefined && { baseUrl: config.YOUTUBE_BASE_URL }),
    ...(config.YOUTUBE_TOKEN_URL !== undefined && { tokenUrl: config.YOUTUBE_TOKEN_URL }),
  });
  return () => youtube;
}
