import { request as httpRequest } from "node:http";
import { until } from "@millrace/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startTestApi, type TestApi } from "../test-api.fixture.ts";

let api: TestApi;
let blobsBefore: string[];
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());
beforeEach(async () => {
  blobsBefore = await api.blobKeys();
});

const formOf = (file: string | null, name: string, fields: [string, string][] = [], type = ""): FormData => {
  const form = new FormData();
  for (const [field, value] of fields) form.append(field, value);
  if (file !== null) form.append("file", new Blob([file], { type }), name);
  return form;
};
const upload = (form: FormData, query: Record<string, unknown> = {}, headers: Record<string, string> = {}) =>
  api.call("uploadContent", { body: form, query, headers });
const nothingIsLeft = async () => expect(await api.blobKeys()).toEqual(blobsBefore);

describe("POST /content", () => {
  it.each([
    ["README.md", "# hi\n", "markdown"],
    ["notes.txt", "hello", "text"],
    ["paper.pdf", "%PDF-1.7\n...", "pdf"],
  ])("A-S20 A-S21 takes %s and stores it before the job is accepted", async (name, bytes, type) => {
    const { status, body } = await upload(
      formOf(bytes, name, [
        ["title", "T"],
        ["tags", "a"],
        ["tags", "b"],
      ]),
    );
    expect(status).toBe(202);
    expect(body).toEqual({
      job_id: expect.any(String),
      content_id: expect.any(String),
      content_type: type,
      status: "submitted",
      deduplicated: false,
      file_path: expect.stringContaining(name),
      file_size: Buffer.byteLength(bytes),
    });
    expect(Buffer.from(await api.blobs.get(body.file_path)).toString()).toBe(bytes);
    const job = await api.store.findJob(body.job_id, api.ownerId);
    expect(job).toMatchObject({ resourceKey: `cid:${body.content_id}`, contentId: body.content_id });
    expect(job?.input).toMatchObject({
      source: "upload",
      content_type: type,
      blob_key: body.file_path,
      tags: ["a", "b"],
    });
    const content = await api.call("readContent", { params: { id: body.content_id } });
    expect(content.body).toMatchObject({ title: "T", tags: ["a", "b"], file_name: name, processing_status: "pending" });
    const download = await api.call("downloadContent", { params: { id: body.content_id } });
    expect(download.body).toBe(bytes);
  });

  it("A2.6 takes fields from the query, the form first, and after the file too", async () => {
    const form = formOf("hello", "file.bin");
    form.append("content_type", "markdown");
    const { body } = await upload(form, { content_type: "text", title: "Q", tags: ["x", "y"], priority: "high" });
    expect(body.content_type).toBe("markdown");
    const job = await api.store.findJob(body.job_id, null);
    expect(job).toMatchObject({ priority: "high", input: { title: "Q", tags: ["x", "y"] } });
  });

  it("keeps a name of any script and uses none of it as a path", async () => {
    const { body } = await upload(formOf("x", "../../Übersicht 日本.md"));
    expect(body.file_path).toMatch(new RegExp(`^${api.ownerId}/uploads/${body.content_id}/[A-Za-z0-9._-]+\\.md$`));
    const download = await api.call("downloadContent", { params: { id: body.content_id } });
    expect(download.headers.get("content-disposition")).toContain("filename*=UTF-8''");
  });

  it("the same bytes twice are two contents", async () => {
    const [first, second] = [await upload(formOf("same", "a.md")), await upload(formOf("same", "a.md"))];
    expect(second.body.content_id).not.toBe(first.body.content_id);
    expect(second.body.deduplicated).toBe(false);
  });

  it("A-Q02 repeats its answer under an idempotency key, and keeps one file", async () => {
    const headers = { "idempotency-key": "upload-1" };
    const first = await upload(formOf("one", "a.md", [["title", "T"]]), {}, headers);
    const after = await api.blobKeys();
    const again = await upload(formOf("one", "a.md", [["title", "T"]]), {}, headers);
    expect(again.body).toEqual(first.body);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    const other = await upload(formOf("two", "a.md", [["title", "T"]]), {}, headers);
    expect(other.status).toBe(422);
    expect(await api.blobKeys()).toEqual(after);
  });
});

