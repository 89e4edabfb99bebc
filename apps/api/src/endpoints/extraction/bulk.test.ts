import type { JsonObject } from "@millrace/core";
import { complete, fail } from "@millrace/core";
import { newId } from "@millrace/db";
import { createSubmit } from "@millrace/engine";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestApi, type TestApi } from "../../test-api.fixture.ts";
import { BYTES, completed, failed, formOf, freshPdf, freshUrl, type NamedFile } from "./extraction.fixture.ts";

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

const submit = (body: object, more: { headers?: Record<string, string>; key?: string } = {}) =>
  api.call("submitBulk", { body: body as JsonObject, ...more });
const uploadFiles = (files: readonly NamedFile[], fields = {}, more: { headers?: Record<string, string> } = {}) =>
  api.call("submitBulk", { body: formOf(files, fields, "files"), ...more });
const uploadManifest = (lines: string, fields = {}) =>
  api.call("submitBulk", { body: formOf([["list.jsonl", lines]], fields, "manifest") });
const readBulk = (id: string, query = {}, key?: string) =>
  api.call("readBulk", { params: { id }, query, ...(key && { key }) });
const url = (name?: string) => ({ file_url: freshUrl(name) });
const linesOf = (...files: object[]) => files.map((file) => JSON.stringify(file)).join("\n");

