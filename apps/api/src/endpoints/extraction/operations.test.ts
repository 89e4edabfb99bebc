import { type Route, routes } from "@millrace/contracts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestApi, type TestApi } from "../../test-api.fixture.ts";
import { completed, ended, failed, read, toBeRetried, upload } from "./extraction.fixture.ts";

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

const asAdmin = () => ({ key: api.keys.admin });
const cleanUp = (body = {}) => api.call("cleanUpExtractions", { body, ...asAdmin() });
const age = (id: string, days: number) =>
  api.sql("update extraction_jobs set completed_at = now() - $2::int * interval '1 day' where id = $1", [id, days]);

const operations = Object.entries(routes as Record<string, Route>).filter(
  ([, route]) => route.isAdminOnly && route.tag === "extraction operations",
);

describe("B-Q22 B-Q23 operations", () => {
  it.each(operations.map(([id]) => id as "readExtractionStats"))("%s is for admin keys only", async (id) => {
    expect(operations).toHaveLength(5);
    const unlimited = await api.call(id, { params: { id: api.ownerId } });
    expect(unlimited.body).toMatchObject({ status: 403, code: "FORBIDDEN" });
    expect((await api.call(id, { params: { id: api.ownerId }, key: null })).status).toBe(401);
  });
});

describe("POST /extraction/jobs/cleanup", () => {
  it("B-Q22 deletes completed and cancelled ones after 30 days, failed ones after 90, with their files; a dry run counts", async () => {
    const old = { completed: await ended(api, completed()), failed: await ended(api, failed()) };
    const young = { completed: await ended(api, completed()), failed: await ended(api, failed()) };
    const waiting = (await upload(api)).body.id;
    await age(old.completed, 31);
    await age(young.completed, 29);
    await age(old.failed, 91);
    await age(young.failed, 89);
    const files = await api.blobKeys();
    const deleted = { completed: 1, failed: 1, cancelled: 0 };
    expect((await cleanUp({ dry_run: true })).body).toEqual({
      dry_run: true,
      deleted,
      bulks_deleted: 0,
      blobs_deleted: 0,
    });
    expect(await api.blobKeys()).toEqual(files);
    expect((await cleanUp()).body).toMatchObject({ dry_run: false, deleted, blobs_deleted: 3 });
    const left = await api.blobKeys();
    expect(left).toHaveLength(files.length - 2);
    for (const id of [old.completed, old.failed]) {
      expect((await read(api, id)).status).toBe(404);
      expect(left.some((key) => key.includes(id))).toBe(false);
    }
    for (const id of [young.completed, young.failed, waiting]) expect((await read(api, id)).status).toBe(200);
    expect((await api.audits()).filter(({ event }) => event === "audit.extraction_cleanup")).toHaveLength(1);
  });

  it("B2.5 takes an age and a status", async () => {
    const [one, two] = [await ended(api, completed()), await ended(api, failed())];
    await age(one, 3);
    await age(two, 3);
    const { deleted } = (await cleanUp({ older_than_days: 2, status: "failed" })).body;
    expect(deleted).toMatchObject({ completed: 0, cancelled: 0 });
    expect((await read(api, one)).status).toBe(200);
    expect((await read(api, two)).status).toBe(404);
  });

  it.each([
    [{ older_than_days: 0 }, "older_than_days"],
    [{ older_than_days: 366 }, "older_than_days"],
    [{ older_than_days: "30" }, "older_than_days"],
    [{ status: "pending" }, "status"],
    [{ dry_run: "yes" }, "dry_run"],
    [{ all: true }, "all"],
  ])("refuses %o", async (body, field) => {
    const answer = await cleanUp(body);
    expect(answer.status).toBe(400);
    expect(answer.body.errors[0].field).toBe(field);
  });
});