describe("POST /content refuses and leaves nothing behind", () => {
  it.each<[string, () => FormData, number, string]>([
    ["no file", () => formOf(null, "", [["title", "T"]]), 400, "file"],
    ["an empty file", () => formOf("", "a.md"), 400, "file"],
    ["a file that is a field", () => formOf(null, "", [["file", "text"]]), 400, "file"],
    [
      "a second file",
      () =>
        (() => {
          const f = formOf("a", "a.md");
          f.append("file", new Blob(["b"]), "b.md");
          return f;
        })(),
      400,
      "file",
    ],
    [
      "another part",
      () =>
        (() => {
          const f = formOf("a", "a.md");
          f.append("cover", new Blob(["b"]), "b.md");
          return f;
        })(),
      400,
      "cover",
    ],
    ["an unknown field", () => formOf("a", "a.md", [["colour", "red"]]), 400, "colour"],
    ["a field of another object", () => formOf("a", "a.md", [["__proto__", "x"]]), 400, "__proto__"],
    [
      "a field twice",
      () =>
        formOf("a", "a.md", [
          ["title", "A"],
          ["title", "B"],
        ]),
      400,
      "title",
    ],
    ["a title with a NUL", () => formOf("a", "a.md", [["title", "a\0b"]]), 400, "title"],
    ["a blank tag", () => formOf("a", "a.md", [["tags", " "]]), 400, "tags[0]"],
    ["a made-up type", () => formOf("a", "a.md", [["content_type", "docx"]]), 400, "content_type"],
    ["an unknown kind", () => formOf("PK\x03\x04", "a.docx"), 415, "file"],
    ["a web page", () => formOf("<html>", "a.html", [], "text/html"), 415, "file"],
    ["a PDF that is none", () => formOf("hello", "a.pdf"), 415, "file"],
    ["a file above the limit", () => formOf("x".repeat(200_001), "a.md"), 413, "file"],
    ["a file far above the limit", () => formOf("x".repeat(3_000_000), "a.md"), 413, "file"],
  ])("%s", async (_name, form, status, field) => {
    const answer = await upload(form());
    expect(answer.status).toBe(status);
    if (answer.body.errors) expect(answer.body.errors[0].field).toBe(field);
    else expect(status).toBe(413);
    await nothingIsLeft();
  });

  it("a file of exactly the limit is taken", async () => {
    const { status, body } = await upload(formOf("x".repeat(200_000), "a.md"));
    expect(status).toBe(202);
    expect(body.file_size).toBe(200_000);
  });

  it.each([
    ["JSON", "application/json", "{}", 415],
    ["no boundary", "multipart/form-data", "x", 415],
    ["an empty boundary", "multipart/form-data; boundary=", "x", 400],
    ["no form inside", "multipart/form-data; boundary=b", "x", 400],
    [
      "a form that ends too early",
      "multipart/form-data; boundary=b",
      '--b\r\nContent-Disposition: form-data; name="file"; filename="a.md"\r\n\r\nhel',
      400,
    ],
    [
      "too many fields",
      "multipart/form-data; boundary=b",
      `${'--b\r\nContent-Disposition: form-data; name="tags"\r\n\r\nx\r\n'.repeat(200)}--b--\r\n`,
      413,
    ],
  ])("%s", async (_name, contentType, body, status) => {
    const authorization = `Bearer ${api.keys.own}`;
    const answer = await api.fetch("/api/v1/content", {
      method: "POST",
      headers: { authorization, "content-type": contentType },
      body,
    });
    expect(answer.status).toBe(status);
    expect(answer.body.code).toBeTruthy();
    await nothingIsLeft();
  });

  it("an upload that breaks off", async () => {
    const request = httpRequest(`${api.url}/api/v1/content`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${api.keys.own}`,
        "content-type": "multipart/form-data; boundary=b",
        "content-length": 100_000,
      },
    });
    request.on("error", () => {});
    request.write('--b\r\nContent-Disposition: form-data; name="file"; filename="a.md"\r\n\r\nhello');
    request.flushHeaders();
    await until(async () => request.socket?.writableLength === 0);
    request.destroy();
    await nothingIsLeft();
    await until(async () => (await api.call("health")).status === 200);
    await nothingIsLeft();
  });
});
