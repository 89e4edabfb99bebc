import { randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { type Blobs, MillraceError } from "@millrace/core";
import { z } from "zod";
import type { Publisher, PublishRequest } from "../media.ts";
import { localUsage } from "./made-file.ts";
import type { MediaTools } from "./media-tools.ts";
import { probeMedia } from "./probe-media.ts";
import { mediaFailed } from "./run-tool.ts";

export interface LibraryPublisherOptions {
  readonly blobs: Blobs;
  readonly tools: MediaTools;
  /** Whose library it is: the videos lie under `library/<owner id>/`. */
  readonly ownerId: string;
  readonly now?: () => Date;
}

const MAX_TITLE_CHARACTERS = 100;
const MAX_DESCRIPTION_CHARACTERS = 5_000;
const MAX_BYTES = 10_000_000_000;
const VIDEO_ID = /^[0-9a-f-]{36}$/;

const keptState = z.object({ video_id: z.string().regex(VIDEO_ID), published_at: z.iso.datetime() });

/** The keys of a published video; the entry is written last, so a video without one is not published yet. */
export function libraryKeys(ownerId: string, videoId: string): { readonly video: string; readonly entry: string } {
  const folder = `library/${ownerId}/${videoId}`;
  return { video: `${folder}/video.mp4`, entry: `${folder}/video.json` };
}

/** What `video.json` holds. */
export interface LibraryEntry {
  readonly video_id: string;
  readonly title: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly privacy: PublishRequest["privacy"];
  readonly duration_seconds: number;
  readonly width: number;
  readonly height: number;
  readonly bytes: number;
  /** ISO 8601. */
  readonly published_at: string;
}

/** Publishes into the blob store, without an account. The url is a path: `/library/<video id>`. */
export function createLibraryPublisher(options: LibraryPublisherOptions): Publisher {
  const { blobs, tools, ownerId, now = () => new Date() } = options;
  return {
    name: "library",
    async publish(request) {
      const { videoPath, signal, progress } = request;
      const { seconds, video } = await probeMedia(tools, videoPath, signal);
      if (video?.width === undefined || video.height === undefined) throw mediaFailed("The file holds no video.");
      const { size } = await stat(videoPath);
      const { video_id, published_at } = await stateOf(request, now);
      const keys = libraryKeys(ownerId, video_id);
      try {
        await blobs.putStream(keys.video, createReadStream(videoPath, { signal }), { maxBytes: MAX_BYTES });
      } finally {
        signal.throwIfAborted(); // instead of the stream's own error about it
      }
      progress(0.9);
      const entry: LibraryEntry = {
        video_id,
        title: cut(request.title, MAX_TITLE_CHARACTERS),
        description: cut(request.description, MAX_DESCRIPTION_CHARACTERS),
        tags: request.tags,
        privacy: request.privacy,
        duration_seconds: seconds,
        width: video.width,
        height: video.height,
        bytes: size,
        published_at,
      };
      await blobs.put(keys.entry, JSON.stringify(entry, null, 2));
      progress(1);
      return { videoId: video_id, url: `/library/${video_id}`, usage: localUsage(1) };
    },
  };
}

/** Kept before the first byte is written, so that going on after a crash never publishes a second video. */
async function stateOf({ state, keepState }: PublishRequest, now: () => Date): Promise<z.infer<typeof keptState>> {
  if (state !== null) {
    try {
      return keptState.parse(JSON.parse(state));
    } catch (error) {
      throw new MillraceError("MEDIA_REFUSED", "What was kept of this upload is not the library's.", { cause: error });
    }
  }
  const fresh = { video_id: randomUUID(), published_at: now().toISOString() };
  await keepState(JSON.stringify(fresh));
  return fresh;
}

/** By code points, so that no character is cut in two. */
function cut(text: string, characters: number): string {
  return [...text.trim()].slice(0, characters).join("");
}