/** The lines of the manifest that the batch's job would read. */
async function manifestOf(id: string): Promise<Record<string, unknown>[]> {
  const job = await api.store.findJob(id, null);
  const input = (job?.input ?? {}) as { manifest_key?: string };
  const text = Buffer.from(await api.blobs.get(input.manifest_key ?? "")).toString();
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** What the batch's job does: hands in its files. */
async function expand(id: string): Promise<string[]> {
  const submitFile = createSubmit(api.submitNeeds);
  const jobIds: string[] = [];
  for (const [bulk_index, line] of (await manifestOf(id)).entries()) {
    const input = { ...line, bulk_id: id, bulk_index };
    const { jobId } = await submitFile({ jobId: newId(), ownerId: api.ownerId, pipeline: "extraction", input });
    jobIds.push(jobId ?? "");
  }
  return jobIds;
}

const over = complete({ output: {}, warnings: [] });
const aborted = fail({ code: "BATCH_FAILED", message: "every file failed", stage: "follow" });

describe("POST /extraction/bulk", () => {
  it("B-Q18 takes files by address and writes each as the pipeline reads it", async () => {
    const files = [url("a.pdf"), { ...url("b"), format: "dxf" }, { ...url("c.pdf"), options: { pages: [1] } }];
    const { status, body } = await submit({
      files,
      options: { pdf: { extract_text: false } },
      continue_on_error: false,
      max_retries: 0,
      priority: "low",
    });
    expect(status).toBe(202);
    expect(body).toEqual({ id: body.id, bulk_job_id: body.id, job_id: body.id, status: "pending", total_files: 3 });
    expect(await manifestOf(body.id)).toMatchObject([
      { file_url: files[0]?.file_url, format: "pdf", options: { extract_text: false, extract_tables: true } },
      { format: "dxf", filename: "b" },
      { format: "pdf", options: { extract_text: true, pages: [1] } },
    ]);
    expect(await api.store.findJob(body.id, null)).toMatchObject({
      pipeline: "extraction_bulk",
      priority: "low",
      input: { total_files: 3, continue_on_error: false, file_max_retries: 0, file_priority: "low" },
    });
    expect((await readBulk(body.id)).body).toMatchObject({
      status: "pending",
      overall_status: "pending",
      total_files: 3,
      files_pending: 3,
      progress: 0,
      partial: false,
      files: [],
      user_id: api.ownerId,
    });
  });

  it("B-Q19 takes uploaded files, each stored once", async () => {
    const files: NamedFile[] = [
      ["a.pdf", freshPdf()],
      ["b.dxf", BYTES.dxf],
      ["c.ifc", BYTES.ifc],
    ];
    const { status, body } = await uploadFiles(files, {
      continue_on_error: "false",
      options: '{"dxf":{"extract_geometry":true}}',
    });
    expect(status).toBe(202);
    const lines = await manifestOf(body.id);
    expect(lines.map(({ format }) => format)).toEqual(["pdf", "dxf", "ifc"]);
    expect(lines[1]).toMatchObject({
      filename: "b.dxf",
      options: { extract_geometry: true },
      content_sha256: expect.any(String),
    });
    for (const [index, line] of lines.entries()) {
      const stored = await api.blobs.get(line["file_url"] as string);
      expect(Buffer.from(stored).toString("latin1")).toBe(files[index]?.[1]);
      expect(line["file_size"]).toBe(files[index]?.[1].length);
    }
  });

  it("B2.4 format_override takes every file for that format; without detection each must name its own", async () => {
    const { body } = await uploadFiles([["scan.pdf", freshPdf()]], { format_override: "werk24" });
    expect(await manifestOf(body.id)).toMatchObject([{ format: "werk24" }]);
    const answer = await submit({ files: [{ ...url(), format: "pdf" }, url()], auto_detect_format: false });
    expect(answer.body.errors).toMatchObject([{ field: "files[1].format", rule: "required" }]);
  });

  it("takes a manifest of more files than a call may name", async () => {
    const files = Array.from({ length: 20 }, (_, n) => url(`${n}.step`));
    const { status, body } = await uploadManifest(`${linesOf(...files)}\n\n`);
    expect(status).toBe(202);
    expect(body.total_files).toBe(20);
    expect((await manifestOf(body.id)).map(({ file_url }) => file_url)).toEqual(files.map(({ file_url }) => file_url));
  });

  it("A-Q02 repeats its answer under an idempotency key, and keeps one set of files", async () => {
    const headers = { "idempotency-key": "bulk-1" };
    const file: NamedFile = ["a.pdf", freshPdf()];
    const first = await uploadFiles([file], {}, { headers });
    const after = await api.blobKeys();
    const again = await uploadFiles([file], {}, { headers });
    expect(again.body).toEqual(first.body);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect((await uploadFiles([file, file], {}, { headers })).status).toBe(422);
    expect(await api.blobKeys()).toEqual(after);
    const json = { "idempotency-key": "bulk-2" };
    const files = [url()];
    expect((await submit({ files }, { headers: json })).body).toEqual(
      (await submit({ files }, { headers: json })).body,
    );
  });

  it("B2.4 the same file twice is two files: a batch is not looked at for duplicates", async () => {
    const same = url();
    const { body } = await submit({ files: [same, same] });
    const [one, two] = await expand(body.id);
    expect(one).not.toBe(two);
    expect((await readBulk(body.id)).body.files).toHaveLength(2);
  });
});

describe("POST /extraction/bulk refuses all when one is wrong, and keeps nothing", () => {
  const ok = { file_url: "https://e.org/a.pdf" };

  it.each<[string, object, string]>([
    ["no files", {}, "files"],
    ["none at all", { files: [] }, "files"],
    ["6 files", { files: [ok, ok, ok, ok, ok, ok] }, "files"],
    ["a file without address", { files: [ok, {}] }, "files[1].file_url"],
    ["an unknown extension", { files: [ok, { file_url: "https://e.org/a.docx" }] }, "files[1].format"],
    ["a made-up format", { files: [{ ...ok, format: "bom" }] }, "files[0].format"],
    [
      "an option of another format",
      { files: [{ ...ok, options: { extract_layers: true } }] },
      "files[0].options.extract_layers",
    ],
    ["a wrong option for all", { files: [ok], options: { pdf: { pages: [0] } } }, "files[0].options.pages[0]"],
    ["options of a made-up format", { files: [ok], options: { bom: {} } }, "options.bom"],
    ["a private address", { files: [ok, ok, { file_url: "http://10.0.0.7/a.pdf" }] }, "files[2].file_url"],
    ["a stored file that is none", { files: [{ file_url: "x/y.pdf" }] }, "files[0].file_url"],
    [
      "a record that is not there",
      { files: [{ ...ok, record_id: "019a0000-0000-7000-8000-000000000000" }] },
      "files[0].record_id",
    ],
    ["an unknown field", { files: [ok], colour: "red" }, "colour"],
    ["11 retries", { files: [ok], max_retries: 11 }, "max_retries"],
    ["a word for yes", { files: [ok], continue_on_error: "yes" }, "continue_on_error"],
    ["a callback nobody allowed", { files: [ok], callback_url: "https://e.org" }, "callback_url"],
    ["a callback for files nobody allowed", { files: [ok], file_callback_url: "https://e.org" }, "file_callback_url"],
  ])("%s", async (_name, body, field) => {
    const before = await api.blobKeys();
    const answer = await submit(body);
    expect(answer.body).toMatchObject({ status: 400, code: "VALIDATION_FAILED" });
    expect(answer.body.errors[0].field).toBe(field);
    expect(await api.blobKeys()).toEqual(before);
    expect((await api.call("listBulks", { query: { limit: 1 } })).status).toBe(200);
  });

  it.each<[string, () => FormData, number, string]>([
    ["no file", () => formOf([], { priority: "low" }), 400, "files"],
    [
      "an empty file",
      () =>
        formOf(
          [
            ["a.pdf", freshPdf()],
            ["b.pdf", ""],
          ],
          {},
          "files",
        ),
      400,
      "files[1]",
    ],
    [
      "bytes of another kind",
      () =>
        formOf(
          [
            ["a.pdf", freshPdf()],
            ["b.dxf", BYTES.pdf],
          ],
          {},
          "files",
        ),
      400,
      "files[1]",
    ],
    ["another extension", () => formOf([["a.docx", "PK\x03\x04"]], {}, "files"), 400, "files[0].format"],
    [
      "6 files",
      () =>
        formOf(
          Array.from({ length: 6 }, () => ["a.pdf", freshPdf()] as const),
          {},
          "files",
        ),
      400,
      "files",
    ],
    ["a file too large", () => formOf([["a.pdf", BYTES.pdf + "x".repeat(300_000)]], {}, "files"), 413, "files[0]"],
    ["another part", () => formOf([["a.pdf", freshPdf()]], {}, "file"), 400, "file"],
    ["options that are no JSON", () => formOf([["a.pdf", freshPdf()]], { options: "{" }, "files"), 400, "options"],
    [
      "options of a made-up format",
      () => formOf([["a.pdf", freshPdf()]], { options: '{"bom":{}}' }, "files"),
      400,
      "options.bom",
    ],
    ["an unknown field", () => formOf([["a.pdf", freshPdf()]], { colour: "red" }, "files"), 400, "colour"],
    [
      "two manifests",
      () =>
        formOf(
          [
            ["a", "{}"],
            ["b", "{}"],
          ],
          {},
          "manifest",
        ),
      400,
      "manifest",
    ],
  ])("a form with %s", async (_name, form, status, field) => {
    const before = await api.blobKeys();
    const answer = await api.call("submitBulk", { body: form() });
    expect(answer.status).toBe(status);
    expect(answer.body.errors[0].field).toBe(field);
    expect(await api.blobKeys()).toEqual(before);
  });

  it.each<[string, string, string]>([
    ["is empty", "\n \n", "manifest"],
    ["has a line that is no JSON", `${JSON.stringify(ok)}\n{`, "manifest line 2"],
    ["has a line that is a list", "[]", "manifest line 1"],
    ["has a NUL", '{"file_url":"https://e.org/a\\u0000.pdf"}', "manifest line 1.file_url"],
    ["is nested 100 deep", `{"file_url":${"[".repeat(100)}${"]".repeat(100)}}`, "manifest line 1.file_url"],
    [
      "names somebody else's file",
      '{"file_url":"019a0000-0000-7000-8000-000000000000/a.pdf"}',
      "manifest line 1.file_url",
    ],
    ["has an unknown extension", linesOf(ok, { file_url: "https://e.org/a.x" }), "manifest line 2.format"],
    ["has 51 lines", linesOf(...Array.from({ length: 51 }, () => ok)), "manifest"],
    ["is not UTF-8", "\xff\xfe", "manifest"],
  ])("a manifest that %s", async (_name, lines, field) => {
    const before = await api.blobKeys();
    const answer = await uploadManifest(lines);
    expect(answer.body).toMatchObject({ status: 400, code: "VALIDATION_FAILED" });
    const [found] = answer.body.errors as { field: string }[];
    expect(found?.field.startsWith(field), found?.field).toBe(true);
    expect(await api.blobKeys()).toEqual(before);
  });

  it("names every wrong line, a hundred at most", async () => {
    const answer = await uploadManifest(linesOf(...Array.from({ length: 50 }, () => ({ ...ok, a: 1, b: 1, c: 1 }))));
    expect(answer.body.errors.length).toBeGreaterThanOrEqual(100);
    expect(answer.body.errors.length).toBeLessThan(110);
    expect(answer.body.detail).toContain("more)");
  });

  it("a body of another kind", async () => {
    for (const [contentType, body, status] of [
      ["text/plain", "x", 415],
      ["application/json", "[]", 400],
      ["application/json", "{", 400],
      ["multipart/form-data", "x", 415],
      ["multipart/form-data; boundary=b", "x", 400],
    ] as const) {
      const answer = await api.fetch("/api/v1/extraction/bulk", {
        method: "POST",
        headers: { authorization: `Bearer ${api.keys.own}`, "content-type": contentType },
        body,
      });
      expect(answer.status, `${contentType} ${body}`).toBe(status);
    }
  });
});

describe("a batch under way", () => {
  it("B-S28 B-Q18 shows each file's status and progress, page by page, and counts them", async () => {
    const { body } = await submit({ files: [url(), url(), url(), url()] });
    const [one, two, three] = await expand(body.id);
    await api.settle(one ?? "", completed());
    await api.settle(two ?? "", failed());
    const fence = await api.claim(three ?? "");
    await api.store.heartbeat([{ jobId: three ?? "", fence, progress: 50 }], 60_000);
    const shown = (await readBulk(body.id, { limit: 3 })).body;
    expect(shown).toMatchObject({ files_completed: 1, files_failed: 1, files_processing: 1, files_pending: 1 });
    // one is over, one has failed and so is over too, one is half done, one waits
    expect(shown.progress).toBeCloseTo(62.5, -1);
    expect(shown.files).toMatchObject([
      { bulk_index: 0, status: "completed", progress: 100, bulk_id: body.id },
      { bulk_index: 1, status: "failed", error_code: "CONTENT_DAMAGED" },
      { bulk_index: 2, status: "processing", progress: 50 },
    ]);
    expect(shown.files[0].file_path).toBe(shown.files[0].file_url);
    const rest = (await readBulk(body.id, { limit: 3, cursor: shown.next_cursor })).body;
    expect(rest.files).toMatchObject([{ bulk_index: 3 }]);
    expect(rest.next_cursor).toBeNull();
    expect((await readBulk(body.id, { status: "failed" })).body.files).toHaveLength(1);
    expect((await readBulk(body.id, { cursor: "x" })).body.errors[0].field).toBe("cursor");
    expect((await api.call("listExtractions", { query: { bulk_id: body.id } })).body.jobs).toHaveLength(4);
    const first = shown.files[0].id;
    expect((await api.call("deleteExtraction", { params: { id: first } })).body.code).toBe("CONFLICT");
  });

  it("B-Q18 completes as partial when some failed", async () => {
    const { body } = await submit({ files: [url(), url()] });
    const [one, two] = await expand(body.id);
    await api.settle(one ?? "", completed());
    await api.settle(two ?? "", failed());
    await api.settle(body.id, over);
    expect((await readBulk(body.id)).body).toMatchObject({ status: "completed", partial: true, progress: 100 });
    const { body: page } = await api.call("listBulks", { query: { status: "completed" } });
    expect(page.bulks.map(({ id }: { id: string }) => id)).toContain(body.id);
    expect((await api.call("listBulks", { query: { status: "completed" }, key: api.keys.foreign })).body.bulks).toEqual(
      [],
    );
  });

  it("B-Q18 is cancelled as a whole; what is over stays", async () => {
    const { body } = await submit({ files: [url(), url(), url()] });
    const [one, two, three] = await expand(body.id);
    await api.settle(one ?? "", completed());
    await api.claim(two ?? "");
    const answer = await api.call("cancelBulk", { params: { id: body.id }, body: { reason: "wrong folder" } });
    expect(answer.status).toBe(202);
    expect((await api.store.findJob(three ?? "", null))?.status).toBe("cancelled");
    expect((await api.store.findJob(two ?? "", null))?.cancelRequestedAt).not.toBeNull();
    expect((await api.store.findJob(one ?? "", null))?.status).toBe("completed");
    expect((await readBulk(body.id)).body).toMatchObject({ cancel_requested: true, files_completed: 1 });
    const done = (await submit({ files: [url()] })).body.id;
    await api.settle(done, over);
    const late = await api.call("cancelBulk", { params: { id: done } });
    expect(late.body).toMatchObject({ status: 409, code: "CONFLICT" });
  });

  it("B2.4 B-Q15 a retry hands in what failed, from where it is stored, as often as it is asked for", async () => {
    const { body } = await uploadFiles([
      ["a.pdf", freshPdf()],
      ["b.pdf", freshPdf()],
    ]);
    const retry = () => api.call("retryBulk", { params: { id: body.id } });
    expect((await retry()).body.code).toBe("CONFLICT");
    const [one, two] = await expand(body.id);
    await api.settle(one ?? "", completed());
    await api.settle(two ?? "", failed());
    await api.settle(body.id, over);
    // of a file of a batch alone it is refused
    const failing = (await readBulk(body.id, { status: "failed" })).body.files[0].id;
    const alone = await api.call("retryExtraction", { params: { id: failing } });
    expect(alone.body).toMatchObject({ status: 409, detail: expect.stringContaining(`bulk/${body.id}/retry`) });

    for (let round = 0; round < 2; round++) {
      const answer = await retry();
      expect(answer.status).toBe(202);
      expect(answer.body).toMatchObject({ id: body.id, files_retried: 1, status: "pending" });
      const again = await retry();
      // asked for twice: it is under way
      expect(again.status).toBe(409);
      const job = await api.store.findJob(answer.body.job_id, null);
      expect(job?.input).toMatchObject({ bulk_id: body.id, retry_of_failed: true, total_files: 2 });
      expect((await readBulk(body.id)).body).toMatchObject({ job_id: answer.body.job_id, status: "pending" });
      await api.settle(answer.body.job_id, aborted);
      expect((await readBulk(body.id)).body).toMatchObject({ status: "failed", error_code: "BATCH_FAILED" });
    }
  });

  it("has nothing to retry when nothing failed", async () => {
    const { body } = await submit({ files: [url()] });
    await api.settle((await expand(body.id))[0] ?? "", completed());
    await api.settle(body.id, over);
    expect((await api.call("retryBulk", { params: { id: body.id } })).body).toMatchObject({ status: 409 });
  });

  it("B-Q23 of somebody else is no batch at all; an admin sees it", async () => {
    const { body } = await submit({ files: [url()] });
    for (const id of ["readBulk", "cancelBulk", "retryBulk"] as const) {
      expect((await api.call(id, { params: { id: body.id }, key: api.keys.foreign })).status, id).toBe(404);
    }
    expect((await readBulk(body.id, {}, api.keys.admin)).body.id).toBe(body.id);
  });
});
