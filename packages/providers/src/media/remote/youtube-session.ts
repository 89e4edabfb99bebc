import type { FileHandle } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { delayBeforeAttempt, MillraceError, type RetryPolicy } from "@millrace/core";
import { z } from "zod";
import type { OutboundResponse } from "../../outbound/outbound-fetch.ts";
import { jsonOf, type MediaDoor } from "./media-door.ts";

export interface UploadSession {
  readonly door: MediaDoor;
  readonly url: string;
  readonly file: FileHandle;
  readonly size: number;
  /** A multiple of 256 KiB. */
  readonly chunkBytes: number;
  /** Of one exchange. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly progress: (share: number) => void;
  readonly problemOf: (response: OutboundResponse) => MillraceError;
  readonly retryBaseMs: number;
}

/** How far a session is: a finished one answers with its video, however often it is asked. */
type Standing = Received | { readonly videoId: string };
interface Received {
  readonly received: number;
}

/** In a row, without a byte of progress. */
const TRIES = 4;
const MAX_ANSWER_BYTES = 1_000_000;
const video = z.object({ id: z.string().regex(/^[\w-]{1,64}$/) });

/** Sends what YouTube does not have yet; undefined when it knows the session no more. */
export async function sendVideo(session: UploadSession, isResumed: boolean): Promise<string | undefined> {
  const { door, size, signal, progress, retryBaseMs } = session;
  const policy: RetryPolicy = { attempts: TRIES, baseMs: retryBaseMs, factor: 2, maxMs: 30_000, jitter: 0.5 };
  let standing: Received | undefined = isResumed ? undefined : { received: 0 };
  let furthest = 0;
  let attempt = 1;
  for (;;) {
    try {
      const before = standing;
      const now: Standing | "gone" = before === undefined ? await ask(session) : await sendChunk(session, before);
      if (now === "gone") return undefined;
      if ("videoId" in now) return now.videoId;
      standing = now;
      progress(now.received / size);
      if (now.received > furthest) attempt = 1;
      else if (before !== undefined) throw door.invalid("takes bytes of the video without keeping them");
      furthest = Math.max(furthest, now.received);
    } catch (error) {
      if (!canPass(error) || attempt >= TRIES) throw error;
      attempt++;
      standing = undefined; // what arrived before the cut, only YouTube knows
      await patiently(delayBeforeAttempt(policy, attempt, Math.random()), signal);
    }
  }
}

async function ask(session: UploadSession): Promise<Standing | "gone"> {
  return standingOf(session, await put(session, { "content-range": `bytes */${session.size}` }));
}

async function sendChunk(session: UploadSession, { received: from }: Received): Promise<Standing | "gone"> {
  const { file, size, chunkBytes } = session;
  const length = Math.min(chunkBytes, size - from);
  if (length <= 0) return ask(session);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, from);
  if (bytesRead !== length) throw session.door.refused("was given a video that changes while it is sent");
  const range = `bytes ${from}-${from + length - 1}/${size}`;
  return standingOf(session, await put(session, { "content-range": range, "content-type": "video/mp4" }, buffer));
}

/** The address itself is the permission: it goes without the channel's token. */
function put(session: UploadSession, headers: Readonly<Record<string, string>>, body?: Uint8Array) {
  const { door, url, signal, timeoutMs } = session;
  const limits = { signal, timeoutMs, maxBytes: MAX_ANSWER_BYTES, maxRedirects: 0 };
  return door.send(url, { method: "PUT", headers, ...(body && { body }), ...limits });
}

function standingOf(session: UploadSession, response: OutboundResponse): Standing | "gone" {
  const { status, headers } = response;
  if (status === 308) return { received: receivedOf(headers["range"], session.size) };
  if (status === 404 || status === 410) return "gone";
  if (status !== 200 && status !== 201) throw session.problemOf(response);
  const read = video.safeParse(jsonOf(response));
  if (!read.success) throw session.door.invalid("took the video and did not name it");
  return { videoId: read.data.id };
}

/** `bytes=0-524287`; no such header before the first byte. */
function receivedOf(range: string | undefined, size: number): number {
  const last = /^(?:bytes=)?0-(?<last>\d+)$/.exec(range ?? "")?.groups?.["last"];
  return last === undefined ? 0 : Math.min(size, Number(last) + 1);
}

function canPass(error: unknown): boolean {
  return error instanceof MillraceError && error.retry === "backoff";
}

async function patiently(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {
    throw signal.reason;
  });
}
