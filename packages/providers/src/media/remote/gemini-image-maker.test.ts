import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { MillraceError } from "@millrace/core";
import { type FakeGemini, hangs, isCut, repliesWith, samplePng, startFakeGemini } from "@millrace/testing";
import sharp from "sharp";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createOutboundFetch } from "../../outbound/create-outbound-fetch.ts";
import { createGeminiImageMaker, type GeminiImageMakerOptions } from "./gemini-image-maker.ts";

const HOUR = 3_600_000;
const fetch = createOutboundFetch({ userAgent: "test", allowLoopback: true });
/** Six in the evening at the Pacific. */
const clock = { now: () => new Date("2026-01-15T02:00:00Z") };
const stops: (() => Promise<unknown>)[] = [];
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "gemini-"));
});
afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()));
  await rm(folder, { recursive: true, force: true });
});

async function gemini(image?: () => Buffer | Promise<Buffer>): Promise<FakeGemini> {
  const fake = await startFakeGemini(image === undefined ? {} : { image });
  stops.push(fake.stop);
  return fake;
}

function makeImage(fake: FakeGemini, call: object = {}, options: Partial<GeminiImageMakerOptions> = {}) {
  const maker = createGeminiImageMaker({ fetch, apiKey: fake.apiKey, baseUrl: fake.url, clock, ...options });
  return maker.makeImage({
    prompt: "A mill at dawn",
    kind: "environment",
    width: 192,
    height: 108,
    seed: "1",
    outputPath: join(folder, "01.png"),
    signal: new AbortController().signal,
    ...call,
  });
}

async function failure(promise: Promise<unknown>): Promise<MillraceError> {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(MillraceError);
  return error as MillraceError;
}

describe("an image by Gemini", () => {
  it("C2.2: is a PNG of the size asked for, whatever size and format came", async () => {
    const jpeg = () =>
      sharp({ create: { width: 134, height: 76, channels: 3, background: "#336699" } })
        .jpeg()
        .toBuffer();
    const fake = await gemini(jpeg);
    const made = await makeImage(fake);
    const bytes = await readFile(made.path);
    expect(await sharp(bytes).metadata()).toMatchObject({ format: "png", width: 192, height: 108 });
    expect(made).toEqual({
      path: join(folder, "01.png"),
      mediaType: "image/png",
      bytes: bytes.length,
      usage: { provider: "gemini", calls: 1, units: 1, costUsd: 0.039 },
    });
    const [asked] = fake.requests;
    expect(asked?.path).toBe("/v1beta/models/gemini-2.5-flash-image:generateContent");
    expect(JSON.parse(String(asked?.body))).toEqual({
      contents: [{ role: "user", parts: [{ text: "A mill at dawn" }] }],
      generationConfig: { responseModalities: ["IMAGE"], imageConfig: { aspectRatio: "16:9" } },
    });
    expect(await readdir(folder)).toEqual(["01.png"]);
  });

  it("can resemble images made before", async () => {
    const fake = await gemini();
    const reference = join(folder, "character.png");
    await writeFile(reference, samplePng());
    await makeImage(fake, { referencePaths: [reference] });
    const { contents } = JSON.parse(String(fake.requests[0]?.body));
    expect(contents[0].parts[1]).toEqual({
      inlineData: { mimeType: "image/png", data: samplePng().toString("base64") },
    });
    await writeFile(reference, "no image");
    expect(await failure(makeImage(fake, { referencePaths: [reference] }))).toMatchObject({ code: "MEDIA_REFUSED" });
    expect(fake.requests).toHaveLength(1);
  });

  it.each([
    [1_000, 1_000, "1:1"],
    [1_080, 1_920, "9:16"],
    [2_560, 1_080, "21:9"],
    [1_024, 768, "4:3"],
  ])("of %i × %i is asked for as %s", async (width, height, ratio) => {
    const fake = await gemini();
    await makeImage(fake, { width, height });
    expect(JSON.parse(String(fake.requests[0]?.body)).generationConfig.imageConfig.aspectRatio).toBe(ratio);
  });

  it("of an unknown model has no known price", async () => {
    const fake = await gemini();
    expect((await makeImage(fake, {}, { model: "gemini-9" })).usage.costUsd).toBeNull();
    expect(fake.requests[0]?.path).toContain("gemini-9");
  });
});

