import type { JsonObject } from "@millrace/core";
import type { VideoMetadata } from "@millrace/providers";

const MAX_DESCRIPTION = 5_000;
const MAX_TAGS = 100;

type Facts = Partial<Omit<VideoMetadata, "fetched_at">> & { readonly fetched_at?: string };

/** A video's title when nobody knows it. */
export function placeholderTitle(videoId: string): string {
  return `YouTube video ${videoId}`;
}

/** A title and a channel: without them a video is looked up again (A2.3 #2). */
export function isComplete(title: string | null, known: JsonObject, videoId: string): boolean {
  const { channel_title: channel } = known;
  return title !== null && title !== placeholderTitle(videoId) && typeof channel === "string" && channel !== "";
}

/** What is said of a video beside its title, in the size that a job's row can take; what nobody knows is left out. */
export function factsOf(said: Facts): JsonObject {
  const { title: _, description, tags, ...rest } = said;
  const facts = {
    ...rest,
    description: description?.slice(0, MAX_DESCRIPTION) ?? null,
    video_tags: tags?.length ? tags.slice(0, MAX_TAGS).map((tag) => tag.slice(0, 100)) : null,
  };
  return Object.fromEntries(
    Object.entries(facts).filter(([, value]) => value !== null && value !== undefined),
  ) as JsonObject;
}
