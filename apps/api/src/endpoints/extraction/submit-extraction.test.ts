import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestApi, type TestApi } from "../../test-api.fixture.ts";
import { BYTES, completed, create, failed, freshPdf, freshUrl, read, upload } from "./extraction.fixture.ts";

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

const LINKS = { field_id: "drawings", attachment_id: "att-7", cloud_file_id: "12" };

describe("POST /extraction/upload", () => {
  it.each([
    ["plan.pdf", BYTES.pdf, "pdf"],
    ["Grundriß.DXF", BYTES.dxf, "dxf"],
    ["house.ifc", BYTES.ifc, "ifc"],
    ["part.stp", BYTES.step, "step"],
    ["part.STEP", BYTES.step, "step"],
    ["drawing.png", BYTES.png, "werk24"],
  ])("B-S05 B-S25 B-Q20 takes %s, stores it and answers with a pending job", async (name, bytes, format) => {
    const { status, body } = await upload(api, [name, `${bytes}${Math.random()}`]);
    expect(status).toBe(202);
    expect(body).toMatchObject({
      status: "pending",
      filename: name,
      format,
      extraction_format: format,
      max_retries: 3,
      deduplicated: false,
    });
    expect(body.celery_task_id).toBe(body.job_id);
    expect(body.id).toBe(body.job_id);
    expect(body.file_url).toMatch(new RegExp(`^${api.ownerId}/extractions/${body.id}/[A-Za-z0-9._-]+$`));
    const stored = await api.blobs.head(body.file_url);
    expect(stored?.bytes).toBe(body.file_size);
    const row = await read(api, body.id);
    expect(row.body).toMatchObject({ id: body.id, status: "pending", progress: 0, result: null, attempts: [] });
  });

  it("B-S06 B-S20 B-S26 keeps every link and option, from the form or the query, under both names", async () => {
    const record = await api.call("createRecord", { body: { title: "Hall 3" } });
    const fields = { ...LINKS, record_id: record.body.id, options: '{"extract_tables":false}', priority: "high" };
    const { body } = await upload(api, undefined, fields, { query: { max_retries: 0, data_tier: "full" } });
    const row = (await read(api, body.id)).body;
    expect(row).toMatchObject({
      record_id: record.body.id,
      field_id: "drawings",
      attachment_id: "att-7",
      cloud_file_id: 12,
      max_retries: 0,
      created_by_id: api.ownerId,
      user_id: api.ownerId,
      celery_task_id: body.id,
      options: { extract_tables: false, extract_text: true, table_detection_strategy: "lines" },
    });
    expect(await api.store.findJob(body.job_id, null)).toMatchObject({
      priority: "high",
      dataTier: "full",
      maxRetries: 0,
      pipeline: "extraction",
    });
  });

  it("B2.1 a PDF goes to Werk24 where that is asked for", async () => {
    expect((await upload(api, undefined, { format: "werk24" })).body.format).toBe("werk24");
    expect((await upload(api, undefined, { extraction_format: "werk24" })).body.format).toBe("werk24");
  });

  it("A-Q02 repeats its answer under an idempotency key, whatever has become of the job, and keeps one file", async () => {
    const headers = { "idempotency-key": "extract-1" };
    const bytes = freshPdf();
    const first = await upload(api, ["a.pdf", bytes], {}, { headers });
    await api.settle(first.body.job_id, completed());
    const after = await api.blobKeys();
    const again = await upload(api, ["a.pdf", bytes], {}, { headers });
    expect(again.status).toBe(202);
    expect(again.body).toEqual(first.body);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect((await upload(api, ["a.pdf", freshPdf()], {}, { headers })).status).toBe(422);
    expect(await api.blobKeys()).toEqual(after);
  });

  it.each<[string, [string, string] | null, Record<string, string>, number, string, string]>([
    ["no file", null, {}, 400, "VALIDATION_FAILED", "file"],
    ["an empty file", ["a.pdf", ""], {}, 400, "VALIDATION_FAILED", "file"],
    ["another extension", ["a.docx", "PK\x03\x04"], {}, 415, "UNSUPPORTED_FORMAT", "format"],
    ["no extension", ["plan", BYTES.pdf], {}, 415, "UNSUPPORTED_FORMAT", "format"],
    ["bytes of another kind", ["a.dxf", BYTES.pdf], {}, 415, "UNSUPPORTED_FORMAT", "file"],
    ["STEP said to be IFC", ["a.ifc", BYTES.step], {}, 415, "UNSUPPORTED_FORMAT", "file"],
    ["a DWG, for which there is no converter", ["a.dwg", "AC1027\0\0\0"], {}, 415, "UNSUPPORTED_FORMAT", "file"],
    ["a made-up format", ["a.pdf", BYTES.pdf], { format: "bom" }, 400, "VALIDATION_FAILED", "format"],
    [
      "two formats",
      ["a.pdf", BYTES.pdf],
      { format: "pdf", extraction_format: "dxf" },
      400,
      "VALIDATION_FAILED",
      "extraction_format",
    ],
    ["options that are no JSON", ["a.pdf", BYTES.pdf], { options: "{" }, 400, "VALIDATION_FAILED", "options"],
    ["options that are a list", ["a.pdf", BYTES.pdf], { options: "[]" }, 400, "VALIDATION_FAILED", "options"],
    [
      "an option of another format",
      ["a.pdf", BYTES.pdf],
      { options: '{"extract_layers":true}' },
      400,
      "VALIDATION_FAILED",
      "options.extract_layers",
    ],
    [
      "an option of the wrong kind",
      ["a.pdf", BYTES.pdf],
      { options: '{"pages":[0]}' },
      400,
      "VALIDATION_FAILED",
      "options.pages[0]",
    ],
    [
      "options with a NUL",
      ["a.pdf", BYTES.pdf],
      { options: '{"ocr_language":"\\u0000"}' },
      400,
      "VALIDATION_FAILED",
      "options.ocr_language",
    ],
    [
      "options with a prototype",
      ["a.pdf", BYTES.pdf],
      { options: '{"__proto__":{}}' },
      400,
      "VALIDATION_FAILED",
      "options.__proto__",
    ],
    ["an unknown field", ["a.pdf", BYTES.pdf], { colour: "red" }, 400, "VALIDATION_FAILED", "colour"],
    ["11 retries", ["a.pdf", BYTES.pdf], { max_retries: "11" }, 400, "VALIDATION_FAILED", "max_retries"],
    ["no number of retries", ["a.pdf", BYTES.pdf], { max_retries: "" }, 400, "VALIDATION_FAILED", "max_retries"],
    ["a record that is none", ["a.pdf", BYTES.pdf], { record_id: "7" }, 400, "VALIDATION_FAILED", "record_id"],
    [
      "an unknown record",
      ["a.pdf", BYTES.pdf],
      { record_id: "019a0000-0000-7000-8000-000000000000" },
      400,
      "VALIDATION_FAILED",
      "record_id",
    ],
    [
      "a cloud file past 31 bits",
      ["a.pdf", BYTES.pdf],
      { cloud_file_id: "2147483648" },
      400,
      "VALIDATION_FAILED",
      "cloud_file_id",
    ],
    [
      "a callback nobody allowed",
      ["a.pdf", BYTES.pdf],
      { callback_url: "https://example.org/cb" },
      400,
      "VALIDATION_FAILED",
      "callback_url",
    ],
    ["a file above the limit", ["a.pdf", BYTES.pdf + "x".repeat(300_000)], {}, 413, "PAYLOAD_TOO_LARGE", "file"],
  ])("refuses %s, names the field and keeps nothing", async (_name, file, fields, status, code, field) => {
    const before = await api.blobKeys();
    const answer = await upload(api, file, fields);
    expect(answer.body).toMatchObject({ status, code });
    expect(answer.body.errors[0].field).toBe(field);
    expect(await api.blobKeys()).toEqual(before);
  });

  it("leaves every other door to extraction closed: POST /jobs names its route", async () => {
    for (const pipeline of ["extraction", "extraction_bulk"]) {
      const answer = await api.call("submitJob", { body: { pipeline, input: {} } });
      expect(answer.body.errors[0]).toMatchObject({ field: "pipeline", rule: "own_route" });
    }
  });
});

