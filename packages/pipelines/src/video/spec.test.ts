import { delayBeforeAttempt, placeOf } from "@millrace/core";
import { expect, test } from "vitest";
import type { VideoInput } from "./input.ts";
import { LOCAL_VIDEO, MAKERS_POOL, videoSpec, videoSpecSettings } from "./spec.ts";
import { VIDEO_STEPS } from "./task-lifecycle.ts";

const input: VideoInput = {
  task_id: "7c1d1c8e-3b64-4f4e-9d52-0f5ad1c3a0b1",
  channel_id: "5f0f4b7a-9f0e-4d52-8a3a-2b7a1f4c9d10",
  quota_pool: "nature",
  scale: { assets: 22, clips: 18, seconds: 90 },
  from_step: "assets",
};

const quotasOf = (settings: Parameters<typeof videoSpec>[0]) =>
  Object.fromEntries(
    Object.keys(videoSpec(settings).stages).map((name) => [
      name,
      placeOf(videoSpec(settings), name)?.spec.quota?.(input) ?? null,
    ]),
  );

test("the stages are the steps, made in the media lane and uploaded in the io lane; a task has one active job", () => {
  const { stages, resourceKey, admission } = videoSpec();
  expect(Object.keys(stages)).toEqual([...VIDEO_STEPS]);
  const lanes = Object.entries(stages).map(([name, { lane }]) => [name, lane]);
  expect(lanes).toEqual(VIDEO_STEPS.map((step) => [step, step === "upload" ? "io" : "media"]));
  expect(resourceKey(input)).toBe(`task:${input.task_id}`);
  expect(admission).toBe("fair");
});

test("C-Q14 every stage has five tries, with 1, 5, 15 and 60 minutes between them and 10 % either way", () => {
  const spec = videoSpec();
  for (const { retry } of Object.values(spec.stages)) {
    expect(retry.attempts).toBe(5);
    const minutes = (random: number) => [2, 3, 4, 5].map((n) => delayBeforeAttempt(retry, n, random) / 60_000);
    expect(minutes(0.5)).toEqual([1, 5, 15, 60]);
    expect(minutes(0)).toEqual([0.9, 4.5, 13.5, 54]);
    expect(minutes(1)).toEqual([1.1, 5.5, 16.5, 66]);
  }
  // no other limit ends them earlier
  expect(spec.maxRetries).toBeGreaterThanOrEqual(4 * Object.keys(spec.stages).length);
});

test("what is made here takes no quota, an upload to the library one unit of it", () => {
  expect(quotasOf(LOCAL_VIDEO)).toEqual({
    assets: null,
    composites: null,
    video: null,
    audio: null,
    sfx: null,
    assembly: null,
    upload: { service: "library", pool: "nature", units: 1 },
  });
});

test("C-Q11 a call takes a unit of its provider's quota, an upload what it costs of the pool of its channel", () => {
  const remote = { images: "gemini", clips: "kie", voices: "elevenlabs", sounds: "local", publisher: "youtube" };
  expect(quotasOf(videoSpecSettings(remote))).toEqual({
    assets: { service: "gemini", pool: MAKERS_POOL, units: 22 },
    composites: null,
    video: { service: "kie", pool: MAKERS_POOL, units: 18 },
    audio: { service: "elevenlabs", pool: MAKERS_POOL, units: 18 },
    sfx: null,
    assembly: null,
    upload: { service: "youtube", pool: "nature", units: 1_600 },
  });
  expect(quotasOf(videoSpecSettings({ ...remote, uploadUnits: 100 }))["upload"]?.units).toBe(100);
});
