import { ApiError, type Client, createClient } from "@millrace/client";
import { complete } from "@millrace/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestApi, type TestApi } from "../../test-api.fixture.ts";
import { completed, failed, freshPdf, freshUrl } from "./extraction.fixture.ts";

let api: TestApi;
let client: Client["extractions"];
beforeAll(async () => {
  api = await startTestApi();
  client = createClient({ apiUrl: api.url, apiKey: api.keys.own }).extractions;
});
afterAll(() => api.close());

const file = () => ({ name: "plan.pdf", bytes: new Uint8Array(Buffer.from(freshPdf(), "latin1")) });

describe("client.extractions", () => {
  it("uploads, waits for the end and reads the result", async () => {
    const started = await client.upload(file(), { options: { extract_text: false }, max_retries: 0, priority: "high" });
    expect(started).toMatchObject({ status: "pending", format: "pdf", max_retries: 0, deduplicated: false });
    const waiting = client.waitForEnd(started.id);
    await api.settle(started.id, completed());
    const ended = await waiting;
    expect(ended).toMatchObject({ status: "completed", options: { extract_text: false } });
    expect(await client.result(started.id)).toMatchObject({ source_type: "pdf" });
    expect((await client.byFile(started.file_url)).id).toBe(started.id);
    await client.delete(started.id);
    await expect(client.get(started.id)).rejects.toMatchObject({ status: 404, code: "NOT_FOUND" });
  });

  it("submits an address once, lists, cancels, retries", async () => {
    const file_url = freshUrl();
    const one = await client.submit({ file_url }, { idempotencyKey: "client-1" });
    const two = await client.submit({ file_url }, { idempotencyKey: "client-1" });
    expect(two).toEqual(one);
    expect((await client.list({ file_url })).jobs).toHaveLength(1);
    expect(await client.cancel(one.id, "wrong")).toMatchObject({ status: "cancelled" });
    const bad = await client.submit({ file_url }, { force: true });
    await api.settle(bad.id, failed());
    expect(await client.retry(bad.id)).toMatchObject({ id: bad.id, status: "pending" });
  });

  it("rejects with what the API says, and when the end does not come in time", async () => {
    const refused = client.upload({ ...file(), name: "a.docx" });
    await expect(refused).rejects.toBeInstanceOf(ApiError);
    await expect(refused).rejects.toMatchObject({ status: 415, code: "UNSUPPORTED_FORMAT" });
    const { id } = await client.upload(file());
    await expect(client.waitForEnd(id, { timeoutMs: 1 })).rejects.toThrow(`${id} is still pending`);
  });

  it("hands in batches: named, uploaded, by manifest", async () => {
    const named = await client.submitBulk({ files: [{ file_url: freshUrl() }], continue_on_error: false });
    const uploaded = await client.uploadBulk([file(), file()], { options: { pdf: { extract_text: false } } });
    const listed = await client.submitManifest(JSON.stringify({ file_url: freshUrl() }));
    expect([named, uploaded, listed].map(({ total_files }) => total_files)).toEqual([1, 2, 1]);
    expect((await client.bulks({ limit: 3 })).bulks.map(({ id }) => id)).toEqual([listed.id, uploaded.id, named.id]);
    expect(await client.bulk(uploaded.id)).toMatchObject({ files_pending: 2, continue_on_error: true });
    const waiting = client.waitForBulk(named.id);
    await api.settle(named.id, complete({ output: {}, warnings: [] }));
    expect(await waiting).toMatchObject({ id: named.id, status: "completed" });
    expect(await client.cancelBulk(listed.id)).toMatchObject({ cancel_requested: true });
    await expect(client.retryBulk(named.id)).rejects.toMatchObject({ status: 409 });
  });
});