describe("GET /extraction/stats", () => {
  it("B2.5 counts by status and format, with times and retries", async () => {
    const { body } = await upload(api, [
      "a.dxf",
      `  0\nSECTION\n  2\nHEADER\n  9\n$ACADVER\n  1\nAC1027\n${Math.random()}`,
    ]);
    await api.settle(body.job_id, toBeRetried());
    await api.sql("update pipeline_jobs set next_retry_at = now() where id = $1", [body.job_id]);
    await api.settle(body.job_id, completed());
    const { body: stats } = await api.call("readExtractionStats", asAdmin());
    expect(stats.total).toBe(Object.values<number>(stats.by_status).reduce((sum, count) => sum + count));
    expect(stats.groups.filter(({ format }: { format: string }) => format === "dxf")).toEqual([
      {
        format: "dxf",
        status: "completed",
        count: 1,
        retries: 1,
        mean_ms: expect.any(Number),
        median_ms: expect.any(Number),
        p95_ms: expect.any(Number),
        max_ms: expect.any(Number),
      },
    ]);
  });
});

describe("GET /extraction/stuck and POST …/recover", () => {
  const stuck = async (query = {}) => (await api.call("listStuckExtractions", { query, ...asAdmin() })).body;
  const recover = (id: string) => api.call("recoverExtraction", { params: { id }, ...asAdmin() });

  it("B-Q21 lists what a dead worker left behind, and gives it a new ticket", async () => {
    const { body } = await upload(api);
    await api.claim(body.job_id);
    expect((await recover(body.id)).body).toEqual({ id: body.id, outcome: "running" });
    await api.sql("update pipeline_jobs set lease_until = now() - interval '31 minutes' where id = $1", [body.job_id]);
    expect(await stuck()).toMatchObject({
      timeout_minutes: 30,
      jobs: [{ id: body.id, reason: "lease_over", worker: "test" }],
    });
    expect((await stuck({ timeout_minutes: 60 })).jobs).toEqual([]);
    const before = await api.store.findJob(body.job_id, null);
    expect((await recover(body.id)).body).toEqual({ id: body.id, outcome: "redispatched" });
    expect((await api.store.findJob(body.job_id, null))?.dispatchNo).toBe((before?.dispatchNo ?? 0) + 1);
    await api.settle(body.job_id, completed());
    expect((await recover(body.id)).body).toMatchObject({ status: 409, code: "CONFLICT" });
  });

  it("fails one whose job is gone, so that it can be retried", async () => {
    const { body } = await upload(api);
    await api.sql("delete from pipeline_jobs where id = $1", [body.job_id]);
    expect((await recover(body.id)).body.outcome).toBe("failed");
    expect((await read(api, body.id)).body.status).toBe("failed");
    expect((await api.call("retryExtraction", { params: { id: body.id } })).status).toBe(202);
  });

  it.each([[{ timeout_minutes: 4 }], [{ timeout_minutes: 1441 }], [{ timeout_minutes: "x" }]])(
    "refuses %o",
    async (query) => {
      const answer = await api.call("listStuckExtractions", { query, ...asAdmin() });
      expect(answer.body.errors[0].field).toBe("timeout_minutes");
    },
  );

  it("of what is not there is 404", async () => {
    for (const id of [api.ownerId, "x"]) expect((await recover(id)).status).toBe(404);
  });
});

describe("POST /extraction/cleanup-orphaned", () => {
  it("B2.5 ends what nothing works on any more; a dry run counts", async () => {
    const { body } = await upload(api);
    await api.sql("delete from pipeline_jobs where id = $1", [body.job_id]);
    await api.sql("update extraction_jobs set updated_at = now() - interval '25 hours' where id = $1", [body.id]);
    const sweep = (dry_run: boolean) => api.call("cleanUpOrphanedExtractions", { body: { dry_run }, ...asAdmin() });
    expect((await sweep(true)).body).toEqual({ dry_run: true, failed: 1, cancelled: 0 });
    expect((await read(api, body.id)).body.status).toBe("pending");
    expect((await sweep(false)).body).toMatchObject({ failed: 1 });
    expect((await sweep(false)).body).toMatchObject({ failed: 0 });
    expect((await read(api, body.id)).body).toMatchObject({ status: "failed", completed_at: expect.any(String) });
  });
});
