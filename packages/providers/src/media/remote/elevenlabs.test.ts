import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { MillraceError } from "@millrace/core";
import {
  type ElevenlabsFakeOptions,
  type FakeElevenlabs,
  hangs,
  isCut,
  repliesWith,
  sampleMp3,
  startFakeElevenlabs,
} from "@millrace/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createOutboundFetch } from "../../outbound/create-outbound-fetch.ts";
import { createElevenlabsNarrator, type ElevenlabsNarratorOptions } from "./elevenlabs-narrator.ts";
import { createElevenlabsSoundMaker } from "./elevenlabs-sound-maker.ts";
import { mp3Seconds } from "./mp3-seconds.ts";

const fetch = createOutboundFetch({ userAgent: "test", allowLoopback: true });
const stops: (() => Promise<unknown>)[] = [];
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "elevenlabs-"));
});
afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()));
  await rm(folder, { recursive: true, force: true });
});

async function elevenlabs(options: ElevenlabsFakeOptions = {}): Promise<FakeElevenlabs> {
  const fake = await startFakeElevenlabs(options);
  stops.push(fake.stop);
  return fake;
}

const signal = new AbortController().signal;

function speak(fake: FakeElevenlabs, options: Partial<ElevenlabsNarratorOptions> = {}, call: object = {}) {
  const narrator = createElevenlabsNarrator({ fetch, apiKey: fake.apiKey, baseUrl: fake.url, ...options });
  const outputPath = join(folder, "01.mp3");
  return narrator.speak({ text: "The river rises.", voiceId: "JBFqnCBsd6RMkjVDRZzb", outputPath, signal, ...call });
}

function makeSound(fake: FakeElevenlabs, call: object = {}, options: object = {}) {
  const maker = createElevenlabsSoundMaker({ fetch, apiKey: fake.apiKey, baseUrl: fake.url, ...options });
  return maker.makeSound({ description: "rain", seconds: 7, outputPath: join(folder, "01.mp3"), signal, ...call });
}

async function failure(promise: Promise<unknown>): Promise<MillraceError> {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(MillraceError);
  return error as MillraceError;
}

describe("narration by ElevenLabs", () => {
  it("C2.2: is spoken by the channel's voice, measured and priced by its characters", async () => {
    const fake = await elevenlabs({ speech: () => sampleMp3(6.5) });
    const settings = { stability: 0.4, similarityBoost: 0.8, useSpeakerBoost: true, speed: 0.9 };
    const made = await speak(fake, { voiceSettings: settings });
    const bytes = await readFile(made.path);
    expect(made).toEqual({
      path: join(folder, "01.mp3"),
      mediaType: "audio/mpeg",
      bytes: bytes.length,
      seconds: expect.closeTo(6.5, 1),
      usage: { provider: "elevenlabs", calls: 1, units: 16, costUsd: 0.0035 },
    });
    expect(bytes.equals(sampleMp3(6.5))).toBe(true);
    const [asked] = fake.requests;
    expect(asked?.path).toBe("/v1/text-to-speech/JBFqnCBsd6RMkjVDRZzb");
    expect(asked?.query.get("output_format")).toBe("mp3_44100_128");
    expect(JSON.parse(String(asked?.body))).toEqual({
      text: "The river rises.",
      model_id: "eleven_v3",
      voice_settings: { stability: 0.4, similarity_boost: 0.8, use_speaker_boost: true, speed: 0.9 },
    });
    expect(await readdir(folder)).toEqual(["01.mp3"]);
  });

  it("costs what the answer says; nobody knows the price of an unknown model", async () => {
    const fake = await elevenlabs({ characterCost: 100 });
    expect((await speak(fake)).usage).toMatchObject({ units: 100, costUsd: 0.022 });
    expect((await speak(fake, { model: "eleven_v9" })).usage).toMatchObject({ units: 100, costUsd: null });
    expect((await speak(fake, { prices: { eleven_v3: 0.001 } })).usage.costUsd).toBe(0.1);
  });

  it.each([
    ["a voice that is a path", { voiceId: "../voices" }],
    ["no word", { text: " … " }],
    ["too many characters", { text: "a".repeat(5_001) }],
  ])("is refused without a call for %s", async (_, call) => {
    const fake = await elevenlabs();
    expect(await failure(speak(fake, {}, call))).toMatchObject({ code: "MEDIA_REFUSED", retry: "never" });
    expect(fake.requests).toEqual([]);
  });
});

describe("sounds by ElevenLabs", () => {
  it("C2.2: are made of the length asked for", async () => {
    const fake = await elevenlabs();
    const made = await makeSound(fake, {}, { promptInfluence: 0.5 });
    expect(made.seconds).toBeCloseTo(7, 1);
    expect(made.usage).toEqual({ provider: "elevenlabs", calls: 1, units: 280, costUsd: 0.0616 });
    expect(JSON.parse(String(fake.requests[0]?.body))).toEqual({
      text: "rain",
      duration_seconds: 7,
      model_id: "eleven_text_to_sound_v2",
      prompt_influence: 0.5,
    });
  });

  it("last at least half a second and at most thirty", async () => {
    const fake = await elevenlabs();
    await makeSound(fake, { seconds: 0.1 });
    expect(JSON.parse(String(fake.requests[0]?.body))).toMatchObject({ duration_seconds: 0.5 });
    for (const call of [{ seconds: 31 }, { seconds: Number.NaN }, { description: " " }]) {
      expect(await failure(makeSound(fake, call))).toMatchObject({ code: "MEDIA_REFUSED" });
    }
    expect(fake.requests).toHaveLength(1);
  });
});

