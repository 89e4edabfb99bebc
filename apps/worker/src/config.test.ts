import { expect, test } from "vitest";
import { describeConfig, readConfig } from "./config.ts";

const LEAST = { DATABASE_URL: "postgres://localhost/x", REDIS_URL: "redis://localhost", BLOB_URL: "file:///tmp/x" };

test("a worker serves all lanes and makes videos by itself unless it is told otherwise", () => {
  expect(readConfig(LEAST)).toMatchObject({
    LANES: { io: 50, cpu: 2, media: 1 },
    IMAGE_PROVIDER: "local",
    PUBLISHER: "library",
    VIDEO_FRAME: { width: 1920, height: 1080 },
    GEMINI_QUOTA_TIME_ZONE: "America/Los_Angeles",
    MAX_CONCURRENT_ASSET_GEN: 12,
    MAX_CONCURRENT_VIDEO_GEN: 3,
    MAX_CONCURRENT_AUDIO_GEN: 6,
  });
});

test.each([
  [{ IMAGE_PROVIDER: "gemini" }, "GEMINI_API_KEY"],
  [{ CLIP_PROVIDER: "kie" }, "KIE_API_KEY"],
  [{ VOICE_PROVIDER: "elevenlabs" }, "ELEVENLABS_API_KEY"],
  [{ SOUND_PROVIDER: "elevenlabs" }, "ELEVENLABS_API_KEY"],
  [{ PUBLISHER: "youtube", YOUTUBE_CLIENT_ID: "id" }, "YOUTUBE_CLIENT_SECRET and CREDENTIAL_KEYS"],
  [{ IMAGE_PROVIDER: "dalle" }, "IMAGE_PROVIDER"],
  [{ VIDEO_FRAME: "1920" }, "VIDEO_FRAME"],
  [{ VIDEO_FRAME: "321x180" }, "VIDEO_FRAME"],
  [{ VIDEO_FRAME: "8000x4000" }, "VIDEO_FRAME"],
  [{ GEMINI_QUOTA_TIME_ZONE: "Mars/Olympus" }, "GEMINI_QUOTA_TIME_ZONE"],
])("a worker that could not work as it is set does not start: %j", (settings, named) => {
  expect(() => readConfig({ ...LEAST, ...settings })).toThrow(named);
});

test("keys of providers are not logged", () => {
  const keys = { GEMINI_API_KEY: "k1", KIE_API_KEY: "k2", ELEVENLABS_API_KEY: "k3", YOUTUBE_CLIENT_SECRET: "k4" };
  const shown = describeConfig(readConfig({ ...LEAST, ...keys }));
  for (const name of Object.keys(keys)) expect(shown[name]).toBe("present");
});
