import { type Route, routes } from "@millrace/contracts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestApi, type TestApi } from "../../test-api.fixture.ts";
import { completed, create, ended, failed, freshUrl, RESULT, read, toBeRetried, upload } from "./extraction.fixture.ts";

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

const list = (query: Record<string, unknown> = {}, key?: string) =>
  api.call("listExtractions", { query, ...(key && { key }) });
const idsOf = async (query: Record<string, unknown>, key?: string): Promise<string[]> =>
  (await list(query, key)).body.jobs.map((job: { id: string }) => job.id);
const cancel = (id: string, body = {}) => api.call("cancelExtraction", { params: { id }, body });
const retry = (id: string) => api.call("retryExtraction", { params: { id } });
const remove = (id: string) => api.call("deleteExtraction", { params: { id } });

describe("GET /extraction/jobs/{id}", () => {
  it("B-S25 B-S26 follows the job: processing, progress, completed with its result", async () => {
    const { body } = await upload(api);
    const fence = await api.claim(body.job_id);
    expect((await read(api, body.id)).body).toMatchObject({ status: "processing", started_at: expect.any(String) });
    await api.store.heartbeat([{ jobId: body.job_id, fence, progress: 40 }], 60_000);
    expect((await read(api, body.id)).body.progress).toBe(40);
    await api.finishClaimed(body.job_id, fence, { ...RESULT, result_ref: "x" });
    expect((await read(api, body.id)).body).toMatchObject({
      status: "completed",
      progress: 100,
      file_size: 4_321,
      completed_at: expect.any(String),
      result: { counts: { tables: 1 } },
      attempts: [{ outcome: "completed", attempt: 1 }],
    });
  });

  it("B-Q10 B-Q15 a failed try shows why, which retry comes and when it is due", async () => {
    const { body } = await upload(api);
    await api.settle(body.job_id, toBeRetried(30_000));
    const shown = (await read(api, body.id)).body;
    expect(shown).toMatchObject({
      status: "pending",
      retry_count: 1,
      error_code: "URL_UNREACHABLE",
      message: "retry 1 of 3",
      attempts: [{ outcome: "retry", stage: "download", next_retry_at: shown.next_retry_at }],
    });
    const job = await api.store.findJob(body.job_id, null);
    expect(shown.next_retry_at).toBe(job?.nextRetryAt?.toISOString());
  });

  it("B-S26 shows stack traces of the full data tier only, and notes who looked", async () => {
    const id = await ended(api, failed("Error: broken\n    at parse"), { data_tier: "full" });
    expect((await read(api, id)).body.error_stack_trace).toContain("at parse");
    expect((await api.audits()).filter(({ event }) => event === "audit.full_tier_access")).toMatchObject([
      { job_id: id, actor: expect.stringMatching(/^key:/) },
    ]);
    const compact = await ended(api, failed("Error: broken\n    at parse"));
    expect((await read(api, compact)).body).toMatchObject({ error_stack_trace: null, error_code: "CONTENT_DAMAGED" });
  });
});

describe("GET /extraction/jobs/{id}/result", () => {
  const result = (id: string) => api.call("readExtractionResult", { params: { id } });

  it("streams the whole from where it is stored", async () => {
    const whole = { ...RESULT, tables: Array.from({ length: 2_000 }, (_, row) => ({ row, cells: ["a", "b"] })) };
    const key = `${api.ownerId}/extractions/results/1.json`;
    await api.blobs.put(key, JSON.stringify(whole));
    const id = await ended(api, completed({ ...RESULT, is_inline: false, result_ref: key }));
    const answer = await result(id);
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual(whole);
    await api.blobs.delete(key);
    expect((await result(id)).body.code).toBe("BLOB_MISSING");
  });

  it("of a small one has it even when its blob is gone", async () => {
    const id = await ended(api, completed());
    expect((await result(id)).body).toMatchObject({ source_type: "pdf", tables: [] });
  });

  it("is 404 before there is one", async () => {
    const { body } = await upload(api);
    expect((await result(body.id)).body).toMatchObject({ status: 404, code: "NOT_FOUND" });
  });
});

