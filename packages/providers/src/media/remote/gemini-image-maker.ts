import { readFile } from "node:fs/promises";
import { type Clock, systemClock } from "@millrace/core";
import type { OutboundFetch } from "../../outbound/outbound-fetch.ts";
import { loadSharp } from "../local/load-sharp.ts";
import type { ImageMaker } from "../media.ts";
import { imageOf, problemOf } from "./gemini-answer.ts";
import { createMediaDoor, type MediaDoor } from "./media-door.ts";
import { costOf, type MediaPrices } from "./media-prices.ts";
import { saveInPlace } from "./save-in-place.ts";
import { PACIFIC } from "./until-midnight.ts";

export interface GeminiImageMakerOptions {
  readonly fetch: OutboundFetch;
  readonly apiKey: string;
  readonly baseUrl?: string;
  readonly model?: string;
  /** Of one call. */
  readonly timeoutMs?: number;
  /** Where the provider's day of quota ends at midnight. */
  readonly quotaTimeZone?: string;
  readonly prices?: MediaPrices;
  readonly clock?: Clock;
}

/** What the model makes. */
const RATIOS = ["21:9", "16:9", "3:2", "4:3", "5:4", "1:1", "4:5", "3:4", "2:3", "9:16"] as const;
const MAX_ANSWER_BYTES = 60_000_000;
const MAX_PIXELS = 8_192 * 8_192;
/** Of one request, before base64. */
const MAX_REFERENCE_BYTES = 14_000_000;

/** Stills by Gemini: made in the nearest proportions it knows, cut to the size asked for. The seed is not used there. */
export function createGeminiImageMaker(options: GeminiImageMakerOptions): ImageMaker {
  const { fetch, apiKey, model = "gemini-2.5-flash-image", timeoutMs = 60_000, clock = systemClock } = options;
  const { baseUrl = "https://generativelanguage.googleapis.com", quotaTimeZone = PACIFIC } = options;
  const door = createMediaDoor({ provider: "gemini", fetch, secrets: [apiKey], clock });
  return {
    name: "gemini",
    async makeImage({ prompt, width, height, referencePaths = [], outputPath, signal }) {
      if (prompt.trim() === "") throw door.refused("was given no image to make");
      const parts = [{ text: prompt }, ...(await referenceParts(door, referencePaths))];
      const generationConfig = {
        responseModalities: ["IMAGE"],
        imageConfig: { aspectRatio: nearestRatio(width / height) },
      };
      const response = await door.send(`${baseUrl}/v1beta/models/${encodeURIComponent(model)}:generateContent`, {
        method: "POST",
        headers: { "x-goog-api-key": apiKey, "content-type": "application/json" },
        body: JSON.stringify({ contents: [{ role: "user", parts }], generationConfig }),
        signal,
        timeoutMs,
        maxBytes: MAX_ANSWER_BYTES,
      });
      if (response.status !== 200) throw problemOf(door, response, { now: clock.now(), quotaTimeZone });
      const image = imageOf(door, response);
      const bytes = await saveInPlace(outputPath, (partPath) => fit(door, image, { width, height, partPath }));
      const usage = { provider: "gemini", calls: 1, units: 1, costUsd: costOf(model, 1, options.prices) };
      return { path: outputPath, mediaType: "image/png", bytes, usage };
    },
  };
}

function nearestRatio(wanted: number): (typeof RATIOS)[number] {
  const distance = (ratio: string): number => {
    const [width = 1, height = 1] = ratio.split(":").map(Number);
    return Math.abs(Math.log(width / height / wanted));
  };
  return [...RATIOS].sort((a, b) => distance(a) - distance(b))[0] ?? "1:1";
}

async function referenceParts(door: MediaDoor, paths: readonly string[]) {
  const files = await Promise.all(paths.map((path) => readFile(path)));
  if (files.reduce((sum, file) => sum + file.length, 0) > MAX_REFERENCE_BYTES) {
    throw door.refused(`takes at most ${MAX_REFERENCE_BYTES} bytes of images beside a prompt`);
  }
  return files.map((file) => ({ inlineData: { mimeType: mediaTypeOf(door, file), data: file.toString("base64") } }));
}

function mediaTypeOf(door: MediaDoor, file: Buffer): string {
  if (file.subarray(0, 4).equals(Buffer.from("89504e47", "hex"))) return "image/png";
  if (file.subarray(0, 3).equals(Buffer.from("ffd8ff", "hex"))) return "image/jpeg";
  if (file.toString("latin1", 8, 12) === "WEBP") return "image/webp";
  throw door.refused("takes PNG, JPEG and WebP images beside a prompt; one is none of them");
}

interface Fit {
  readonly width: number;
  readonly height: number;
  readonly partPath: string;
}

/** The size of the PNG in bytes. */
async function fit(door: MediaDoor, image: Buffer, { width, height, partPath }: Fit): Promise<number> {
  const sharp = await loadSharp();
  try {
    const opened = sharp(image, { limitInputPixels: MAX_PIXELS });
    return (await opened.resize(width, height, { fit: "cover" }).png().toFile(partPath)).size;
  } catch (error) {
    throw door.invalid(`made an image that cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}
