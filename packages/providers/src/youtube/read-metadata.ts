import { MillraceError } from "@millrace/core";
import { z } from "zod";
import { type Ask, parseJson } from "./ask-youtube.ts";
import { openPlayer, type Player } from "./open-player.ts";
import type { VideoMetadata } from "./youtube.ts";

const thumbnails = z.record(z.string(), z.object({ url: z.string() })).default({});
const listing = z.object({
  items: z
    .array(
      z.object({
        snippet: z.object({
          title: z.string().optional(),
          description: z.string().optional(),
          channelId: z.string().optional(),
          channelTitle: z.string().optional(),
          publishedAt: z.string().optional(),
          tags: z.array(z.string()).default([]),
          thumbnails,
        }),
        contentDetails: z.object({ duration: z.string().optional() }).default({}),
        statistics: z.object({ viewCount: z.coerce.number().optional() }).default({}),
      }),
    )
    .default([]),
});

const card = z.object({
  title: z.string().optional(),
  author_name: z.string().optional(),
  thumbnail_url: z.string().optional(),
});

/** ISO 8601 as the Data API writes it: P1DT2H3M4S. */
function secondsOf(duration: string | undefined): number | null {
  const match = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/.exec(duration ?? "");
  if (match === null) return null;
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = match.slice(1).map((part) => Number(part ?? 0));
  return ((days * 24 + hours) * 60 + minutes) * 60 + seconds;
}

interface DataApi {
  readonly url: string;
  readonly key: string;
}

/** The official Data API: complete, but it needs a key and counts against its quota. */
export async function fromDataApi(ask: Ask, api: DataApi, videoId: string, now: Date): Promise<VideoMetadata> {
  const query = new URLSearchParams({ part: "snippet,contentDetails,statistics", id: videoId });
  // in a header, so that the key stands in no address that is logged
  const answer = await ask(`${api.url}/videos?${query}`, { headers: { "x-goog-api-key": api.key } });
  const [item] = listing.parse(parseJson(answer)).items;
  if (item === undefined) throw new MillraceError("VIDEO_UNAVAILABLE", "YouTube does not know the video");
  const { snippet, contentDetails, statistics } = item;
  const { maxres, high, medium } = snippet.thumbnails;
  return {
    title: snippet.title ?? null,
    description: snippet.description ?? null,
    channel_id: snippet.channelId ?? null,
    channel_title: snippet.channelTitle ?? null,
    published_at: snippet.publishedAt ?? null,
    duration_seconds: secondsOf(contentDetails.duration),
    view_count: statistics.viewCount ?? null,
    tags: snippet.tags,
    thumbnail_url: (maxres ?? high ?? medium ?? snippet.thumbnails["default"])?.url ?? null,
    fetched_at: now.toISOString(),
  };
}

function ofPlayer({ basic_info: info }: Player, now: Date): VideoMetadata {
  return {
    title: info.title ?? null,
    description: info.short_description ?? null,
    channel_id: info.channel_id ?? info.channel?.id ?? null,
    channel_title: info.author ?? info.channel?.name ?? null,
    published_at: null,
    duration_seconds: info.duration ?? null,
    view_count: info.view_count ?? null,
    tags: info.keywords ?? [],
    thumbnail_url: info.thumbnail?.[0]?.url ?? null,
    fetched_at: now.toISOString(),
  };
}

/** Title and channel from the card that YouTube gives to pages that embed a video. */
async function fromCard(ask: Ask, videoId: string, now: Date): Promise<VideoMetadata> {
  const watch = encodeURIComponent(`https://www.youtube.com/watch?v=${videoId}`);
  const said = card.parse(parseJson(await ask(`/oembed?format=json&url=${watch}`)));
  return {
    title: said.title ?? null,
    description: null,
    channel_id: null,
    channel_title: said.author_name ?? null,
    published_at: null,
    duration_seconds: null,
    view_count: null,
    tags: [],
    thumbnail_url: said.thumbnail_url ?? null,
    fetched_at: now.toISOString(),
  };
}

/** Without a key: the player's facts, or at least the card's when the player says nothing. */
export async function withoutKey(ask: Ask, videoId: string, now: Date): Promise<VideoMetadata> {
  try {
    const video = ofPlayer(await openPlayer(ask, videoId, "WEB"), now);
    if (video.title !== null) return video;
  } catch (error) {
    if (!(error instanceof MillraceError) || error.code === "VIDEO_UNAVAILABLE") throw error;
    try {
      return await fromCard(ask, videoId, now);
    } catch {
      // the player's error says more than the card's
      throw error;
    }
  }
  return fromCard(ask, videoId, now);
}