describe("GET /extraction/jobs", () => {
  it("B-S25 B-S25a filters by status, format, creator, file, record, attachment and cloud file, results left out", async () => {
    const record_id = (await api.call("createRecord", {})).body.id;
    const file_url = freshUrl("hall.dxf");
    const links = { record_id, attachment_id: "att-1", cloud_file_id: 77 };
    const { body } = await create(api, { file_url, ...links });
    await api.settle(body.job_id, completed());
    const only = [body.id];
    expect(await idsOf({ file_url })).toEqual(only);
    expect(await idsOf({ record_id })).toEqual(only);
    expect(await idsOf({ record_id, attachment_id: "att-1", status: "completed" })).toEqual(only);
    expect(await idsOf({ cloud_file_id: 77 })).toEqual(only);
    expect(await idsOf({ format: "dxf" })).toEqual(only);
    expect(await idsOf({ extraction_format: "dxf", format: "dxf" })).toEqual(only);
    expect(await idsOf({ format: "dxf", status: "failed" })).toEqual([]);
    expect(await idsOf({ created_by: api.ownerId, file_url }, api.keys.admin)).toEqual(only);
    expect(await idsOf({ file_url }, api.keys.foreign)).toEqual([]);
    const [shown] = (await list({ file_url })).body.jobs;
    expect(shown).not.toHaveProperty("result");
    expect(shown).toMatchObject({ format: "dxf", extraction_format: "dxf", user_id: api.ownerId });
  });

  it("pages by cursor, newest first, each row once", async () => {
    const record_id = (await api.call("createRecord", {})).body.id;
    const ids: string[] = [];
    for (let n = 0; n < 5; n++) ids.unshift((await create(api, { file_url: freshUrl(), record_id })).body.id);
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const { body } = await list({ record_id, limit: 2, ...(cursor && { cursor }) });
      seen.push(...body.jobs.map((job: { id: string }) => job.id));
      cursor = body.next_cursor;
    } while (cursor !== null);
    expect(seen).toEqual(ids);
  });

  it("B-Q11 lists what may be tried again: failed or due, with retries left", async () => {
    const bad = await ended(api, failed());
    const { body: waiting } = await upload(api);
    await api.settle(waiting.job_id, toBeRetried(600_000));
    const { body: due } = await upload(api);
    await api.settle(due.job_id, toBeRetried(600_000));
    await api.sql("update extraction_jobs set next_retry_at = now() - interval '1 second' where id = $1", [due.id]);
    const { body: spent } = await upload(api, undefined, { max_retries: "0" });
    await api.settle(spent.job_id, failed());
    const ids = await idsOf({ retryable: true, limit: 100 });
    expect(ids).toEqual(expect.arrayContaining([bad, due.id]));
    expect(ids).not.toContain(waiting.id);
    expect(ids).not.toContain(spent.id);
  });

  it.each([
    [{ status: "retrying" }, "status"],
    [{ format: "bom" }, "format"],
    [{ format: "pdf", extraction_format: "dxf" }, "extraction_format"],
    [{ record_id: "7" }, "record_id"],
    [{ cloud_file_id: "-1" }, "cloud_file_id"],
    [{ limit: 0 }, "limit"],
    [{ cursor: "x" }, "cursor"],
    [{ retryable: true, status: "failed" }, "status"],
    [{ page: 1 }, "page"],
  ])("refuses %o", async (query, field) => {
    const answer = await list(query);
    expect(answer.status).toBe(400);
    expect(answer.body.errors[0].field).toBe(field);
  });
});

describe("GET /extraction/by-file and /by-attachment", () => {
  it("B-S25 B-Q16 of several the newest answers", async () => {
    const record_id = (await api.call("createRecord", {})).body.id;
    const body = { file_url: freshUrl(), record_id, attachment_id: "a" };
    await create(api, body);
    const second = (await create(api, { ...body, options: { extract_text: false } })).body.id;
    expect((await api.call("findExtractionByFile", { query: { file_url: body.file_url } })).body.id).toBe(second);
    const query = { record_id, attachment_id: "a" };
    expect((await api.call("findExtractionByAttachment", { query })).body.id).toBe(second);
    expect((await api.call("findExtractionByAttachment", { query, key: api.keys.admin })).body.id).toBe(second);
    for (const key of [api.keys.foreign]) {
      expect((await api.call("findExtractionByFile", { query: { file_url: body.file_url }, key })).status).toBe(404);
      expect((await api.call("findExtractionByAttachment", { query, key })).status).toBe(404);
    }
  });

  it("names what is missing", async () => {
    expect((await api.call("findExtractionByFile", {})).body.errors[0].field).toBe("file_url");
    const answer = await api.call("findExtractionByAttachment", { query: { attachment_id: "a" } });
    expect(answer.body.errors[0].field).toBe("record_id");
  });
});

