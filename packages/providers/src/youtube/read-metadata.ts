import { MillraceError } from "@millrace/core";
import { z } from "zod";
import type { OutboundResponse } from "../outbound/outbound-fetch.ts";
import { type Ask, parseJson } from "./ask-youtube.ts";
import { openPlayer, type Player } from "./open-player.ts";
import type { VideoMetadata } from "./youtube.ts";

const thumbnails = z.record(z.string(), z.object({ url: z.string() })).default({});
/** A number written as a string; likes and comments that are hidden are left out. */
const count = z.coerce.number().int().nonnegative().nullable().default(null).catch(null);
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
          categoryId: z.string().optional(),
          tags: z.array(z.string()).default([]),
          thumbnails,
        }),
        contentDetails: z.object({ duration: z.string().optional() }).default({}),
        statistics: z.object({ viewCount: count, likeCount: count, commentCount: count }).prefault({}),
      }),
    )
    .default([]),
});

const card = z.object({
  title: z.string().optional(),
  author_name: z.string().optional(),
  thumbnail_url: z.string().optional(),
});

/** An answer in the shape it should have; URL_HTTP_ERROR when it has another. */
function checked<T>(shape: z.ZodType<T>, answer: OutboundResponse): T {
  const parsed = shape.safeParse(parseJson(answer));
  if (parsed.success) return parsed.data;
  const { host } = new URL(answer.url);
  throw new MillraceError("URL_HTTP_ERROR", `${host} answered something else than was asked for`, {
    cause: parsed.error,
  });
}

/** ISO 8601 as the Data API writes it: P1DT2H3M4S. */
function secondsOf(duration: string | undefined): number | null {
  const match = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/.exec(duration ?? "");
  if (match === null) return null;
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = match.slice(1).map((part) => Number(part ?? 0));
  return ((days * 24 + hours) * 60 + minutes) * 60 + seconds;
}

function textOf(seconds: number | null): string | null {
  if (seconds === null) return null;
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  const two = (n: number): string => String(n).padStart(2, "0");
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

const MAX_DESCRIPTION_URLS = 50;

function urlsIn(description: string | undefined): string[] {
  const found = description?.match(/https?:\/\/[^\s<>"']+/g) ?? [];
  // a full stop or bracket behind an address belongs to the sentence
  const urls = found.map((url) => url.replace(/[.,;:!?)\]}]+$/, "")).filter((url) => URL.canParse(url));
  return [...new Set(urls)].slice(0, MAX_DESCRIPTION_URLS);
}

/** The categories that videos can have; the API says their numbers only. */
const CATEGORIES: Readonly<Record<string, string>> = {
  1: "Film & Animation",
  2: "Autos & Vehicles",
  10: "Music",
  15: "Pets & Animals",
  17: "Sports",
  19: "Travel & Events",
  20: "Gaming",
  22: "People & Blogs",
  23: "Comedy",
  24: "Entertainment",
  25: "News & Politics",
  26: "Howto & Style",
  27: "Education",
  28: "Science & Technology",
  29: "Nonprofits & Activism",
};

const DAY_MS = 86_400_000;
const QUOTA_REASONS = ["quotaExceeded", "dailyLimitExceeded"];
const pacificClock = new Intl.DateTimeFormat("en-GB", { timeZone: "America/Los_Angeles", timeStyle: "medium" });

/** The quota is new at midnight, Pacific time; on the two days a year when clocks change this is an hour off. */
function untilNewQuotaMs(now: Date): number {
  const [hours = 0, minutes = 0, seconds = 0] = pacificClock.format(now).split(":").map(Number);
  return DAY_MS - ((hours * 60 + minutes) * 60 + seconds) * 1_000;
}

/** A spent quota as what it is: nobody's failure, and over at a known time. */
function quotaError(error: unknown, now: Date): unknown {
  if (!(error instanceof MillraceError) || !QUOTA_REASONS.includes(String(error.details["reason"]))) return error;
  return new MillraceError("QUOTA_EXHAUSTED", "the day's quota of the YouTube Data API is spent", {
    retry: "park",
    retryAfterMs: untilNewQuotaMs(now),
    cause: error,
  });
}

interface DataApi {
  readonly url: string;
  readonly key: string;
}

/** The official Data API: complete, but it needs a key and counts against its quota. */
export async function fromDataApi(ask: Ask, api: DataApi, videoId: string, now: Date): Promise<VideoMetadata> {
  const query = new URLSearchParams({ part: "snippet,contentDetails,statistics", id: videoId });
  // in a header, so that the key stands in no address that is logged
  const answer = await ask(`${api.url}/videos?${query}`, { headers: { "x-goog-api-key": api.key } }).catch(
    (error: unknown) => {
      throw quotaError(error, now);
    },
  );
  const [item] = checked(listing, answer).items;
  if (item === undefined) throw new MillraceError("VIDEO_UNAVAILABLE", "YouTube does not know the video");
  const { snippet, contentDetails, statistics } = item;
  const { maxres, high, medium } = snippet.thumbnails;
  const duration = secondsOf(contentDetails.duration);
  return {
    title: snippet.title ?? null,
    description: snippet.description ?? null,
    channel_id: snippet.channelId ?? null,
    channel_title: snippet.channelTitle ?? null,
    published_at: snippet.publishedAt ?? null,
    duration_seconds: duration,
    duration_text: textOf(duration),
    view_count: statistics.viewCount,
    like_count: statistics.likeCount,
    comment_count: statistics.commentCount,
    category: CATEGORIES[snippet.categoryId ?? ""] ?? null,
    tags: snippet.tags,
    description_urls: urlsIn(snippet.description),
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
    duration_text: textOf(info.duration ?? null),
    view_count: info.view_count ?? null,
    like_count: info.like_count ?? null,
    comment_count: null,
    category: info.category ?? null,
    tags: info.keywords ?? [],
    description_urls: urlsIn(info.short_description),
    thumbnail_url: info.thumbnail?.[0]?.url ?? null,
    fetched_at: now.toISOString(),
  };
}

/** Title and channel from the card that YouTube gives to pages that embed a video. */
async function fromCard(ask: Ask, videoId: string, now: Date): Promise<VideoMetadata> {
  const watch = encodeURIComponent(`https://www.youtube.com/watch?v=${videoId}`);
  const said = checked(card, await ask(`/oembed?format=json&url=${watch}`));
  return {
    title: said.title ?? null,
    description: null,
    channel_id: null,
    channel_title: said.author_name ?? null,
    published_at: null,
    duration_seconds: null,
    duration_text: null,
    view_count: null,
    like_count: null,
    comment_count: null,
    category: null,
    tags: [],
    description_urls: [],
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
