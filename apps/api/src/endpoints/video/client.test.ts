import { type ApiError, createClient } from "@millrace/client";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startTestApi, type TestApi } from "../../test-api.fixture.ts";
import { CHANNEL, parkAfter } from "./video.fixture.ts";

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

it("brings a video from an idea to its first decision", async () => {
  const { videos } = createClient({ apiUrl: api.url, apiKey: api.keys.own });
  await videos.putChannel("nature", { ...CHANNEL, max_concurrent: 3 });
  await videos.putCredential("nature", "youtube_refresh_token", "secret");
  expect(await videos.channel("nature")).toMatchObject({ credentials: ["youtube_refresh_token"] });
  await videos.deleteCredential("nature", "youtube_refresh_token");
  expect((await videos.channels()).channels).toMatchObject([{ channel_id: "nature", credentials: [] }]);

  const task = await videos.create({ channel_id: "nature", title: "Bees", topic: "How bees find home" });
  expect(await videos.update(task.id, { priority: "high" })).toMatchObject({ priority: "high" });
  const { job_id } = await videos.queue(task.id);
  await parkAfter(api, job_id, "assets", "assets");
  expect(await videos.get(task.id)).toMatchObject({ status: "assets_ready" });
  expect((await videos.list({ status: "assets_ready", channel: "nature" })).tasks).toHaveLength(1);
  const rejection = { decision: "rejected", comment: "too dark" } as const;
  expect(await videos.review(task.id, "assets", rejection)).toMatchObject({ outcome: "applied" });
  expect((await videos.errors(task.id)).errors).toMatchObject([{ code: "REVIEW_REJECTED" }]);
  expect(await videos.retry(task.id)).toMatchObject({ from_step: "assets" });
  expect((await videos.reviewAll([task.id], { decision: "approved" })).success).toBe(0);
  expect(await videos.unqueue(task.id, "later")).toMatchObject({ cancelled: true });
  expect((await videos.queueAll([task.id])).success).toBe(1);
  expect(await videos.cancel(task.id)).toMatchObject({ cancelled: true });
  expect((await videos.counts()).by_status).toMatchObject({ draft: 1 });
  expect((await videos.runs(task.id)).runs).toHaveLength(3);
  expect((await videos.transitions(task.id)).transitions.length).toBeGreaterThan(8);
  expect((await videos.units(task.id)).units).toEqual([]);
  await expect(videos.link(task.id, { step: "assets", unit: "props/01" })).rejects.toMatchObject({ status: 400 });
  expect((await videos.costs(task.id)).total_cost_usd).toBe(0);
  expect((await videos.sumCosts({ by: "day" })).costs).toEqual([]);
  expect((await videos.library()).videos).toEqual([]);
});

it("tells what stands in the way", async () => {
  const { videos } = createClient({ apiUrl: api.url, apiKey: api.keys.own });
  await videos.putChannel("art", CHANNEL);
  const { id } = await videos.create({ channel_id: "art", title: "Blue", topic: "Why blue was dear" });
  await expect(videos.deleteChannel("art")).rejects.toMatchObject({ status: 409 } satisfies Partial<ApiError>);
  await videos.delete(id);
  await videos.deleteChannel("art");
  await expect(videos.libraryVideo(id)).rejects.toMatchObject({ status: 404 } satisfies Partial<ApiError>);
});
