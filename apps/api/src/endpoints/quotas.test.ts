import { newId } from "@millrace/db";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestApi, type TestApi } from "../test-api.fixture.ts";

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

async function accept(): Promise<string> {
  const id = newId();
  await api.store.submit({
    id,
    ownerId: api.ownerId,
    pipeline: "sample",
    pipelineVersion: "1.0.0",
    resourceKey: `sample:${id}`,
    stage: "one",
    lane: "cpu",
    stageIndex: 0,
    stageCount: 2,
    quota: { service: "clips", pool: "main", units: 7 },
    priority: "normal",
    channelId: api.ownerId,
    dataTier: "compact",
    maxRetries: 1,
    input: {},
    metadata: {},
    idempotencyKey: null,
    traceparent: null,
    isDispatched: false,
    content: null,
  });
  return id;
}

const put = (pool: string, body: object, key = api.keys.admin) =>
  api.call("changeQuota", { params: { service: "clips", pool }, body: body as never, key });

describe("quotas (C-Q11)", () => {
  it("are limited, paused and shown by admins; whoever waited goes at once", async () => {
    const { status, body } = await put("main", { daily_limit: 5, time_zone: "UTC" });
    expect(status).toBe(200);
    expect(body).toMatchObject({ service: "clips", pool: "main", daily_limit: 5, is_own: true, units_reserved: 0 });
    const id = await accept();
    expect(await api.store.dispatch("cpu", 10)).toEqual([]);
    const list = await api.call("listQuotas", { key: api.keys.admin });
    expect(list.body.quotas.find(({ service }: { service: string }) => service === "clips")).toMatchObject({
      daily_limit: 5,
      waiting: 1,
    });
    expect(list.body.quotas.find(({ pool }: { pool: string }) => pool === "*")).toMatchObject({
      service: "youtube",
      daily_limit: 10_000,
    });

    await put("main", { paused_until: "2999-01-01T00:00:00Z", pause_reason: "they asked" });
    await put("main", { daily_limit: null });
    expect(await api.store.dispatch("cpu", 10)).toEqual([]);
    const ended = await put("main", { paused_until: null });
    expect(ended.body).toMatchObject({ paused_until: null, pause_reason: null, daily_limit: null });
    expect((await api.store.dispatch("cpu", 10)).map(({ jobId }) => jobId)).toEqual([id]);
    const audits = await api.sql("select details from audit_events where event = 'audit.quota_change' order by at");
    expect(audits).toHaveLength(4);
  });

  it.each<[string, object, string]>([
    ["main", { daily_limit: -1 }, "daily_limit"],
    ["main", { daily_limit: 1.5 }, "daily_limit"],
    ["main", { time_zone: "Mars/Olympus" }, "time_zone"],
    ["main", { time_zone: "" }, "time_zone"],
    ["main", { paused_until: "tomorrow" }, "paused_until"],
    ["main", { pause_reason: "no pause" }, "pause_reason"],
    ["main", { limit: 1 }, "limit"],
    ["*", { paused_until: "2999-01-01T00:00:00Z" }, "paused_until"],
  ])("refuse for the pool %s what cannot be: %o", async (pool, body, field) => {
    const answer = await put(encodeURIComponent(pool), body);
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ code: "VALIDATION_FAILED" });
    expect(JSON.stringify(answer.body)).toContain(field);
  });

  it("are no business of others", async () => {
    expect((await put("main", { daily_limit: 1 }, api.keys.own)).status).toBe(403);
    expect((await api.call("listQuotas", { key: api.keys.own })).status).toBe(403);
    expect((await api.call("listPermits", { key: api.keys.own })).status).toBe(403);
  });
});

describe("permits (C-Q10)", () => {
  it("are shown and set by admins", async () => {
    const change = (permits: number | null) =>
      api.call("changePermits", { params: { provider: "kie" }, body: { permits }, key: api.keys.admin });
    const list = async () => (await api.call("listPermits", { key: api.keys.admin })).body.permits;
    expect(await list()).toContainEqual({ provider: "kie", permits: 10, held: 0 });
    expect((await change(3)).body).toEqual({ provider: "kie", permits: 3, held: 0 });
    expect((await change(null)).body).toEqual({ provider: "kie", permits: null, held: 0 });
    expect((await list()).some(({ provider }: { provider: string }) => provider === "kie")).toBe(false);
    expect((await change(-1)).status).toBe(400);
  });
});

describe("PATCH /jobs/{id} (C-Q08)", () => {
  it("changes the priority of a job, of one's own and not yet over", async () => {
    const id = await accept();
    const change = (priority: string, key = api.keys.own) =>
      api.call("changeJob", { params: { id }, body: { priority } as never, key });
    expect((await change("high")).body).toEqual({ job_id: id, priority: "high", before: "normal" });
    expect((await change("high", api.keys.foreign)).status).toBe(404);
    expect((await change("urgent")).status).toBe(400);
    await api.store.cancel({ jobId: id, ownerId: null, by: "ann", reason: null });
    expect(await change("low")).toMatchObject({ status: 409, body: { code: "CONFLICT", job_id: id } });
  });
});
