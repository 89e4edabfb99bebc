import { routes } from "@millrace/contracts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestApi, type TestApi } from "../test-api.fixture.ts";

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

let made = 0;
const submit = async (over: object = {}) => {
  const answer = await api.call("submitJob", { body: { pipeline: "sample", input: { key: `k${++made}` }, ...over } });
  expect(answer.status).toBe(202);
  return answer.body.job_id as string;
};

describe("POST /jobs", () => {
  it("A-S21 answers with the id of a row that is there", async () => {
    const { status, body } = await api.call("submitJob", { body: { pipeline: "sample", input: { key: "first" } } });
    expect(status).toBe(202);
    expect(body).toEqual({ job_id: expect.any(String), status: "pending", deduplicated: false });
    const row = await api.store.findJob(body.job_id, api.ownerId);
    expect(row).toMatchObject({
      pipeline: "sample",
      resourceKey: "sample:first",
      status: "pending",
      input: { key: "first" },
    });
  });

  it("A-S14 the same resource gives the job that is active", async () => {
    const body = { pipeline: "sample", input: { key: "again" } };
    const first = await api.call("submitJob", { body });
    const second = await api.call("submitJob", { body });
    expect(second.body).toEqual({ job_id: first.body.job_id, status: "pending", deduplicated: true });
    const foreign = await api.call("submitJob", { body, key: api.keys.foreign });
    expect(foreign.body.deduplicated).toBe(false);
    expect(foreign.body.job_id).not.toBe(first.body.job_id);
  });

  it("names the path of what the pipeline's own schema refuses", async () => {
    const input = { key: "x", items: [{ n: 1 }, { n: "2" }], extra: true };
    const { status, body } = await api.call("submitJob", { body: { pipeline: "sample", input } });
    expect(status).toBe(400);
    expect(body.errors.map((e: { field: string; rule: string }) => `${e.field} ${e.rule}`)).toEqual([
      "input.items[1].n invalid_type",
      "input.extra unknown_field",
    ]);
  });

  it("sends content to its own routes and does not know every name", async () => {
    const content = await api.call("submitJob", { body: { pipeline: "content", input: {} } });
    expect(content.status).toBe(400);
    expect(content.body.errors[0].message).toContain("/api/v1/ingest");
    const unknown = await api.call("submitJob", { body: { pipeline: "constructor", input: {} } });
    expect(unknown.status).toBe(400);
  });

  it("takes priority, channel and tier", async () => {
    const channel_id = "0199aaaa-0000-7000-8000-000000000001";
    const id = await submit({ priority: "high", data_tier: "full", channel_id });
    expect(await api.store.findJob(id, null)).toMatchObject({
      priority: "high",
      dataTier: "full",
      channelId: channel_id,
    });
  });
});

describe("GET /jobs/{id}", () => {
  it("A-S11 A-S12 A-S24 A-Q15 D-5 has six fields, and everything with verbose", async () => {
    const id = await submit();
    await api.finish(id, { done: true });
    const minimal = await api.call("readJob", { params: { id } });
    expect(Object.keys(minimal.body)).toEqual([
      "job_id",
      "content_id",
      "status",
      "created_at",
      "started_at",
      "finished_at",
    ]);
    expect(minimal.body).toMatchObject({ job_id: id, content_id: null, status: "completed" });
    const { body } = await api.call("readJob", { params: { id }, query: { verbose: true } });
    expect(body).toMatchObject({
      job_id: id,
      pipeline: "sample",
      pipeline_version: "1.0.0",
      data_tier: "compact",
      error_code: null,
      error_message: null,
      error_stage: null,
      cancel_requested: false,
      result: { done: true },
      metadata: {},
      deliveries: expect.any(Array),
    });
    expect(body.input).toBeUndefined();
    expect(body.stages).toHaveLength(1);
    expect(body.stages[0]).toMatchObject({
      stage: "one",
      attempt: 1,
      warnings: [{ code: "NOTE", message: "made by a test" }],
    });
    expect(body.stages[0].output).toBeUndefined();
    expect(body.history.map((e: { to: string }) => e.to)).toEqual(["pending", "processing", "completed"]);
  });

  it("A-Q13 A-Q14 the full tier shows input and output, and keeps who looked", async () => {
    const id = await submit({ data_tier: "full" });
    await api.finish(id, { secret: 1 });
    const before = (await api.audits()).length;
    const { body } = await api.call("readJob", { params: { id }, query: { verbose: true } });
    expect(body.input).toEqual({ key: expect.any(String) });
    expect(body.stages[0].output).toEqual({ secret: 1 });
    const audits = (await api.audits()).slice(before);
    expect(audits).toEqual([
      expect.objectContaining({
        event: "audit.full_tier_access",
        job_id: id,
        owner_id: api.ownerId,
        actor: expect.stringMatching(/^key:/),
      }),
    ]);
    await api.call("readJob", { params: { id } });
    expect(await api.audits()).toHaveLength(before + 1);
  });
});

