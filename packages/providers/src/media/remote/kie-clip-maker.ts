import { createWriteStream } from "node:fs";
import { stat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { MillraceError } from "@millrace/core";
import { z } from "zod";
import type { OutboundFetch } from "../../outbound/outbound-fetch.ts";
import type { ClipMaker, MadeFile } from "../media.ts";
import { kieTaskError } from "./kie-answer.ts";
import { createKieJobs, type KieRecord } from "./kie-jobs.ts";
import { createMediaDoor, type MediaDoor } from "./media-door.ts";
import { costOf, type MediaPrices } from "./media-prices.ts";
import { mp4Seconds } from "./mp4-seconds.ts";
import { saveInPlace } from "./save-in-place.ts";
import type { UploadImage } from "./upload-image.ts";

export interface KieClipMakerOptions {
  readonly fetch: OutboundFetch;
  readonly apiKey: string;
  /** KIE fetches the still from an address. */
  readonly uploadImage: UploadImage;
  readonly baseUrl?: string;
  readonly model?: string;
  readonly negativePrompt?: string;
  /** Between two looks at a task. */
  readonly pollMs?: number;
  /** Until a clip is given up for now; its task is waited for again by the next try. */
  readonly timeoutMs?: number;
  /** Of one exchange. */
  readonly requestMs?: number;
  /** Of one download. */
  readonly downloadMs?: number;
  readonly prices?: MediaPrices;
}

type ClipCall = Parameters<ClipMaker["makeClip"]>[0];
type Clip = MadeFile & { readonly seconds: number };

const MAX_PROMPT = 2_500;
/** What the model makes, in seconds. */
const LENGTHS = [5, 10] as const;
const MAX_CLIP_BYTES = 500_000_000;

const result = z.object({ resultUrls: z.array(z.url({ protocol: /^https?$/ })).min(1) });
const kept = z.object({ task_id: z.string().min(1) });
const GONE: ReadonlySet<unknown> = new Set([403, 404, 410]);
/** Both spellings are in use. */
const WAITING: ReadonlySet<string> = new Set(["waiting", "queuing", "queueing", "generating"]);

/** Clips by Kling through KIE.ai: an order, looks at it until it is made, a download. */
export function createKieClipMaker(options: KieClipMakerOptions): ClipMaker {
  const { baseUrl = "https://api.kie.ai", model = "kling/v2-5-turbo-image-to-video-pro" } = options;
  const { timeoutMs = 600_000 } = options;
  const { apiKey, requestMs = 30_000, downloadMs = 120_000, pollMs = 30_000 } = options;
  const door = createMediaDoor({ provider: "kie", fetch: options.fetch, secrets: [apiKey] });
  const jobs = createKieJobs({ door, apiKey, baseUrl, timeoutMs: requestMs });

  async function order(call: ClipCall, length: number): Promise<string> {
    const imageUrl = await options.uploadImage({ path: call.imagePath, signal: call.signal });
    const { negativePrompt } = options;
    const input = {
      prompt: call.prompt,
      image_url: imageUrl,
      duration: String(length),
      ...(negativePrompt !== undefined && { negative_prompt: negativePrompt }),
    };
    const taskId = await jobs.order(model, input, call.signal);
    await call.keepState?.(JSON.stringify({ task_id: taskId }));
    return taskId;
  }

  /** The clip's address; undefined when KIE knows the task no more. */
  async function wait(taskId: string, call: ClipCall, isResumed: boolean): Promise<string | undefined> {
    const endsAt = performance.now() + timeoutMs;
    let pause = isResumed ? 0 : pollMs;
    for (;;) {
      if (performance.now() + pause > endsAt) {
        throw door.failed(`has not made the clip within ${timeoutMs} ms; its task is looked at again later`, {
          task_id: taskId,
        });
      }
      await patiently(pause, call.signal);
      pause = pollMs;
      const seen = await jobs.look(taskId, call.signal).catch((error: unknown): undefined => {
        if (!canPass(error)) throw error;
        pause = Math.max(pollMs, error.retryAfterMs ?? 0);
      });
      if (seen === "unknown" && isResumed) return undefined;
      if (seen === undefined || seen === "unknown") continue;
      if (seen.state === "success") return addressOf(door, seen.resultJson ?? "");
      if (seen.state === "fail") {
        await call.keepState?.("");
        throw kieTaskError(door, String(seen.failCode ?? ""), seen.failMsg ?? "");
      }
      if (!WAITING.has(seen.state)) throw door.invalid(`named the unknown state ${seen.state.slice(0, 40)}`);
      call.progress(shareOf(seen));
    }
  }

  async function finish(taskId: string, call: ClipCall, isResumed: boolean): Promise<Clip | undefined> {
    const url = await wait(taskId, call, isResumed);
    if (url === undefined) return undefined;
    call.progress(0.9);
    const made = await download(door, url, { ...call, timeoutMs: downloadMs }).catch((error: unknown) => {
      // An order of long ago, whose clip KIE has removed. One that was just made is asked for again by the next try.
      if (isResumed && GONE.has(statusOf(error))) return undefined;
      throw error;
    });
    if (made === undefined) return undefined;
    call.progress(1);
    const units = lengthFor(door, call.seconds);
    const usage = { provider: "kie", calls: 1, units, costUsd: costOf(model, units, options.prices) };
    return { path: call.outputPath, mediaType: "video/mp4", bytes: made.bytes, usage, seconds: made.seconds };
  }

  return {
    name: "kie",
    async makeClip(call) {
      const length = lengthFor(door, call.seconds);
      checkPrompt(door, call.prompt);
      const earlier = taskOf(call.state);
      const resumed = earlier === undefined ? undefined : await finish(earlier, call, true);
      if (resumed !== undefined) return resumed;
      const clip = await finish(await order(call, length), call, false);
      if (clip === undefined) throw door.invalid("does not know a task it just took");
      return clip;
    },
  };
}

/** Without the key: the address is another host's. */
async function download(
  door: MediaDoor,
  url: string,
  call: Pick<ClipCall, "outputPath" | "signal"> & { readonly timeoutMs: number },
): Promise<{ readonly seconds: number; readonly bytes: number }> {
  const { outputPath, signal, timeoutMs } = call;
  return saveInPlace(outputPath, async (partPath) => {
    const save = (body: NodeJS.ReadableStream): Promise<void> => pipeline(body, createWriteStream(partPath));
    const { status } = await door.send(url, { signal, timeoutMs, maxBytes: MAX_CLIP_BYTES, save });
    if (status !== 200) throw door.failed(`made a clip whose address answers ${status}`, { status });
    const seconds = await mp4Seconds(partPath);
    if (seconds === undefined) throw door.invalid("made a clip that is no MP4");
    return { seconds, bytes: (await stat(partPath)).size };
  });
}

function checkPrompt(door: MediaDoor, prompt: string): void {
  if (prompt.trim() !== "" && prompt.length <= MAX_PROMPT) return;
  throw door.refused(`takes prompts of 1 to ${MAX_PROMPT} characters; this one has ${prompt.length}`);
}

function lengthFor(door: MediaDoor, seconds: number): number {
  const length = LENGTHS.find((value) => seconds > 0 && seconds <= value);
  if (length === undefined) throw door.refused(`makes clips of at most 10 seconds; ${seconds} were asked for`);
  return length;
}

function taskOf(state: string | null | undefined): string | undefined {
  try {
    return kept.parse(JSON.parse(state ?? "")).task_id;
  } catch {
    return undefined;
  }
}

function statusOf(error: unknown): unknown {
  return error instanceof MillraceError ? error.details["status"] : undefined;
}

function shareOf({ state, progress }: KieRecord): number {
  if (state !== "generating") return 0.05;
  return 0.1 + (0.75 * Math.min(100, Math.max(0, progress ?? 30))) / 100;
}

function addressOf(door: MediaDoor, resultJson: string): string {
  try {
    return result.parse(JSON.parse(resultJson)).resultUrls[0] ?? "";
  } catch {
    throw door.invalid("made a clip and did not say where it is");
  }
}

function canPass(error: unknown): error is MillraceError {
  return error instanceof MillraceError && (error.retry === "backoff" || error.code === "MEDIA_RATE_LIMITED");
}

async function patiently(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {
    throw signal.reason;
  });
}