describe("POST /extraction/jobs", () => {
  it("B-S02 B-S25 takes an address, and names the file after it", async () => {
    const file_url = freshUrl("Grundri%C3%9F%201.pdf");
    const { status, body } = await create(api, { file_url, ...LINKS, cloud_file_id: 12 });
    expect(status).toBe(202);
    expect(body).toMatchObject({
      file_url,
      filename: "Grundriß 1.pdf",
      format: "pdf",
      file_size: 0,
      cloud_file_id: 12,
    });
    expect((await read(api, body.id)).body).toMatchObject({ file_url, status: "pending", attachment_id: "att-7" });
  });

  it("takes a file that is stored already, with its size", async () => {
    const { body: first } = await upload(api);
    const { status, body } = await create(api, { file_url: first.file_url, options: { extract_text: false } });
    expect(status).toBe(202);
    expect(body.file_size).toBe(first.file_size);
    expect(body.id).not.toBe(first.id);
  });

  it("B-Q03 takes the format under either name, for a name that tells nothing", async () => {
    expect((await create(api, { file_url: freshUrl("x"), format: "dxf" })).body.format).toBe("dxf");
    expect((await create(api, { file_url: freshUrl("x"), extraction_format: "ifc" })).body.format).toBe("ifc");
    const filename = `${"a".repeat(506)}.step`;
    expect((await create(api, { file_url: freshUrl("x"), filename })).body).toMatchObject({ format: "step", filename });
  });

  it("B-Q23 a stored file of somebody else is as if there were none", async () => {
    const foreign = await upload(api, undefined, {}, { key: api.keys.foreign });
    const mine = await create(api, { file_url: foreign.body.file_url });
    const none = await create(api, { file_url: `${api.ownerId}/extractions/none.pdf` });
    expect(mine.status).toBe(400);
    expect(mine.body.errors).toEqual(none.body.errors);
    expect(mine.body.errors[0]).toMatchObject({ field: "file_url", rule: "exists" });
  });

  it.each<[string, object, number, string]>([
    ["no file_url", {}, 400, "file_url"],
    ["a file_url of 2,049", { file_url: `https://e.org/${"x".repeat(2_035)}` }, 400, "file_url"],
    ["a file of this machine", { file_url: "file:///etc/passwd", format: "pdf" }, 400, "file_url"],
    ["a key that climbs", { file_url: "../secret.pdf" }, 400, "file_url"],
    ["a number", { file_url: 7 }, 400, "file_url"],
    ["a NUL", { file_url: "https://e.org/a\0.pdf" }, 400, "file_url"],
    ["a private address", { file_url: "http://10.0.0.7/a.pdf" }, 400, "file_url"],
    ["a metadata service", { file_url: "http://169.254.169.254/a.pdf" }, 400, "file_url"],
    ["a user and a password", { file_url: "https://u:p@e.org/a.pdf" }, 400, "file_url"],
    ["an unknown extension", { file_url: "https://e.org/a.docx" }, 415, "format"],
    ["a made-up format", { file_url: "https://e.org/a.pdf", format: "bom" }, 400, "format"],
    ["an unknown field", { file_url: "https://e.org/a.pdf", colour: "red" }, 400, "colour"],
    [
      "an unknown option",
      { file_url: "https://e.org/a.dxf", options: { extract_txt: true } },
      400,
      "options.extract_txt",
    ],
    ["options that are text", { file_url: "https://e.org/a.dxf", options: "{}" }, 400, "options"],
    ["a file name of 513", { file_url: "https://e.org/a.pdf", filename: "x".repeat(513) }, 400, "filename"],
    ["a field of 256", { file_url: "https://e.org/a.pdf", field_id: "x".repeat(256) }, 400, "field_id"],
    ["half a retry", { file_url: "https://e.org/a.pdf", max_retries: 0.5 }, 400, "max_retries"],
    ["a priority of its own", { file_url: "https://e.org/a.pdf", priority: "urgent" }, 400, "priority"],
  ])("refuses %s and names the field", async (_name, body, status, field) => {
    const answer = await create(api, body);
    expect(answer.status).toBe(status);
    expect(answer.body.errors[0].field).toBe(field);
  });
});