describe("no image by Gemini", () => {
  it.each([
    ["a blocked prompt", { promptFeedback: { blockReason: "PROHIBITED_CONTENT" } }, "PROHIBITED_CONTENT"],
    ["an unsafe image", { candidates: [{ finishReason: "IMAGE_SAFETY", finishMessage: "Unable" }] }, "IMAGE_SAFETY"],
    ["a copy", { candidates: [{ finishReason: "RECITATION", content: {} }] }, "RECITATION"],
  ])("is final for %s and names the reason", async (_, body, reason) => {
    const fake = await gemini();
    fake.interrupt(/./, repliesWith(200, body));
    const error = await failure(makeImage(fake));
    expect(error).toMatchObject({ code: "MEDIA_REFUSED", retry: "never", details: { reason } });
    expect(error.message).toContain(reason);
  });

  it.each([
    ["words only", { candidates: [{ finishReason: "STOP", content: { parts: [{ text: "I cannot." }] } }] }],
    ["nothing", {}],
    ["NO_IMAGE", { candidates: [{ finishReason: "NO_IMAGE" }] }],
    ["another shape", { candidates: "none" }],
    ["a page", "<html>"],
    ["an image that is none", { candidates: [{ content: { parts: [{ inlineData: { data: "aGVsbG8=" } }] } }] }],
  ])("is tried again for %s", async (_, body) => {
    const fake = await gemini();
    fake.interrupt(/./, repliesWith(200, body));
    expect(await failure(makeImage(fake))).toMatchObject({ code: "MEDIA_ANSWER_INVALID", retry: "backoff" });
    expect(await readdir(folder)).toEqual([]);
  });
});

describe("trouble at Gemini", () => {
  const exhausted = (quotaIds: readonly string[], retryDelay?: string) => ({
    error: {
      code: 429,
      status: "RESOURCE_EXHAUSTED",
      message: "You exceeded your current quota.",
      details: [
        {
          "@type": "type.googleapis.com/google.rpc.QuotaFailure",
          violations: quotaIds.map((quotaId) => ({ quotaId, quotaDimensions: { location: "global" } })),
        },
        ...(retryDelay === undefined ? [] : [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay }]),
      ],
    },
  });
  const minute = "GenerateRequestsPerMinutePerProjectPerModel";
  const perDay = "GenerateRequestsPerDayPerProjectPerModel-FreeTier";

  it.each([
    ["a minute's quota", repliesWith(429, exhausted([minute], "12.5s")), "MEDIA_RATE_LIMITED", "park", 12_500],
    ["a 429 without words", repliesWith(429, ""), "MEDIA_RATE_LIMITED", "park", 30_000],
    ["the day's quota", repliesWith(429, exhausted([minute, perDay], "47s")), "QUOTA_EXHAUSTED", "park", 6 * HOUR],
    [
      "the day's quota with a time",
      repliesWith(429, exhausted([perDay]), { "retry-after": "60" }),
      "QUOTA_EXHAUSTED",
      "park",
      60_000,
    ],
    ["a bad request", repliesWith(400, { error: { message: "bad" } }), "MEDIA_REFUSED", "never", undefined],
    ["no permission", repliesWith(403, { error: { message: "no" } }), "MEDIA_REFUSED", "never", undefined],
    [
      "an overloaded model",
      repliesWith(503, { error: { message: "busy" } }),
      "MEDIA_PROVIDER_FAILED",
      "backoff",
      undefined,
    ],
    ["a cut connection", isCut, "MEDIA_PROVIDER_FAILED", "backoff", undefined],
    ["silence", hangs, "MEDIA_PROVIDER_FAILED", "backoff", undefined],
  ])("C-Q12, C2.8: %s", async (_, reply, code, retry, retryAfterMs) => {
    const fake = await gemini();
    fake.interrupt(/./, reply);
    const error = await failure(makeImage(fake, {}, reply === hangs ? { timeoutMs: 100 } : {}));
    expect({ code: error.code, retry: error.retry, retryAfterMs: error.retryAfterMs }).toEqual({
      code,
      retry,
      retryAfterMs,
    });
  });

  it("C-Q12: the day ends where the settings say", async () => {
    const fake = await gemini();
    fake.interrupt(/./, repliesWith(429, exhausted([perDay])));
    const error = await failure(makeImage(fake, {}, { quotaTimeZone: "UTC" }));
    expect(error.retryAfterMs).toBe(22 * HOUR);
  });

  it("never shows the key, even when it is repeated", async () => {
    const fake = await gemini();
    const echo = { error: { message: `key ${fake.apiKey}` } };
    fake.interrupt(/./, repliesWith(400, echo), repliesWith(429, echo), isCut);
    for (let round = 0; round < 3; round++) {
      expect(inspect(await failure(makeImage(fake)), { depth: 12, showHidden: true })).not.toContain(fake.apiKey);
    }
    const wrong = await failure(makeImage(fake, {}, { apiKey: "AIzaSomeOtherKey" }));
    expect(wrong).toMatchObject({ code: "MEDIA_REFUSED", retry: "never" });
  });
});
