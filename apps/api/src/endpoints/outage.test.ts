import { until } from "@millrace/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestApi, type TestApi } from "../test-api.fixture.ts";

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

const job = (key: string) => ({ pipeline: "sample", input: { key } });
const file = () => {
  const form = new FormData();
  form.append("file", new Blob(["# hi"]), "a.md");
  return form;
};

describe("without Postgres", () => {
  it.each(["refuse", "cut"] as const)(
    "%s: nothing is accepted, 503 says when to come again, and nothing is left",
    async (mode) => {
      await api.call("listJobs");
      const blobs = await api.blobKeys();
      await api.postgres.set(mode);
      try {
        for (const ask of [
          () => api.call("submitJob", { body: job(`down-${mode}`) }),
          () => api.call("ingestUrl", { body: { url: `https://example.com/down-${mode}` } }),
          () => api.call("uploadContent", { body: file() }),
          () => api.call("listJobs"),
          () => api.call("readJob", { params: { id: "0199aaaa-0000-7000-8000-000000000000" } }),
        ]) {
          const answer = await ask();
          expect(answer.status).toBe(503);
          expect(answer.body.code).toBe("STORE_UNAVAILABLE");
          expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
        }
        const ready = await api.call("ready");
        expect(ready.status).toBe(503);
        expect(ready.body).toMatchObject({
          status: "unavailable",
          checks: { postgres: { status: "failed" }, redis: { status: "ok" } },
        });
        expect((await api.call("health")).status).toBe(200);
      } finally {
        await api.postgres.set("pass");
      }
      await until(async () => (await api.call("ready")).body.status === "ready");
      expect((await api.call("listJobs", { query: { resource_key: `sample:down-${mode}` } })).body.jobs).toEqual([]);
      await until(async () => (await api.blobKeys()).length === blobs.length);
    },
  );

  it("a Postgres that swallows every packet is answered for within its time limit", async () => {
    await api.call("listJobs");
    await api.postgres.set("swallow");
    try {
      const started = performance.now();
      const answer = await api.call("submitJob", { body: job("silent") });
      expect(answer.status).toBe(503);
      expect(performance.now() - started).toBeLessThan(10_000);
    } finally {
      await api.postgres.set("cut");
      await api.postgres.set("pass");
    }
    await until(async () => (await api.call("submitJob", { body: job("back") })).status === 202);
  });
});

describe("without Redis", () => {
  it("work is accepted all the same, and /ready says degraded", async () => {
    await api.redis.set("refuse");
    try {
      const { status, body } = await api.call("submitJob", { body: job("no redis") });
      expect(status).toBe(202);
      expect((await api.store.findJob(body.job_id, null))?.status).toBe("pending");
      const cancelled = await api.call("cancelJob", { params: { id: body.job_id } });
      expect(cancelled.body.cancelled).toBe(true);
      const ready = await api.call("ready");
      expect(ready.status).toBe(200);
      expect(ready.body).toMatchObject({ status: "degraded", checks: { redis: { status: "failed" } } });
    } finally {
      await api.redis.set("pass");
    }
    await until(async () => (await api.call("ready")).body.status === "ready");
  });
});