describe("GET /jobs", () => {
  it("A2.6 pages through every job once, whatever shares its millisecond, while new ones arrive", async () => {
    const key = (await api.makeKey({})).key;
    const ids = await Promise.all(Array.from({ length: 25 }, () => submit({ priority: "low" })));
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const query: Record<string, unknown> = { limit: 4, pipeline: "sample", ...(cursor && { cursor }) };
      const { body } = await api.call("listJobs", { key, query });
      seen.push(...body.jobs.map((job: { job_id: string }) => job.job_id));
      cursor = body.next_cursor;
      await submit();
    } while (cursor !== null);
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toEqual(expect.arrayContaining(ids));
  });

  it("A-S07 filters by status, resource key and idempotency key", async () => {
    const input = { key: "filtered" };
    const headers = { "idempotency-key": "find me" };
    const { body } = await api.call("submitJob", { body: { pipeline: "sample", input }, headers });
    for (const query of [{ resource_key: "sample:filtered" }, { idempotency_key: "find me" }]) {
      const found = await api.call("listJobs", { query });
      expect(found.body.jobs.map((job: { job_id: string }) => job.job_id)).toEqual([body.job_id]);
    }
    const failed = await api.call("listJobs", { query: { status: "failed" } });
    expect(failed.body).toEqual({ jobs: [], next_cursor: null });
  });

  it.each([
    ["status", "running"],
    ["cursor", "nonsense"],
    ["limit", "0"],
    ["limit", "101"],
    ["content_id", "7"],
    ["colour", "red"],
  ])("A2.6 answers 400 to %s=%s and names it", async (name, value) => {
    const { status, body } = await api.call("listJobs", { query: { [name]: value } });
    expect(status).toBe(400);
    expect(body.errors[0].field).toBe(name);
  });
});

describe("POST /jobs/{id}/cancel", () => {
  it("A-S25 A-Q10 a pending job is cancelled at once and stays so", async () => {
    const id = await submit();
    const first = await api.call("cancelJob", { params: { id }, body: { reason: "changed my mind" } });
    expect(first.status).toBe(200);
    expect(first.body).toMatchObject({ job_id: id, status: "cancelled", cancelled: true });
    const again = await api.call("cancelJob", { params: { id } });
    expect(again.status).toBe(200);
    expect(again.body).toMatchObject({ status: "cancelled", cancelled: false, cancel_requested: false });
    const { body } = await api.call("readJob", { params: { id }, query: { verbose: true } });
    expect(body).toMatchObject({ status: "cancelled", cancel_reason: "changed my mind" });
    expect(body.finished_at).not.toBeNull();
    const audits = await api.audits();
    expect(audits.filter((a) => a["job_id"] === id && a["event"] === "audit.cancellation")).toHaveLength(2);
  });

  it("A-Q10 a running job is asked to end: 202, status processing", async () => {
    const id = await submit();
    await api.claim(id);
    const { status, body } = await api.call("cancelJob", { params: { id } });
    expect(status).toBe(202);
    expect(body).toMatchObject({ status: "processing", cancelled: false, cancel_requested: true });
    const verbose = await api.call("readJob", { params: { id }, query: { verbose: true } });
    expect(verbose.body).toMatchObject({ status: "processing", cancel_requested: true });
  });

  it("A-Q10 a finished job stays what it is", async () => {
    const id = await submit();
    await api.finish(id, 1);
    const { status, body } = await api.call("cancelJob", { params: { id } });
    expect(status).toBe(200);
    expect(body).toMatchObject({ status: "completed", cancelled: false });
  });
});

