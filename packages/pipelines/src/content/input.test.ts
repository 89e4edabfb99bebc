import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type ContentInputDraft, contentInput } from "./input.ts";
import { contentSpec } from "./spec.ts";

const content_id = "0197a6f0-7b1c-7abc-8def-0123456789ab";
const upload = {
  source: "upload",
  content_id,
  content_type: "pdf",
  blob_key: "o/u/1.pdf",
  file_name: "a.pdf",
  bytes: 9,
};
const spec = contentSpec({ analyserLane: "cpu" });

describe("content input", () => {
  test("fills in what a submitter may leave out", () => {
    expect(contentInput.parse({ source: "url", content_id, url: "https://example.org/" })).toEqual({
      source: "url",
      content_id,
      url: "https://example.org/",
      title: null,
      tags: [],
    });
  });

  test.each([
    ["an unknown source", { ...upload, source: "ftp" }],
    ["a blob key that climbs", { ...upload, blob_key: "o/../secret" }],
    ["a blob key with a space", { ...upload, blob_key: "o/a b" }],
    ["a file no reader reads", { ...upload, content_type: "zip" }],
    ["an address that is none", { source: "url", content_id, url: "not a url" }],
    ["an address of another kind", { source: "url", content_id, url: "file:///etc/passwd" }],
    [
      "a video id of ten characters",
      { source: "youtube", content_id, url: "https://youtu.be/x", video_id: "abcdefghij" },
    ],
    ["a content id that is none", { ...upload, content_id: "7" }],
    ["a stored file without its type", { ...upload, reprocess: { file_path: "o/pdf/x/a.pdf" } }],
  ])("refuses %s", (_, input) => {
    expect(contentInput.safeParse(input).success).toBe(false);
  });
});

describe("resource key (A-S08)", () => {
  const keyOf = (draft: ContentInputDraft) => spec.resourceKey(contentInput.parse(draft));

  test("names the video, whichever way it came", () => {
    const url = "https://youtu.be/dQw4w9WgXcQ";
    expect(keyOf({ source: "youtube", content_id, url, video_id: "dQw4w9WgXcQ" })).toBe("yt:dQw4w9WgXcQ");
    expect(keyOf({ source: "url", content_id, url })).toBe("yt:dQw4w9WgXcQ");
  });

  test("names an address by the hash of its normal form", () => {
    const key = keyOf({ source: "url", content_id, url: "http://www.Example.org/a/?utm_source=x#frag" });
    expect(key).toMatch(/^url:[A-Za-z0-9_-]{16}$/);
    expect(keyOf({ source: "url", content_id, url: "https://example.org/a" })).toBe(key);
  });

  test("A-Q04 leaves out the tracking parameters it was configured with", () => {
    const configured = contentSpec({ analyserLane: "cpu", trackingParameters: ["ref", "from_*"] });
    const keyOfUrl = (url: string) => configured.resourceKey(contentInput.parse({ source: "url", content_id, url }));
    expect(keyOfUrl("https://example.org/a?ref=1&from_mail=2")).toBe(keyOfUrl("https://example.org/a"));
    expect(keyOfUrl("https://example.org/a?reference=1")).not.toBe(keyOfUrl("https://example.org/a"));
  });

  test("names an upload by its content id", () => {
    expect(keyOf(upload as ContentInputDraft)).toBe(`cid:${content_id}`);
  });
});

test("A-S12 the pipeline's version is the application's", () => {
  const root = readFileSync(join(import.meta.dirname, "../../../../package.json"), "utf8");
  expect(spec.version).toBe((JSON.parse(root) as { version: string }).version);
});

test("the analyser's lane is where it is analysed, and nothing is tried twice (A-Q01)", () => {
  expect(contentSpec({ analyserLane: "io" }).stages.analyse.lane).toBe("io");
  expect(spec.stages.analyse.lane).toBe("cpu");
  for (const stage of Object.values(spec.stages)) expect(stage.retry.attempts).toBe(1);
});
