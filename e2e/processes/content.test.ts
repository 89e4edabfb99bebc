import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Cluster, startCluster } from "./cluster.ts";
import { articlePage, bookPdf, MARKDOWN, TRANSCRIPT } from "./documents.fixture.ts";

let cluster: Cluster;
let site: Server;
let siteUrl: string;
let isSiteGone = false;
beforeAll(async () => {
  site = createServer((request, response) => {
    if (isSiteGone) return request.destroy();
    if (request.url === "/moved") return response.writeHead(302, { location: "http://169.254.169.254/latest" }).end();
    if (request.url === "/missing") return response.writeHead(404).end("no");
    return response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(articlePage());
  });
  await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));
  siteUrl = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
  cluster = await startCluster({ env: { TRACKING_PARAMETERS: "ref, from_*" } });
  await cluster.startWorker("w1");
});
afterAll(async () => {
  await cluster.close();
  site.close();
});

const upload = (name: string, bytes: Uint8Array | string, fields: Record<string, string> = {}) => {
  const form = new FormData();
  for (const [key, value] of Object.entries(fields)) form.append(key, value);
  form.append("file", new Blob([typeof bytes === "string" ? bytes : new Uint8Array(bytes)]), name);
  return cluster.call("POST", "/content", form);
};

async function completes(answer: Awaited<ReturnType<typeof upload>>) {
  expect(answer.status, JSON.stringify(answer.body)).toBe(202);
  expect(answer.body).toMatchObject({ status: "submitted", deduplicated: false });
  const job = await cluster.reaches(answer.body.job_id, "completed", "failed");
  expect(job.status, JSON.stringify([job.error_code, job.error_message])).toBe("completed");
  const { body } = await cluster.call("GET", `/content/${answer.body.content_id}`);
  expect(body).toMatchObject({ processing_status: "completed", pipeline_version: "0.1.0" });
  expect(body.tags.concat(body.pipeline_tags).length).toBeGreaterThan(0);
  expect(body.quality_tier).toMatch(/^[SABCD]$/);
  expect(body.quality_score).toBeGreaterThan(0);
  expect(body.summary.length).toBeGreaterThan(40);
  return { job, content: body };
}

async function failsWith(code: string, answer: Awaited<ReturnType<typeof upload>>) {
  expect(answer.status, JSON.stringify(answer.body)).toBe(202);
  const job = await cluster.reaches(answer.body.job_id, "completed", "failed");
  expect([job.status, job.error_code], job.error_message).toEqual(["failed", code]);
  const { body } = await cluster.call("GET", `/content/${answer.body.content_id}`);
  expect(body.processing_status).toBe("failed");
}

