import type { ChannelShare, GateExpiry, GateRequest, Json, JsonObject, Priority } from "@millrace/core";
import type { VoiceSettings } from "../media/remote/elevenlabs-narrator.ts";
import type { ChannelFields, GateField } from "./channel-fields.ts";

export type ChannelGate = "assets" | "video" | "audio" | "final";

/** A channel as its file has it, or had it when it was last right. */
export interface Channel {
  /** Unique among the files. Not the uuid of its row. */
  readonly channelId: string;
  readonly channelName: string;
  /** 32 lower-case hexadecimal digits; null: planned without Notion. */
  readonly notionDatabaseId: string | null;
  /** Of its tasks that say none themselves. */
  readonly priority: Priority;
  /** For fair dispatch: `max_concurrent` is `maxInFlight`. Not active: nothing new begins, what exists stays. */
  readonly share: ChannelShare;
  /** Channels of one pool share the day's quota of one account. */
  readonly quotaPool: string;
  readonly budget: { readonly dailyUsd: number | null; readonly weeklyUsd: number | null };
  readonly scale: { readonly assets: number; readonly clips: number; readonly seconds: number };
  /** null: the task goes on by itself. */
  readonly gates: Readonly<Record<ChannelGate, GateRequest | null>>;
  /** null: the voice that is the default of the narrator. */
  readonly voiceId: string | null;
  readonly voice: VoiceSettings;
  /** Paths with `/`, relative and without `..`. */
  readonly branding: {
    readonly intro: string | null;
    readonly outro: string | null;
    readonly watermark: string | null;
  };
  readonly storage:
    | { readonly strategy: "notion" }
    | { readonly strategy: "r2"; readonly accountId: string; readonly bucket: string };
  readonly privacy: "private" | "unlisted" | "public";
  readonly tags: readonly string[];
  readonly descriptionTemplate: string;
  /** All of it as a file would say it, what was left out with its default: read again, it is the same channel. */
  readonly fields: JsonObject;
}

export function channelOf(fields: ChannelFields): Channel {
  const { gates, scale, branding } = fields;
  return {
    channelId: fields.channel_id,
    channelName: fields.channel_name,
    notionDatabaseId: fields.notion_database_id,
    priority: fields.priority,
    share: { weight: fields.weight, isActive: fields.is_active, maxInFlight: fields.max_concurrent },
    quotaPool: fields.quota_pool ?? fields.channel_id,
    budget: { dailyUsd: fields.budget_daily_usd, weeklyUsd: fields.budget_weekly_usd },
    scale,
    gates: {
      assets: gateOf("assets", gates.assets),
      video: gateOf("video", gates.video),
      audio: gateOf("audio", gates.audio),
      final: fields.final_gate === "off" ? null : gateOf("final", gates.final),
    },
    voiceId: fields.voice_id,
    voice: voiceOf(fields.voice),
    branding,
    storage:
      fields.storage_strategy === "r2" && fields.r2 !== undefined
        ? { strategy: "r2", accountId: fields.r2.account_id, bucket: fields.r2.bucket }
        : { strategy: "notion" },
    privacy: fields.default_privacy,
    tags: fields.tags,
    descriptionTemplate: fields.description_template,
    fields: writtenOf(fields),
  };
}

function writtenOf({ gates, ...fields }: ChannelFields): JsonObject {
  const asWritten = (gate: GateField): Json => (gate === null ? "off" : withoutUndefined(gate));
  const { assets, video, audio, final } = gates;
  return {
    ...withoutUndefined(fields),
    voice: withoutUndefined(fields.voice),
    gates: {
      assets: asWritten(assets),
      video: asWritten(video),
      audio: asWritten(audio),
      final: asWritten(final),
    },
  };
}

const withoutUndefined = (fields: object): JsonObject =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as JsonObject;

const HOUR_MS = 3_600_000;

function gateOf(name: ChannelGate, rules: GateField): GateRequest | null {
  if (rules === null) return null;
  const { expires_in_hours: hours, on_expiry: onExpiry } = rules;
  const expiry: { expiresInMs: number | null; onExpiry: GateExpiry | null } =
    hours === undefined || onExpiry === undefined
      ? { expiresInMs: null, onExpiry: null }
      : { expiresInMs: Math.round(hours * HOUR_MS), onExpiry };
  return {
    name,
    approvals: rules.approvals,
    roles: rules.roles,
    allowsSelfApproval: rules.allows_self_approval,
    needsReason: rules.needs_reason,
    ...expiry,
  };
}

function voiceOf({
  stability,
  similarity_boost,
  style,
  use_speaker_boost,
  speed,
}: ChannelFields["voice"]): VoiceSettings {
  return {
    ...(stability !== undefined && { stability }),
    ...(similarity_boost !== undefined && { similarityBoost: similarity_boost }),
    ...(style !== undefined && { style }),
    ...(use_speaker_boost !== undefined && { useSpeakerBoost: use_speaker_boost }),
    ...(speed !== undefined && { speed }),
  };
}
