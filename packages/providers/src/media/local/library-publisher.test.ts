import { rm, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openFolderBlobs } from "../../blobs/folder-blobs.ts";
import { createLibraryPublisher, libraryKeys } from "./library-publisher.ts";
import { openWorkshop, type Workshop } from "./media-workshop.contract.ts";

const OWNER = "7f0c1f9e-2d3a-4d55-9c0a-111111111111";
let shop: Workshop;
beforeAll(async () => {
  shop = await openWorkshop();
  await shop.makeClip("final.mp4", "red", 1);
});
afterAll(() => shop.close());

async function openLibrary() {
  const folder = shop.path(`blobs-${Math.random()}`);
  const blobs = await openFolderBlobs(folder);
  const publisher = createLibraryPublisher({
    blobs,
    tools: shop.tools,
    ownerId: OWNER,
    now: () => new Date("2026-11-01T12:00:00Z"),
  });
  const kept: string[] = [];
  const request = {
    videoPath: shop.path("final.mp4"),
    title: `  ${"😀".repeat(150)}`,
    description: "d".repeat(6_000),
    tags: ["mill", "river"],
    privacy: "unlisted" as const,
    refreshToken: null,
    state: null,
    keepState: async (state: string) => {
      kept.push(state);
    },
    signal: shop.signal,
    progress: () => {},
  };
  const keys = async () => {
    const found: string[] = [];
    for await (const { key } of blobs.list("")) found.push(key);
    return found;
  };
  return { blobs, publisher, request, kept, keys };
}

describe("C-Q25 the library", () => {
  test("holds the video and an entry, and gives a path to it", async () => {
    const { blobs, publisher, request, kept, keys } = await openLibrary();
    const { videoId, url, usage } = await publisher.publish(request);
    expect(url).toBe(`/library/${videoId}`);
    expect(usage.costUsd).toBe(0);
    expect(kept).toHaveLength(1);
    const { video, entry } = libraryKeys(OWNER, videoId);
    expect(await keys()).toEqual([entry, video].sort());
    const { bytes } = (await blobs.head(video)) ?? { bytes: 0 };
    expect(JSON.parse(Buffer.from(await blobs.get(entry)).toString())).toEqual({
      video_id: videoId,
      title: "😀".repeat(100),
      description: "d".repeat(5_000),
      tags: ["mill", "river"],
      privacy: "unlisted",
      duration_seconds: expect.closeTo(1, 1),
      width: 320,
      height: 180,
      bytes,
      published_at: "2026-11-01T12:00:00.000Z",
    });
    expect(bytes).toBeGreaterThan(500);
  });

  test("publishing the same state again is the same video, also where the first was broken off", async () => {
    const { blobs, publisher, request, kept, keys } = await openLibrary();
    // The state is kept, then the store fails.
    const broken = createLibraryPublisher({
      blobs: { ...blobs, putStream: () => Promise.reject(new Error("down")) },
      tools: shop.tools,
      ownerId: OWNER,
    });
    await expect(broken.publish(request)).rejects.toThrow("down");
    const [state = null] = kept;
    const first = await publisher.publish({ ...request, state });
    const again = await publisher.publish({ ...request, state });
    expect(again).toEqual(first);
    expect(JSON.parse(state ?? "{}").video_id).toBe(first.videoId);
    expect(await keys()).toHaveLength(2);
    expect(kept).toHaveLength(1);
  });

  test("publishing without a state is another video", async () => {
    const { publisher, request, keys } = await openLibrary();
    const ids = [(await publisher.publish(request)).videoId, (await publisher.publish(request)).videoId];
    expect(new Set(ids).size).toBe(2);
    expect(await keys()).toHaveLength(4);
  });

  test("refuses a state of another publisher, fails on a file that is no video, stops at an abort", async () => {
    const { publisher, request, keys } = await openLibrary();
    for (const state of ["https://upload.example/1", '{"video_id":"../../x","published_at":"2026-11-01T12:00:00Z"}']) {
      await expect(publisher.publish({ ...request, state })).rejects.toMatchObject({ code: "MEDIA_REFUSED" });
    }
    const text = shop.path("text.mp4");
    await writeFile(text, "no video");
    await expect(publisher.publish({ ...request, videoPath: text })).rejects.toMatchObject({ code: "MEDIA_FAILED" });
    await rm(text);
    const reason = new Error("stopped");
    const aborted = new AbortController();
    const keepState = async () => aborted.abort(reason);
    await expect(publisher.publish({ ...request, keepState, signal: aborted.signal })).rejects.toBe(reason);
    expect(await keys()).toEqual([]);
  });
});
