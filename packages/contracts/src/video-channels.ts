import { z } from "zod";
import { cursor, instant, jsonObject, pageLimit } from "./parts.ts";

export const videoChannel = z
  .object({
    id: z.uuid(),
    channel_id: z.string(),
    channel_name: z.string(),
    owner_id: z.uuid(),
    is_active: z.boolean(),
    weight: z.number(),
    max_concurrent: z.int().nullable(),
    quota_pool: z.string(),
    source: z.enum(["file", "api"]),
    pending: z.int().meta({ description: "Tasks that wait for their turn." }),
    in_progress: z.int().meta({ description: "Tasks that are being made; those that wait for people are not." }),
    has_capacity: z.boolean(),
    credentials: z.array(z.string()).meta({ description: "Names of those it has." }),
    fields: jsonObject.meta({ description: "As its file would have them." }),
    created_at: instant,
    updated_at: instant,
  })
  .meta({ id: "VideoChannel" });

export const videoChannels = z.object({ channels: z.array(videoChannel) }).meta({ id: "VideoChannels" });

export const channelFields = jsonObject.meta({
  id: "VideoChannelFields",
  description: "The fields of a channel's file (docs/channels.md); channel_id may be left out.",
});

export const credential = z
  .strictObject({ value: z.string().min(1).max(16_384).meta({ description: "Never shown again." }) })
  .meta({ id: "ChannelCredential" });

/** A video in the library. */
export const libraryVideo = z
  .object({
    video_id: z.uuid(),
    title: z.string(),
    description: z.string(),
    tags: z.array(z.string()),
    privacy: z.enum(["private", "unlisted", "public"]),
    duration_seconds: z.number(),
    width: z.int(),
    height: z.int(),
    bytes: z.int(),
    published_at: z.string(),
    page: z.string(),
    url: z.string().meta({ description: "Where its bytes are." }),
  })
  .meta({ id: "LibraryVideo" });

export const libraryQuery = z.strictObject({ limit: pageLimit, cursor });
export const libraryPage = z
  .object({ videos: z.array(libraryVideo), next_cursor: z.string().nullable() })
  .meta({ id: "LibraryPage" });