describe("B-Q17 cancel", () => {
  it("is immediate while it waits, a request while it runs, 409 when it is over", async () => {
    const { body: waiting } = await upload(api);
    expect((await cancel(waiting.id, { reason: "wrong file" })).body).toMatchObject({
      status: "cancelled",
      cancelled: true,
    });
    expect((await read(api, waiting.id)).body.status).toBe("cancelled");
    const { body: running } = await upload(api);
    const fence = await api.claim(running.job_id);
    const asked = await cancel(running.id);
    expect(asked.status).toBe(202);
    expect(asked.body).toMatchObject({ status: "processing", cancel_requested: true });
    const job = await api.store.findJob(running.job_id, null);
    const settlement = completed();
    await api.store.settle(
      { jobId: running.job_id, stage: job?.stage ?? "", fence, settlement },
      { worker: "test", leaseMs: 1 },
    );
    expect((await read(api, running.id)).body).toMatchObject({ status: "cancelled", result: null });
    for (const id of [waiting.id, await ended(api, completed()), await ended(api, failed())]) {
      expect((await cancel(id)).body).toMatchObject({ status: 409, code: "CONFLICT" });
    }
  });
});

describe("B-Q15 manual retry", () => {
  it("resets a failed extraction, follows the new job and keeps every try", async () => {
    const { body } = await upload(api, undefined, { max_retries: "2", priority: "low", data_tier: "full" });
    await api.settle(body.job_id, toBeRetried());
    await api.sql("update pipeline_jobs set next_retry_at = now() where id = $1", [body.job_id]);
    await api.settle(body.job_id, failed("at parse"));
    expect((await read(api, body.id)).body).toMatchObject({ status: "failed", retry_count: 1 });
    const answer = await retry(body.id);
    expect(answer.status).toBe(202);
    expect(answer.body).toMatchObject({ id: body.id, status: "pending", file_url: body.file_url, max_retries: 2 });
    expect(answer.body.job_id).not.toBe(body.job_id);
    expect(await api.store.findJob(answer.body.job_id, null)).toMatchObject({ priority: "low", dataTier: "full" });
    const shown = (await read(api, body.id)).body;
    expect(shown).toMatchObject({
      status: "pending",
      job_id: answer.body.job_id,
      retry_count: 0,
      error_code: null,
      error_stack_trace: null,
      completed_at: null,
      started_at: null,
    });
    expect(shown.attempts.map(({ outcome }: { outcome: string }) => outcome)).toEqual(["retry", "failed"]);
    await api.settle(answer.body.job_id, completed());
    expect((await read(api, body.id)).body).toMatchObject({ status: "completed", attempts: { length: 3 } });
  });

  it("two at once are one", async () => {
    const id = await ended(api, failed());
    const [one, two] = await Promise.all([retry(id), retry(id)]);
    const made = [one, two].filter(({ status }) => status === 202);
    // who came second saw the job of the first, or a row that was pending by then
    expect(made.length).toBeGreaterThan(0);
    expect(new Set(made.map(({ body }) => body.job_id)).size).toBe(1);
    for (const { status } of [one, two]) expect([202, 409]).toContain(status);
  });

  it("works from the row once its job is purged", async () => {
    const id = await ended(api, failed(), { options: '{"extract_tables":false}', attachment_id: "a" });
    await api.sql("delete from pipeline_jobs where id = $1", [id]);
    expect((await read(api, id)).body).toMatchObject({ job_id: null, status: "failed" });
    const { status, body } = await retry(id);
    expect(status).toBe(202);
    expect((await read(api, id)).body).toMatchObject({
      job_id: body.job_id,
      status: "pending",
      options: { extract_tables: false },
      attachment_id: "a",
    });
  });

  it("only a failed one, and not while the same is being extracted under another id", async () => {
    for (const id of [(await upload(api)).body.id, await ended(api, completed())]) {
      expect((await retry(id)).body).toMatchObject({ status: 409, code: "CONFLICT" });
    }
    const file_url = freshUrl();
    const { body } = await create(api, { file_url });
    await api.settle(body.job_id, failed());
    const other = await create(api, { file_url });
    const answer = await retry(body.id);
    expect(answer.body).toMatchObject({ status: 409, detail: expect.stringContaining(other.body.id) });
    expect((await read(api, body.id)).body.status).toBe("failed");
  });
});