describe("content ingest, over HTTP, with real workers (A-S20, A-S21, A-S32)", { timeout: 90_000 }, () => {
  it("works a markdown file with front matter into a result", async () => {
    const { job, content } = await completes(await upload("notes.md", MARKDOWN, { tags: "mine" }));
    expect(content).toMatchObject({ content_type: "markdown", title: "Durable queues in practice" });
    expect(content.tags).toEqual(["mine", "queues", "postgres"]);
    expect(job.stages.map((s: { stage: string }) => s.stage)).toEqual([
      "resolve",
      "fetch",
      "convert",
      "extract_links",
      "chunk",
      "store",
      "context",
      "analyse",
      "persist",
    ]);
    expect(content.metadata.links.total).toBeGreaterThan(1);
    expect(job.stages.flatMap((s: { warnings: object[] }) => s.warnings)).toEqual([]);
    const found = await cluster.call("GET", "/content?q=%22durable+queues%22&tags=mine");
    expect(found.body.contents.map((c: { content_id: string }) => c.content_id)).toEqual([content.content_id]);
    expect(found.body.contents[0].match.title).toContain("<mark>");
    const { body } = await cluster.call("GET", `/content/${content.content_id}/entities`);
    expect(body.entities.length).toBeGreaterThan(0);
  });

  it("works a PDF of 120 pages", async () => {
    const { content } = await completes(await upload("book.pdf", await bookPdf(120)));
    expect(content).toMatchObject({ content_type: "pdf" });
    expect(JSON.stringify(content.metadata)).toContain("120");
  });

  it("works a web page, and says so when it is complete (A-Q06)", async () => {
    const { content } = await completes(
      await cluster.call("POST", "/ingest", { url: `${siteUrl}/article?utm_source=x` }),
    );
    expect(content).toMatchObject({ content_type: "web" });
    const again = await cluster.call("POST", "/ingest", { url: `${siteUrl}/article` });
    expect(again.status).toBe(200);
    expect(again.body).toMatchObject({
      job_id: null,
      status: "already_completed",
      content_id: content.content_id ?? content.id,
    });
  });

  it("A-Q04 takes an address with tracking parameters of the configuration for the same page", async () => {
    const ask = (query: string) => cluster.call("POST", "/ingest", { url: `${siteUrl}/missing${query}` });
    const plain = (await ask("")).body.content_id;
    expect((await ask("?ref=1&from_mail=2")).body.content_id).toBe(plain);
    expect((await ask("?reference=1")).body.content_id).not.toBe(plain);
  });

  it("works a YouTube video with a supplied transcript", async () => {
    const answer = await cluster.call("POST", "/youtube/ingest", {
      url: "https://youtu.be/abcDEF12345",
      transcript_text: TRANSCRIPT,
      transcript_format: "timestamped",
      metadata: { title: "How queues keep their promises", channel_title: "Mill Talks" },
    });
    const { content } = await completes(answer);
    expect(content).toMatchObject({
      content_type: "youtube",
      title: "How queues keep their promises",
      resource_key: "yt:abcDEF12345",
    });
  });

  it("reprocesses from what is stored, with the site gone (A-S23)", async () => {
    const first = await completes(await cluster.call("POST", "/ingest", { url: `${siteUrl}/kept` }));
    const id = first.content.content_id ?? first.content.id;
    expect((await cluster.call("POST", `/content/${id}/reprocess`)).body).toMatchObject({
      job_id: null,
      status: "already_completed",
    });
    isSiteGone = true;
    try {
      const forced = await cluster.call("POST", `/content/${id}/reprocess?force=true`);
      expect(forced.body).toMatchObject({ status: "submitted", content_id: id });
      expect((await cluster.reaches(forced.body.job_id, "completed", "failed")).status).toBe("completed");
    } finally {
      isSiteGone = false;
    }
  });

  it.each([
    ["a damaged PDF", "CONTENT_DAMAGED", () => upload("broken.pdf", "%PDF-1.7\nthis is not a document")],
    ["an encrypted PDF", "CONTENT_ENCRYPTED", async () => upload("locked.pdf", await bookPdf(1, "secret"))],
    [
      "bytes that are no text",
      "CONTENT_NOT_TEXT",
      () =>
        upload(
          "noise.txt",
          Uint8Array.from({ length: 4_000 }, (_, i) => (i * 7919) % 256),
        ),
    ],
    [
      "a page that is not there",
      "URL_HTTP_ERROR",
      () => cluster.call("POST", "/ingest", { url: `${siteUrl}/missing` }),
    ],
    [
      "a redirect to a private address",
      "URL_REFUSED",
      () => cluster.call("POST", "/ingest", { url: `${siteUrl}/moved` }),
    ],
    ["a private address", "URL_REFUSED", () => cluster.call("POST", "/ingest", { url: "http://10.0.0.1/admin" })],
  ])("fails %s with %s", async (_, code, submit) => {
    await failsWith(code, await submit());
  });

  it.each([
    [
      "broken YAML in front matter",
      "---\ntitle: [unclosed\n---\n# A heading\n\nPlain prose about queues and workers stays readable here.\n",
    ],
    ["10 MB of one line", "word ".repeat(2_097_152)],
    ["100,000 links", "See [a page](https://example.org/x) for more.\n".repeat(100_000)],
    [
      "invalid UTF-8 and NUL bytes",
      Uint8Array.from([
        ...Buffer.from("Queues keep work safe. "),
        0xc3,
        0x28,
        0,
        ...Buffer.from("Workers take it from there, one by one."),
      ]),
    ],
  ])("takes %s without harm", async (_, bytes) => {
    const answer = await upload("hard.md", bytes);
    expect(answer.status).toBe(202);
    const job = await cluster.reaches(answer.body.job_id, "completed", "failed");
    expect(job.status, JSON.stringify([job.error_code, job.error_message])).toBe("completed");
  });
});