describe("trouble at ElevenLabs", () => {
  const detail = (status: string, message = "m") => ({ detail: { status, message } });
  it.each([
    ["a bad key", repliesWith(401, detail("invalid_api_key")), "MEDIA_REFUSED", "never", undefined],
    ["no credits", repliesWith(401, detail("quota_exceeded")), "QUOTA_EXHAUSTED", "park", 3_600_000],
    [
      "no credits, newer",
      repliesWith(402, { detail: { code: "insufficient_credits" } }),
      "QUOTA_EXHAUSTED",
      "park",
      3_600_000,
    ],
    ["concurrency", repliesWith(429, detail("too_many_concurrent_requests")), "MEDIA_RATE_LIMITED", "park", 5_000],
    [
      "concurrency, newer",
      repliesWith(429, { detail: { code: "concurrent_limit_exceeded" } }),
      "MEDIA_RATE_LIMITED",
      "park",
      5_000,
    ],
    ["a busy system", repliesWith(429, detail("system_busy")), "MEDIA_RATE_LIMITED", "park", 30_000],
    ["a named wait", repliesWith(429, detail("x"), { "ratelimit-reset": "4" }), "MEDIA_RATE_LIMITED", "park", 4_000],
    ["a 500", repliesWith(500, "oops"), "MEDIA_PROVIDER_FAILED", "backoff", undefined],
    ["a page", repliesWith(200, "<html>"), "MEDIA_ANSWER_INVALID", "backoff", undefined],
    ["an empty answer", repliesWith(200, ""), "MEDIA_ANSWER_INVALID", "backoff", undefined],
    ["a cut connection", isCut, "MEDIA_PROVIDER_FAILED", "backoff", undefined],
    ["silence", hangs, "MEDIA_PROVIDER_FAILED", "backoff", undefined],
  ])("C2.8: %s", async (_, reply, code, retry, retryAfterMs) => {
    const fake = await elevenlabs();
    fake.interrupt(/./, reply);
    const error = await failure(speak(fake, reply === hangs ? { timeoutMs: 100 } : {}));
    expect({ code: error.code, retry: error.retry, retryAfterMs: error.retryAfterMs }).toEqual({
      code,
      retry,
      retryAfterMs,
    });
    expect(await readdir(folder)).toEqual([]);
  });

  it("names the field of a 422 and the voice that is not there", async () => {
    const fake = await elevenlabs();
    fake.interrupt(
      /./,
      repliesWith(422, { detail: [{ loc: ["body", "text"], msg: "too long", type: "value_error" }] }),
    );
    const invalid = await failure(speak(fake));
    expect(invalid).toMatchObject({ code: "MEDIA_REFUSED", retry: "never" });
    expect(invalid.message).toContain("body.text too long");
    const missing = await failure(speak(fake, {}, { voiceId: "nobody" }));
    expect(missing).toMatchObject({ code: "MEDIA_REFUSED" });
    expect(missing.message).toContain("voice_not_found");
  });

  it("ends with the caller's reason when the caller stops", async () => {
    const fake = await elevenlabs();
    const stop = new AbortController();
    fake.interrupt(/./, async (exchange) => {
      await exchange.readBody();
      stop.abort(new Error("enough"));
    });
    await expect(speak(fake, {}, { signal: stop.signal })).rejects.toThrow("enough");
  });

  it("never shows the key, even when it is repeated", async () => {
    const fake = await elevenlabs();
    fake.interrupt(
      /./,
      repliesWith(401, detail("invalid_api_key", fake.apiKey)),
      repliesWith(500, detail(fake.apiKey)),
      isCut,
    );
    for (let round = 0; round < 3; round++) {
      expect(inspect(await failure(speak(fake)), { depth: 12, showHidden: true })).not.toContain(fake.apiKey);
    }
  });
});

describe("the length of an MP3", () => {
  it("leaves out tags on both sides", () => {
    const tag = Buffer.concat([Buffer.from("ID3\x04\0\0\0\0\x01\x00", "latin1"), Buffer.alloc(128)]);
    const file = Buffer.concat([tag, sampleMp3(2), Buffer.from(`TAG${"x".repeat(125)}`)]);
    expect(mp3Seconds(file)).toBeCloseTo(2, 1);
  });

  it("is counted for MPEG 2 as well", () => {
    const frame = Buffer.alloc(104);
    frame.set([0xff, 0xf3, 0x40, 0xc4]); // 32 kbit/s at 22,050 Hz
    expect(mp3Seconds(Buffer.concat([frame, frame]))).toBeCloseTo((2 * 576) / 22_050, 6);
  });
});