describe("B-Q16 duplicates", () => {
  it("the same address asked for twice is one job, which the second answer shows", async () => {
    const body = { file_url: freshUrl(), options: { extract_text: false } };
    const first = await create(api, body);
    const second = await create(api, body);
    expect(second.status).toBe(200);
    expect(second.body).toMatchObject({ id: first.body.id, status: "pending", deduplicated: true });
    const forced = await create(api, body, { query: { force: true } });
    expect(forced.body.id).toBe(first.body.id);
    expect((await create(api, { ...body, options: {} })).status).toBe(202);
    expect((await create(api, { ...body, attachment_id: "b" })).status).toBe(202);
    expect((await create(api, body, { key: api.keys.foreign })).status).toBe(202);
  });

  it("the same bytes uploaded under another name are one job and one file", async () => {
    const bytes = freshPdf();
    const first = await upload(api, ["a.pdf", bytes]);
    const before = await api.blobKeys();
    const second = await upload(api, ["b.pdf", bytes]);
    expect(second.status).toBe(200);
    expect(second.body).toMatchObject({ id: first.body.id, filename: "a.pdf", deduplicated: true });
    expect(await api.blobKeys()).toEqual(before);
  });

  it("what was completed within 24 hours is answered with its result, unless forced", async () => {
    const body = { file_url: freshUrl() };
    const first = await create(api, body);
    await api.settle(first.body.job_id, completed());
    const second = await create(api, body);
    expect(second.status).toBe(200);
    expect(second.body).toMatchObject({ id: first.body.id, status: "completed", deduplicated: true });
    expect(second.body.result.counts).toEqual({ tables: 1 });
    const forced = await create(api, body, { query: { force: true } });
    expect(forced.status).toBe(202);
    expect(forced.body.id).not.toBe(first.body.id);
  });

  it("what was completed before that, or failed, is extracted again", async () => {
    const [old, bad] = [{ file_url: freshUrl() }, { file_url: freshUrl() }];
    const first = await create(api, old);
    await api.settle(first.body.job_id, completed());
    await api.sql("update extraction_jobs set completed_at = now() - interval '25 hours' where id = $1", [
      first.body.id,
    ]);
    expect((await create(api, old)).status).toBe(202);
    await api.settle((await create(api, bad)).body.job_id, failed());
    expect((await create(api, bad)).status).toBe(202);
  });
});
