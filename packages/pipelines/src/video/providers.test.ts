import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { MillraceError } from "@millrace/core";
import {
  createElevenlabsNarrator,
  createElevenlabsSoundMaker,
  createGeminiImageMaker,
  createKieClipMaker,
  createKieUpload,
  createLocalMedia,
  createMediaTools,
  createOutboundFetch,
  createYoutubePublisher,
} from "@millrace/providers";
import {
  type FakeElevenlabs,
  type FakeGemini,
  type FakeKie,
  type FakeYoutubeUpload,
  repliesWith,
  startFakeElevenlabs,
  startFakeGemini,
  startFakeKie,
  startFakeYoutubeUpload,
} from "@millrace/testing";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { VideoMakers } from "./needs.ts";
import { NO_GATES, openBench, type VideoBench } from "./video-bench.contract.ts";

const tools = createMediaTools();
const outbound = createOutboundFetch({ userAgent: "test", allowLoopback: true });

let folder: string;
let clip: Buffer;
let speech: Buffer;
let gemini: FakeGemini;
let kie: FakeKie;
let elevenlabs: FakeElevenlabs;
let youtube: FakeYoutubeUpload;
let bench: VideoBench;

/** A short file that any player takes. */
async function makeMedia(name: string, ...args: string[]): Promise<Buffer> {
  const path = join(folder, name);
  const { command } = await tools.ffmpeg();
  await promisify(execFile)(command, ["-v", "error", "-y", "-f", "lavfi", ...args, path]);
  return readFile(path);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-providers-"));
  const picture = ["-c:v", "libx264", "-pix_fmt", "yuv420p"];
  clip = await makeMedia("clip.mp4", "-i", "testsrc=s=320x180:r=25:d=2", ...picture);
  speech = await makeMedia("speech.mp3", "-i", "sine=frequency=300:duration=1.5:sample_rate=44100", "-b:a", "128k");
});
afterAll(() => rm(folder, { recursive: true, force: true }));

beforeEach(async () => {
  gemini = await startFakeGemini();
  kie = await startFakeKie({ clip: () => clip });
  elevenlabs = await startFakeElevenlabs({ speech: () => speech, sound: () => speech, characterCost: 100 });
  youtube = await startFakeYoutubeUpload();
  bench = await openBench({
    makers: remoteMakers(),
    scale: { assets: 2, clips: 2, seconds: 4 },
    config: { ...NO_GATES, voice_id: "voice1", default_privacy: "unlisted" },
    needs: { credential: async () => youtube.refreshToken, uploadUnits: 1_600 },
  });
});
afterEach(async () => {
  expect(await bench.leftBehind()).toEqual([]);
  await bench.close();
  await Promise.all([gemini, kie, elevenlabs, youtube].map((fake) => fake.stop()));
});

function remoteMakers(): VideoMakers {
  const local = createLocalMedia({ tools, frame: { width: 320, height: 180, framesPerSecond: 25 } });
  const voice = { fetch: outbound, apiKey: elevenlabs.apiKey, baseUrl: elevenlabs.url };
  const publisher = createYoutubePublisher({
    fetch: outbound,
    clientId: youtube.clientId,
    clientSecret: youtube.clientSecret,
    baseUrl: youtube.url,
    tokenUrl: `${youtube.url}/token`,
    retryBaseMs: 1,
  });
  return {
    images: createGeminiImageMaker({ fetch: outbound, apiKey: gemini.apiKey, baseUrl: gemini.url }),
    compositor: local.compositor,
    clips: createKieClipMaker({
      fetch: outbound,
      apiKey: kie.apiKey,
      baseUrl: kie.url,
      uploadImage: createKieUpload({ fetch: outbound, apiKey: kie.apiKey, baseUrl: kie.url }),
      pollMs: 1,
    }),
    narratorFor: (voiceSettings) => createElevenlabsNarrator({ ...voice, voiceSettings }),
    defaultVoiceId: "narrator",
    sounds: createElevenlabsSoundMaker(voice),
    assembler: local.assembler,
    publisherFor: () => publisher,
  };
}