describe("POST /jobs/{id}/reviews/{gate}", () => {
  it("keeps an early decision, takes the same again and refuses the opposite", async () => {
    const id = await submit();
    const params = { id, gate: "cut" };
    const first = await api.call("decideReview", { params, body: { decision: "approved", comment: "good" } });
    expect(first.body).toMatchObject({ job_id: id, gate: "cut", decision: "approved", outcome: "kept" });
    const same = await api.call("decideReview", { params, body: { decision: "approved" } });
    expect(same.body.outcome).toBe("already_decided");
    const opposite = await api.call("decideReview", { params, body: { decision: "rejected" } });
    expect(opposite.status).toBe(409);
    await api.finish(id, 1);
    const late = await api.call("decideReview", { params: { id, gate: "other" }, body: { decision: "approved" } });
    expect(late.status).toBe(409);
  });
});

describe("A-Q03 D-6 somebody else's job is no job at all", () => {
  const calls = Object.entries(routes).filter(([, route]) => route.path.startsWith("/api/v1/jobs/{id}"));

  const bodies: Readonly<Record<string, Record<string, string>>> = {
    decideReview: { decision: "approved" },
    createReviewLink: { reviewer: "rita" },
    changeJob: { priority: "high" },
  };

  it.each(calls.map(([id]) => id as "readJob"))(
    "%s answers 404 to a foreign, an unknown and an impossible id",
    async (id) => {
      expect(calls.length).toBeGreaterThan(2);
      const jobId = await submit();
      const given = bodies[id];
      const body = given === undefined ? {} : { body: given };
      const ask = (job: string, key?: string) =>
        api.call(id, { params: { id: job, gate: "g" }, ...body, ...(key && { key }) });
      const foreign = await ask(jobId, api.keys.foreign);
      const unknown = await ask("0199aaaa-0000-7000-8000-000000000000");
      expect(foreign.status).toBe(404);
      expect({ ...foreign.body, request_id: "" }).toEqual({ ...unknown.body, request_id: "" });
      for (const impossible of ["nonsense", "1", "'; drop table", "%00", "a".repeat(500)]) {
        expect((await ask(impossible)).status, impossible).toBe(404);
      }
      expect((await api.store.findJob(jobId, null))?.status).toBe("pending");
      expect([200, 201]).toContain((await ask(jobId, api.keys.admin)).status);
    },
  );

  it("lists hold the owner's own only", async () => {
    const mine = await submit();
    const { body } = await api.call("listJobs", { key: api.keys.foreign, query: { limit: 100 } });
    expect(body.jobs.map((job: { job_id: string }) => job.job_id)).not.toContain(mine);
  });
});

describe("A-S14 A-Q02 Idempotency-Key", () => {
  const body = (key: string) => ({ pipeline: "sample", input: { key } });

  it("repeats the answer of the same request, also when the job is over", async () => {
    const headers = { "idempotency-key": "replay" };
    const first = await api.call("submitJob", { body: body("idem"), headers });
    await api.finish(first.body.job_id, 1);
    const again = await api.call("submitJob", { body: { input: { key: "idem" }, pipeline: "sample" }, headers });
    expect(again.status).toBe(202);
    expect(again.body).toEqual(first.body);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect(first.headers.get("idempotency-replayed")).toBeNull();
  });

  it("refuses another request under the key, and knows keys per owner", async () => {
    const headers = { "idempotency-key": "mine" };
    await api.call("submitJob", { body: body("one"), headers });
    const other = await api.call("submitJob", { body: body("two"), headers });
    expect(other.status).toBe(422);
    expect(other.body.code).toBe("IDEMPOTENCY_KEY_REUSED");
    const foreign = await api.call("submitJob", { body: body("two"), headers, key: api.keys.foreign });
    expect(foreign.status).toBe(202);
    expect((await api.call("listJobs", { query: { resource_key: "sample:two" } })).body.jobs).toEqual([]);
  });

  it("is 1 to 255 printable characters", async () => {
    for (const key of ["x".repeat(256), ""]) {
      const answer = await api.call("submitJob", { body: body("long"), headers: { "idempotency-key": key } });
      expect(answer.status, key.slice(0, 5)).toBe(400);
    }
  });

  it("fifty requests at once make one job", async () => {
    const headers = { "idempotency-key": "burst" };
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => api.call("submitJob", { body: body("burst"), headers })),
    );
    expect(new Set(answers.map((a) => `${a.status} ${a.body.job_id}`)).size).toBe(1);
  });
});
