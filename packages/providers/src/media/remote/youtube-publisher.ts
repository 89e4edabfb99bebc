import { open } from "node:fs/promises";
import { type Clock, systemClock } from "@millrace/core";
import { z } from "zod";
import type { OutboundFetch } from "../../outbound/outbound-fetch.ts";
import type { Publisher, PublishRequest } from "../media.ts";
import { createGoogleTokens } from "./google-tokens.ts";
import { createMediaDoor, type MediaDoor } from "./media-door.ts";
import { youtubeProblem } from "./youtube-problem.ts";
import { sendVideo } from "./youtube-session.ts";
import { youtubeTexts } from "./youtube-texts.ts";

export interface YoutubePublisherOptions {
  readonly fetch: OutboundFetch;
  /** Of the project's OAuth client. */
  readonly clientId: string;
  readonly clientSecret: string;
  readonly baseUrl?: string;
  readonly tokenUrl?: string;
  /** 27 is Education. */
  readonly categoryId?: string;
  readonly isMadeForKids?: boolean;
  /** Rounded down to a multiple of 256 KiB, which YouTube demands. */
  readonly chunkBytes?: number;
  /** Of one exchange; a chunk is one. */
  readonly timeoutMs?: number;
  /** Before the second try of a chunk; doubles after. */
  readonly retryBaseMs?: number;
  readonly clock?: Clock;
}

const CHUNK_UNIT = 256 * 1024;
const MAX_ANSWER_BYTES = 1_000_000;

const kept = z.union([
  z.object({ video_id: z.string().min(1) }),
  z.object({ session: z.url({ protocol: /^https?$/ }), bytes: z.number().int().positive() }),
]);

/**
 * Uploads to YouTube by the resumable protocol. `keepState` gets the session's address, which is as good as a password
 * for this one video, and then the video's id.
 */
export function createYoutubePublisher(options: YoutubePublisherOptions): Publisher {
  const { tokenUrl = "https://oauth2.googleapis.com/token", timeoutMs = 300_000, clock = systemClock } = options;
  const { baseUrl = "https://www.googleapis.com", chunkBytes = 32 * CHUNK_UNIT, retryBaseMs = 1_000 } = options;
  const { clientId, clientSecret } = options;
  const tokens = createGoogleTokens({
    clientId,
    clientSecret,
    tokenUrl,
    timeoutMs: Math.min(timeoutMs, 30_000),
    clock,
  });

  /** The address of a new session. */
  async function start(door: MediaDoor, request: PublishRequest, size: number): Promise<string> {
    const { refreshToken, signal } = request;
    if (refreshToken === null) throw door.refused("was given no credentials of the channel");
    const { title, description, tags } = youtubeTexts(request);
    if (title === "") throw door.refused("takes no video without a title");
    const snippet = { title, description, tags, categoryId: options.categoryId ?? "27" };
    const status = { privacyStatus: request.privacy, selfDeclaredMadeForKids: options.isMadeForKids ?? false };
    const url = `${baseUrl}/upload/youtube/v3/videos?uploadType=resumable&part=snippet,status`;
    for (let isSecond = false; ; isSecond = true) {
      const token = await tokens.accessToken(door, refreshToken, signal);
      door.hide(token);
      const headers = {
        authorization: `Bearer ${token}`,
        "content-type": "application/json; charset=UTF-8",
        "x-upload-content-length": String(size),
        "x-upload-content-type": "video/mp4",
      };
      const body = JSON.stringify({ snippet, status });
      const limits = { signal, timeoutMs, maxBytes: MAX_ANSWER_BYTES, maxRedirects: 0 };
      const response = await door.send(url, { method: "POST", headers, body, ...limits });
      if (response.status === 401) tokens.forget(refreshToken);
      if (response.status === 401 && !isSecond) continue;
      if (response.status !== 200) throw youtubeProblem(door, response, clock.now());
      const session = z.url({ protocol: /^https?$/ }).safeParse(response.headers["location"]);
      if (!session.success) throw door.invalid("opened no session for the upload");
      await request.keepState(JSON.stringify({ session: session.data, bytes: size }));
      return session.data;
    }
  }

  async function upload(door: MediaDoor, request: PublishRequest, state: z.infer<typeof kept> | undefined) {
    const { signal, progress } = request;
    const file = await open(request.videoPath);
    try {
      const { size } = await file.stat();
      if (size === 0) throw door.refused("takes no empty video");
      const chunk = Math.max(CHUNK_UNIT, Math.floor(chunkBytes / CHUNK_UNIT) * CHUNK_UNIT);
      const problemOf = (response: Parameters<typeof youtubeProblem>[1]) => youtubeProblem(door, response, clock.now());
      const common = { door, file, size, chunkBytes: chunk, timeoutMs, signal, progress, problemOf, retryBaseMs };
      const earlier = state !== undefined && "session" in state && state.bytes === size ? state.session : undefined;
      const resumed = earlier === undefined ? undefined : await sendVideo({ ...common, url: earlier }, true);
      if (resumed !== undefined) return resumed;
      const videoId = await sendVideo({ ...common, url: await start(door, request, size) }, false);
      if (videoId === undefined) throw door.failed("lost the session of the upload");
      return videoId;
    } finally {
      await file.close();
    }
  }

  return {
    name: "youtube",
    async publish(request) {
      const secrets = [clientSecret, request.refreshToken ?? ""];
      const door = createMediaDoor({ provider: "youtube", fetch: options.fetch, secrets, clock });
      const state = stateOf(request.state);
      const isDone = state !== undefined && "video_id" in state;
      const videoId = isDone ? state.video_id : await upload(door, request, state);
      if (!isDone) await request.keepState(JSON.stringify({ video_id: videoId }));
      request.progress(1);
      const usage = { provider: "youtube", calls: 1, units: 1, costUsd: 0 };
      return { videoId, url: `https://www.youtube.com/watch?v=${videoId}`, usage };
    },
  };
}

function stateOf(state: string | null): z.infer<typeof kept> | undefined {
  try {
    return kept.parse(JSON.parse(state ?? ""));
  } catch {
    return undefined;
  }
}
