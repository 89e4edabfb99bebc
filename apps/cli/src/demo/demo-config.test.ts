import { expect, test } from "vitest";
import { readConfig } from "../config.ts";
import { demoConfig } from "./demo-config.ts";

test("a demo is a Millrace of its own: no store, account, board or webhook of the person's is used", () => {
  const env = {
    MILLRACE_DATA: "/data",
    DATABASE_URL: "postgres://user:secret@db.example/production",
    REDIS_URL: "redis://redis.example",
    BLOB_URL: "s3://bucket",
    PORT: "3000",
    CLIP_PROVIDER: "kie",
    IMAGE_PROVIDER: "gemini",
    PUBLISHER: "youtube",
    NOTION_API_TOKEN: "token",
    CHANNEL_CONFIGS_DIR: "/channels",
    ALERT_WEBHOOK_URL: "https://hooks.example/x",
    CREDENTIAL_KEYS: "a:b",
    LANES: "io",
    HOME: "/root",
  };
  const config = demoConfig(readConfig(env));
  expect(config).toMatchObject({ dataDir: "/data/demo-video", PORT: 3_010, DASHBOARD_PORT: 3_011 });
  expect([config.DATABASE_URL, config.REDIS_URL, config.BLOB_URL]).toEqual([undefined, undefined, undefined]);
  expect(config.inherited).toEqual({ MILLRACE_DATA: "/data", PORT: "3000", HOME: "/root", VIDEO_FRAME: "1280x720" });
  expect(demoConfig(readConfig({ ...env, VIDEO_FRAME: "640x360" })).inherited["VIDEO_FRAME"]).toBe("640x360");
});