const codeOf = (running: Promise<unknown>): Promise<unknown> =>
  running.then(
    () => undefined,
    (error: unknown) => (error instanceof MillraceError ? error.code : error),
  );

test("C-Q25 the whole pipeline runs on the fakes of all providers, each part paid for once", {
  timeout: 240_000,
}, async () => {
  expect(await bench.runAll()).toEqual(Array.from({ length: 7 }, () => "done"));
  const final = await bench.blobs.get(bench.tasks.finalVideo?.path ?? "");
  expect(youtube.videos).toHaveLength(1);
  expect(youtube.videos[0]).toMatchObject({ title: "How bees survive the winter", privacy: "unlisted" });
  expect(youtube.videos[0]?.bytes.equals(final)).toBe(true);
  expect(bench.tasks.published?.url).toBe(`https://www.youtube.com/watch?v=${youtube.videos[0]?.id}`);
  expect(kie.orders.size).toBe(2);
  const voices = elevenlabs.requests.filter(({ path }) => path === "/v1/text-to-speech/voice1");
  expect(voices).toHaveLength(2);
  const counted = new Map<string, number>();
  for (const { component } of bench.tasks.costs) counted.set(component, (counted.get(component) ?? 0) + 1);
  expect(Object.fromEntries(counted)).toEqual({
    gemini_assets: 2,
    kling_video_clips: 2,
    elevenlabs_narration: 2,
    elevenlabs_sfx: 2,
    youtube_upload: 1,
  });
  expect(bench.used).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 1_600]);

  const asked = [gemini, kie, elevenlabs, youtube].map(({ requests }) => requests.length);
  expect(await bench.runAll()).toEqual(Array.from({ length: 7 }, () => "done"));
  expect([gemini, kie, elevenlabs, youtube].map(({ requests }) => requests.length)).toEqual(asked);
  expect(youtube.videos).toHaveLength(1);
});

test("trouble of every provider costs a try or a wait, never a part twice (C-Q13, C-Q25)", {
  timeout: 240_000,
}, async () => {
  gemini.interrupt(/generateContent$/, repliesWith(429, {}, { "retry-after": "3" }));
  expect(await codeOf(bench.run("assets"))).toBe("MEDIA_RATE_LIMITED");
  expect(bench.pauses).toEqual([expect.objectContaining({ service: "gemini", pool: "deployment", forMs: 3_000 })]);
  await bench.runAll(["assets", "composites"]);

  // ordered, and then the way back is cut: the next try takes what was ordered
  kie.interrupt(/^\/files\/task_/, repliesWith(500));
  expect(await codeOf(bench.run("video"))).toBe("MEDIA_PROVIDER_FAILED");
  await bench.run("video");
  expect(kie.orders.size).toBe(2);

  const noCredits = repliesWith(401, { detail: { status: "quota_exceeded", message: "no credits" } });
  elevenlabs.interrupt(/text-to-speech/, noCredits);
  expect(await codeOf(bench.run("audio"))).toBe("QUOTA_EXHAUSTED");
  expect(bench.pauses.at(-1)).toMatchObject({ service: "elevenlabs", forMs: 3_600_000 });
  elevenlabs.interrupt(/sound-generation/, repliesWith(503));
  await bench.run("audio");
  expect(await codeOf(bench.run("sfx"))).toBe("MEDIA_PROVIDER_FAILED");
  await bench.runAll(["sfx", "assembly"]);

  youtube.interrupt(/^\/session/, ...Array.from({ length: 4 }, () => repliesWith(503)));
  expect(await codeOf(bench.run("upload"))).toBe("MEDIA_PROVIDER_FAILED");
  await bench.run("upload");
  expect(youtube.videos).toHaveLength(1);
  expect(bench.used.filter((units) => units === 1_600)).toEqual([1_600]);
});

test("a revoked permission of the channel fails the upload for good", { timeout: 240_000 }, async () => {
  await bench.runAll(["assets", "composites", "video", "audio", "sfx", "assembly"]);
  youtube.revoke();
  expect(await codeOf(bench.run("upload"))).toBe("MEDIA_REFUSED");
});