describe("DELETE /extraction/jobs/{id}", () => {
  it("B-Q17 takes one that is over with its file, and no other", async () => {
    const { body } = await upload(api);
    expect((await remove(body.id)).body).toMatchObject({ status: 409, code: "CONFLICT" });
    await api.settle(body.job_id, completed());
    const answer = await remove(body.id);
    expect(answer.status).toBe(204);
    expect(answer.body).toBe("");
    expect((await read(api, body.id)).status).toBe(404);
    expect((await remove(body.id)).status).toBe(404);
    expect(await api.blobs.head(body.file_url)).toBeUndefined();
  });

  it("B-Q19 leaves a file that another extraction works on", async () => {
    const { body } = await upload(api);
    await api.settle(body.job_id, completed());
    await create(api, { file_url: body.file_url, options: { extract_text: false } });
    expect((await remove(body.id)).status).toBe(204);
    expect(await api.blobs.head(body.file_url)).toBeDefined();
  });

  it("leaves files that no upload of an extraction put there", async () => {
    const file_url = `${api.ownerId}/drawings/kept.pdf`;
    await api.blobs.put(file_url, "%PDF-1.7");
    const { body } = await create(api, { file_url });
    await api.settle(body.job_id, completed());
    expect((await remove(body.id)).status).toBe(204);
    expect(await api.blobs.head(file_url)).toBeDefined();
  });
});

describe("records", () => {
  it("B-S06 are made, listed, read, and go without taking their extractions along", async () => {
    const { status, body: record } = await api.call("createRecord", { body: { title: "Hall 3" } });
    expect(status).toBe(201);
    const extraction = await upload(api, undefined, { record_id: record.id });
    expect((await api.call("readRecord", { params: { id: record.id } })).body).toEqual(record);
    const { body: page } = await api.call("listRecords", { query: { limit: 1 } });
    expect(page.records).toEqual([record]);
    expect((await api.call("deleteRecord", { params: { id: record.id } })).status).toBe(204);
    expect((await api.call("readRecord", { params: { id: record.id } })).status).toBe(404);
    expect((await read(api, extraction.body.id)).body).toMatchObject({ status: "pending", record_id: null });
  });

  it("B-Q23 of somebody else cannot be linked to", async () => {
    const { body } = await api.call("createRecord", { key: api.keys.foreign });
    expect((await upload(api, undefined, { record_id: body.id })).body.errors[0].field).toBe("record_id");
  });
});

describe("B-Q23 who may", () => {
  const withId = Object.entries(routes as Record<string, Route>).filter(
    ([, { path, isAdminOnly }]) => /^\/api\/v1\/(extraction|records)\b.*\{id\}/.test(path) && !isAdminOnly,
  );

  it.each(withId.map(([id]) => id as "readExtraction"))(
    "%s: a foreign id is 404, as is one that is none",
    async (id) => {
      const extraction = (await upload(api)).body.id;
      const record = (await api.call("createRecord", {})).body.id;
      const target = id.includes("Record") ? record : extraction;
      for (const [given, key] of [
        [target, api.keys.foreign],
        ["019a0000-0000-7000-8000-000000000000"],
        ["x"],
      ] as const) {
        const answer = await api.call(id, { params: { id: given }, ...(key && { key }) });
        expect(answer.body).toMatchObject({ status: 404, code: "NOT_FOUND" });
      }
      expect((await read(api, extraction)).body.status).toBe("pending");
    },
  );

  it("an admin sees and cancels everybody's", async () => {
    const { body } = await upload(api);
    expect((await read(api, body.id, api.keys.admin)).body.id).toBe(body.id);
    expect(await idsOf({ limit: 100 }, api.keys.admin)).toContain(body.id);
    const answer = await api.call("cancelExtraction", { params: { id: body.id }, key: api.keys.admin });
    expect(answer.body.status).toBe("cancelled");
  });

  it("a key limited to scopes needs extractions:read or extractions:write", async () => {
    const reader = (await api.makeKey({ scopes: ["extractions:read"] })).key;
    const { body } = await upload(api);
    expect((await read(api, body.id, reader)).status).toBe(200);
    expect((await upload(api, undefined, {}, { key: reader })).body.code).toBe("FORBIDDEN");
    const other = (await api.makeKey({ scopes: ["content:read", "jobs:write"] })).key;
    expect((await read(api, body.id, other)).body.code).toBe("FORBIDDEN");
  });
});
