import { writeFile } from "node:fs/promises";
import type { MillraceError } from "@millrace/core";
import { z } from "zod";
import type { OutboundFetch, OutboundResponse } from "../../outbound/outbound-fetch.ts";
import type { MadeFile } from "../media.ts";
import { createMediaDoor, jsonOf, type MediaDoor } from "./media-door.ts";
import { costOf, type MediaPrices } from "./media-prices.ts";
import { mp3Seconds } from "./mp3-seconds.ts";
import { saveInPlace } from "./save-in-place.ts";

export interface ElevenlabsOptions {
  readonly fetch: OutboundFetch;
  readonly apiKey: string;
  readonly baseUrl?: string;
  /** Of one call. */
  readonly timeoutMs?: number;
  readonly prices?: MediaPrices;
}

export interface SoundRequest {
  /** Below `/v1`. */
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly model: string;
  /** What the call costs where the answer does not say. */
  readonly credits: number;
  readonly outputPath: string;
  readonly signal: AbortSignal;
}

export interface Elevenlabs {
  readonly door: MediaDoor;
  /** Sends one request and saves the MP3 it answers with. */
  make(request: SoundRequest): Promise<MadeFile & { readonly seconds: number }>;
}

/** 128 kbit/s, which every plan may have. */
const FORMAT = "mp3_44100_128";
const MAX_SOUND_BYTES = 100_000_000;
/** Other requests of the account must end first. */
const CONCURRENCY_WAIT_MS = 5_000;
/** Credits come with the month or are bought. */
const NO_CREDITS_WAIT_MS = 60 * 60_000;

/** `{detail: {status | code, message}}`, for 422 `{detail: [{loc, msg}]}`, sometimes only words. */
const problem = z.object({
  detail: z.union([
    z.string().transform((message) => ({ code: "", message })),
    z
      .array(z.object({ loc: z.array(z.union([z.string(), z.number()])).optional(), msg: z.string() }))
      .transform((items) => ({
        code: "",
        message: items.map(({ loc = [], msg }) => `${loc.join(".")} ${msg}`.trim()).join("; "),
      })),
    z
      .object({ status: z.string().optional(), code: z.string().optional(), message: z.string().optional() })
      .transform(({ status, code, message }) => ({ code: code ?? status ?? "", message: message ?? status ?? "" })),
  ]),
});

export function createElevenlabs(options: ElevenlabsOptions): Elevenlabs {
  const { fetch, apiKey, baseUrl = "https://api.elevenlabs.io", timeoutMs = 60_000, prices } = options;
  const door = createMediaDoor({ provider: "elevenlabs", fetch, secrets: [apiKey] });
  return {
    door,
    async make({ path, body, model, credits, outputPath, signal }) {
      const response = await door.send(`${baseUrl}/v1/${path}?output_format=${FORMAT}`, {
        method: "POST",
        headers: { "xi-api-key": apiKey, "content-type": "application/json", accept: "audio/mpeg" },
        body: JSON.stringify(body),
        signal,
        timeoutMs,
        maxBytes: MAX_SOUND_BYTES,
      });
      if (response.status !== 200) throw problemOf(door, response);
      const seconds = mp3Seconds(response.body);
      if (seconds === undefined) throw door.invalid("answered with something that is no MP3");
      await saveInPlace(outputPath, (partPath) => writeFile(partPath, response.body));
      const units = creditsOf(response) ?? credits;
      const usage = { provider: "elevenlabs", calls: 1, units, costUsd: costOf(model, units, prices) };
      return { path: outputPath, mediaType: "audio/mpeg", bytes: response.body.length, usage, seconds };
    },
  };
}

/** What was billed, in credits. */
function creditsOf({ headers }: OutboundResponse): number | undefined {
  const written = headers["character-cost"];
  return written !== undefined && /^\d+(\.\d+)?$/.test(written) ? Number(written) : undefined;
}

function problemOf(door: MediaDoor, response: OutboundResponse): MillraceError {
  const { code, message } = problem.safeParse(jsonOf(response)).data?.detail ?? { code: "", message: "" };
  const words = [code, message].filter((part) => part !== "").join(": ");
  const details = { status: response.status, ...(code !== "" && { problem: code }) };
  if (/^(?:quota_exceeded|insufficient_credits)$/.test(code)) {
    return door.exhausted(`has no credits left: ${message}`, door.waitOf(response) ?? NO_CREDITS_WAIT_MS, details);
  }
  if (/concurren/.test(code)) {
    return door.limited(
      `has too many requests under way: ${message}`,
      door.waitOf(response) ?? CONCURRENCY_WAIT_MS,
      details,
    );
  }
  return door.errorOf(response, words);
}
