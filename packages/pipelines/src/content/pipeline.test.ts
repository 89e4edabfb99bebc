import { randomUUID } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type Json, MillraceError } from "@millrace/core";
import type { Analyser, Analysis, AnalysisInput, Youtube } from "@millrace/providers";
import PdfDocument from "pdfkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ContentInputDraft } from "./input.ts";
import type { ContentRecords } from "./needs.ts";
import { type ContentBench, OWNER, openContentBench } from "./pipeline.contract.ts";

const VIDEO = "dQw4w9WgXcQ";
const PARAGRAPH = "A durable queue keeps every job until a worker has finished it, and says so in Postgres. ";
const MARKDOWN = `---
title: Durable queues
tags: [Redis, queues]
---

# Another heading

${PARAGRAPH.repeat(20)}

See [[Retries|how to retry]], [the code](https://github.com/taskforcesh/bullmq) and [notes](./notes.md).

\`\`\`
[[not a link]]
\`\`\`
`;

async function makePdf(pages: readonly string[]): Promise<Uint8Array> {
  const pdf = new PdfDocument({ autoFirstPage: false, info: { Title: "A report" } });
  const parts: Buffer[] = [];
  pdf.on("data", (part: Buffer) => parts.push(part));
  const ended = new Promise((resolve) => pdf.on("end", resolve));
  for (const text of pages) pdf.addPage().text(text);
  pdf.end();
  await ended;
  return new Uint8Array(Buffer.concat(parts));
}

let bench: ContentBench;
let server: Server;
let site: string;
let pdf: Uint8Array;

const ARTICLE = `<!doctype html><html lang="en"><head><title>Queues that remember</title></head><body>
<nav>Home</nav><article><p>${PARAGRAPH.repeat(8)}</p><p>Read <a href="/more">more</a>.</p></article></body></html>`;

beforeAll(async () => {
  bench = await openContentBench();
  pdf = await makePdf([`First. ${PARAGRAPH}`, `Second. ${PARAGRAPH}`]);
  server = createServer((request, response) => {
    const answers: Record<string, [string, string | Uint8Array]> = {
      "/post": ["text/html; charset=utf-8", ARTICLE],
      "/files/report.pdf": ["application/pdf", pdf],
      "/README.md": ["text/plain", MARKDOWN],
    };
    if (request.url === "/old") return void response.writeHead(301, { location: "/post" }).end();
    const [type, body] = answers[request.url ?? ""] ?? ["text/plain", "not here"];
    response.writeHead(answers[request.url ?? ""] === undefined ? 404 : 200, { "content-type": type }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  site = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  await bench.stop();
});

async function uploaded(type: "markdown" | "text" | "pdf", content: Uint8Array | string, name: string) {
  const content_id = randomUUID();
  const { key, bytes } = await bench.blobs.put(`uploads/${content_id}`, content);
  return { source: "upload", content_id, content_type: type, blob_key: key, file_name: name, bytes } as const;
}

const stored = async (key: string) => new TextDecoder().decode(await bench.blobs.get(key));
const storedJson = async (key: unknown) => JSON.parse(await stored(String(key))) as Json;
const named = (result: { metadata: unknown }) =>
  result.metadata as Record<string, { path?: string } & Record<string, unknown>>;

describe("content pipeline on real bytes", () => {
  test("markdown: front matter, links, chunks, stored file, analysis", async () => {
    const input = await uploaded("markdown", MARKDOWN, "My notes.md");
    const { result, warnings } = await bench.run({ ...input, tags: ["mine", "redis"] });
    expect(result).toMatchObject({
      title: "Durable queues",
      content_type: "markdown",
      source_url: null,
      file_path: `${OWNER}/markdown/${input.content_id}/My-notes.md`,
      file_size: Buffer.byteLength(MARKDOWN),
      // the caller's first, then the source's, each once whatever its case
      tags: ["mine", "redis", "queues"],
    });
    expect(await stored(result.file_path)).toBe(MARKDOWN);
    const metadata = named(result);
    expect(metadata["links"]).toMatchObject({ total: 3, stored: 3 });
    expect(await storedJson(metadata["links"]?.path)).toEqual([
      { kind: "wiki", target: "Retries", text: "how to retry" },
      { kind: "external", target: "https://github.com/taskforcesh/bullmq", text: "the code" },
      { kind: "relative", target: "./notes.md", text: "notes" },
    ]);
    const chunks = (await storedJson(metadata["chunks"]?.path)) as { text: string }[];
    expect(chunks).toHaveLength(Number(metadata["chunks"]?.["count"]));
    expect(chunks.length).toBeGreaterThan(1);
    expect(result.unified_result).toMatchObject({ model: expect.stringMatching(/^local\//), tier: expect.any(String) });
    expect(result.unified_result.summary.length).toBeGreaterThan(20);
    expect(warnings).toEqual([]);
  });

  test("PDF: every page's text, page count, the file itself kept", async () => {
    const { result } = await bench.run(await uploaded("pdf", pdf, "report.pdf"));
    expect(result).toMatchObject({ title: "A report", content_type: "pdf", file_size: pdf.length });
    expect(result.metadata).toMatchObject({ page_count: 2, links: { total: 0 } });
    expect(new Uint8Array(await bench.blobs.get(result.file_path))).toEqual(pdf);
    expect(await stored(result.file_path.replace("report.pdf", "derived/text.txt"))).toMatch(/^First\..*Second\./s);
  });

  test("plain text without a title is called after its file", async () => {
    const { result } = await bench.run(await uploaded("text", `${PARAGRAPH.repeat(3)}\n${PARAGRAPH}`, "my_notes.txt"));
    expect(result).toMatchObject({ title: "my notes", content_type: "text" });
  });

  test("the caller's title wins over the source's", async () => {
    const { result } = await bench.run({ ...(await uploaded("markdown", MARKDOWN, "a.md")), title: "Mine" });
    expect(result.title).toBe("Mine");
  });

  test("a web page becomes markdown under the hash of its address", async () => {
    const { result, job } = await bench.run({ source: "url", content_id: randomUUID(), url: `${site}/post` });
    expect(result).toMatchObject({
      title: "Queues that remember",
      content_type: "web",
      source_url: `${site}/post`,
      file_path: `${OWNER}/web/${job.resourceKey.slice("url:".length)}/content.md`,
    });
    expect(result.metadata).toMatchObject({ language: "en" });
    const text = await stored(result.file_path);
    expect(text).toContain(PARAGRAPH.trim());
    expect(text).toContain(`[more](${site}/more)`);
    expect(text).not.toContain("Home");
  });

  test("a redirect is followed, the address that was asked for stays the source", async () => {
    const { result, outputs } = await bench.run({ source: "url", content_id: randomUUID(), url: `${site}/old` });
    expect(result.source_url).toBe(`${site}/old`);
    expect(outputs["fetch"]).toMatchObject({ source_url: `${site}/post` });
  });

  test.each([
    ["/files/report.pdf", "pdf", "report.pdf"],
    ["/README.md", "markdown", "README.md"],
  ])("an address that answers with %s goes through the reader for it", async (path, type, name) => {
    const content_id = randomUUID();
    const { result } = await bench.run({ source: "url", content_id, url: site + path });
    expect(result).toMatchObject({ content_type: type, file_path: `${OWNER}/${type}/${content_id}/${name}` });
  });

  test("running the stages again leaves the same blobs (idempotent)", async () => {
    const input = await uploaded("markdown", MARKDOWN, "twice.md");
    const job = { id: randomUUID() };
    const first = await bench.run(input, job);
    const keysOf = async () => {
      const keys: string[] = [];
      for await (const { key, bytes } of bench.blobs.list("")) keys.push(`${key} ${bytes}`);
      return keys.sort();
    };
    const before = await keysOf();
    const second = await bench.run(input, job);
    expect(await keysOf()).toEqual(before);
    expect(second.result).toEqual(first.result);
  });

  test("no stage's output is larger than 64 KB, whatever the content", async () => {
    const big = `---\nnote: ${"x".repeat(900)}\n---\n${"- [a link](https://example.org/x) with words\n".repeat(40_000)}`;
    const { outputs } = await bench.run(await uploaded("markdown", big, "big.md"));
    for (const [stage, output] of Object.entries(outputs)) {
      expect(JSON.stringify(output).length, stage).toBeLessThan(64 * 1024);
    }
  });
});

describe("video", () => {
  const url = `https://www.youtube.com/watch?v=${VIDEO}`;
  const video = { source: "youtube", url, video_id: VIDEO } as const;
  const facts = {
    title: "Durable queues in an hour",
    description: "Slides: https://github.com/owner/slides",
    channel_id: "UC1",
    channel_title: "Ada",
    published_at: "2026-01-01T00:00:00Z",
    duration_seconds: 3_600,
    duration_text: "1:00:00",
    view_count: 7,
    like_count: 2,
    comment_count: null,
    category: "Education",
    tags: ["queues"],
    description_urls: ["https://github.com/owner/slides"],
    thumbnail_url: null,
    fetched_at: "2026-03-01T12:00:00.000Z",
  };
  const segments = [
    { startSeconds: 1, text: "A durable queue keeps every job" },
    { startSeconds: 65, text: "until a worker has finished it." },
  ];
  const asked: string[] = [];
  const youtube: Youtube = {
    transcript: async (id, { language }) => {
      asked.push(`transcript ${id} ${language}`);
      return { language: "en", segments };
    },
    metadata: async (id) => {
      asked.push(`metadata ${id}`);
      return facts;
    },
  };
  const onVideo = async (draft: ContentInputDraft, prepare?: (bench: ContentBench) => Promise<void>) => {
    asked.length = 0;
    const own = await openContentBench({ youtube });
    try {
      await prepare?.(own);
      const run = await own.run(draft);
      const text = new TextDecoder().decode(await own.blobs.get(run.result.file_path));
      const derived = run.result.file_path.replace(/[^/]+$/, "derived/transcript.timestamped.txt");
      const timed = (await own.blobs.head(derived)) && new TextDecoder().decode(await own.blobs.get(derived));
      const described: unknown = JSON.parse(
        new TextDecoder().decode(await own.blobs.get(`${OWNER}/youtube/${VIDEO}/metadata.json`)),
      );
      return { ...run, text, timed, described };
    } finally {
      await own.stop();
    }
  };

  test("is stored as its transcript, with times beside it, and its facts", async () => {
    const { result, text, timed, described } = await onVideo({ ...video, content_id: randomUUID(), language: "de" });
    expect(result).toMatchObject({
      title: "Durable queues in an hour",
      content_type: "youtube",
      source_url: url,
      file_path: `${OWNER}/youtube/${VIDEO}/transcript.txt`,
    });
    expect(result.metadata).toMatchObject({
      channel_title: "Ada",
      language: "en",
      segment_count: 2,
      video_tags: ["queues"],
    });
    expect(text).toBe("A durable queue keeps every job until a worker has finished it.");
    expect(timed).toBe("[00:01] A durable queue keeps every job\n[01:05] until a worker has finished it.");
    expect(described).toMatchObject({ title: "Durable queues in an hour", channel_title: "Ada" });
    expect(asked.sort()).toEqual([`metadata ${VIDEO}`, `transcript ${VIDEO} de`]);
  });

  test("also when it was submitted as any address", async () => {
    const { result } = await onVideo({ source: "url", content_id: randomUUID(), url });
    expect(result).toMatchObject({ content_type: "youtube", file_path: `${OWNER}/youtube/${VIDEO}/transcript.txt` });
  });

  test.each([
    ["plain", "All that was said.", "All that was said.", undefined],
    ["timestamped", "[00:03] All that\n[00:09] was said.", "All that was said.", "[00:03] All that\n[00:09] was said."],
  ] as const)("takes a supplied %s transcript instead of fetching one", async (format, supplied, said, times) => {
    const draft = { ...video, content_id: randomUUID(), transcript_blob_key: "uploads/t", transcript_format: format };
    const { text, timed } = await onVideo(draft, async (own) => void (await own.blobs.put("uploads/t", supplied)));
    expect(text).toBe(said);
    expect(timed).toBe(times);
    expect(asked).toEqual([`metadata ${VIDEO}`]);
  });

  test("supplied facts are not looked up when they are enough", async () => {
    const metadata = { title: "Given", channel_title: "Given too" };
    const { result } = await onVideo({ ...video, content_id: randomUUID(), metadata });
    expect(result).toMatchObject({ title: "Given", metadata: { channel_title: "Given too" } });
    expect(asked).toEqual([`transcript ${VIDEO} en`]);
  });

  test("A-S23: a reprocess reads the stored transcript and looks up facts only if some are missing", async () => {
    const prepare = async (own: ContentBench) => {
      await own.blobs.put(`${OWNER}/youtube/${VIDEO}/transcript.txt`, "What was stored.");
    };
    const reprocess = (metadata: Record<string, string>, title: string) => ({
      ...video,
      content_id: randomUUID(),
      reprocess: {
        file_path: `${OWNER}/youtube/${VIDEO}/transcript.txt`,
        content_type: "youtube" as const,
        title,
        metadata,
      },
    });
    const complete = await onVideo(reprocess({ channel_title: "Known" }, "Known title"), prepare);
    expect(complete.result).toMatchObject({ title: "Known title", metadata: { channel_title: "Known" } });
    expect(complete.text).toBe("What was stored.");
    expect(asked).toEqual([]);
    const incomplete = await onVideo(reprocess({}, `YouTube video ${VIDEO}`), prepare);
    expect(incomplete.result).toMatchObject({ title: facts.title, metadata: { channel_title: "Ada" } });
    expect(asked).toEqual([`metadata ${VIDEO}`]);
  });
});

describe("reprocess (A-S23)", () => {
  test("reads the stored page instead of the network", async () => {
    const first = await bench.run({ source: "url", content_id: randomUUID(), url: `${site}/post` });
    const again = await bench.run({
      source: "url",
      content_id: randomUUID(),
      url: "http://127.0.0.1:1/post",
      reprocess: {
        file_path: first.result.file_path,
        content_type: "web",
        title: first.result.title,
        metadata: first.result.metadata as never,
      },
    });
    expect(again.result).toMatchObject({
      title: first.result.title,
      content_type: "web",
      file_path: first.result.file_path,
    });
    expect(again.result.metadata).toMatchObject({ language: "en", links: { total: 1 } });
    expect(again.outputs["fetch"]).not.toHaveProperty("metadata.links");
  });

  test("asks the source again when the stored text is gone, and says so", async () => {
    const { result, warnings } = await bench.run({
      source: "url",
      content_id: randomUUID(),
      url: `${site}/post`,
      reprocess: { file_path: `${OWNER}/web/gone/content.md`, content_type: "web" },
    });
    expect(warnings).toContain("STORED_TEXT_MISSING");
    expect(result.file_path).toBe(`${OWNER}/web/gone/content.md`);
  });
});

describe("analysis", () => {
  const recording = (over: Partial<Analysis> = {}) => {
    const seen: AnalysisInput[] = [];
    const local = bench.needs.analyser;
    const analyser: Analyser = {
      ...local,
      analyse: async (input, options) => {
        seen.push(input);
        return { ...(await local.analyse(input, options)), trace: { prompt: "what was asked" }, ...over };
      },
    };
    return { seen, analyser };
  };
  const recordingRecords = () => {
    type Said<Name extends keyof ContentRecords> = Parameters<ContentRecords[Name]>[0][];
    const texts: Said<"keepText"> = [];
    const payloads: Said<"keepPayload"> = [];
    const usage: Said<"recordUsage"> = [];
    const records: ContentRecords = {
      keepText: async (text) => void texts.push(text),
      keepPayload: async (payload) => void payloads.push(payload),
      recordUsage: async (used) => void usage.push(used),
    };
    return { records, kept: { texts, payloads, usage } };
  };

  test("sees title, text, the owner's context and what addresses name", async () => {
    const { seen, analyser } = recording();
    const known = { tags: [{ name: "queues", count: 3 }], topics: ["x"], tag_pairs: [], tiers: { B: 2 }, aliases: [] };
    const own = await openContentBench({ analyser, blobs: bench.blobs, context: { contextFor: async () => known } });
    await own.run(await uploaded("markdown", MARKDOWN, "a.md"));
    expect(seen).toMatchObject([
      {
        contentType: "markdown",
        title: "Durable queues",
        text: expect.stringContaining("# Another heading"),
        preDetected: [{ id: "github_repo:taskforcesh/bullmq", type: "repo", name: "taskforcesh/bullmq" }],
        context: known,
      },
    ]);
    await own.stop();
  });

  test("A-Q13: a full job keeps prompt and answer beside its result, and what was used is counted (A2.4)", async () => {
    const usage = { inputTokens: 120, outputTokens: 30, calls: 2, costUsd: 0.5 };
    const { analyser } = recording({ usage });
    const { records, kept } = recordingRecords();
    const own = await openContentBench({ analyser, blobs: bench.blobs, records, provider: "example" });
    const input = await uploaded("markdown", MARKDOWN, "a.md");
    const { result, job, warnings } = await own.run(input, { dataTier: "full" });
    expect(kept.payloads).toEqual([
      { jobId: job.id, fence: 1, stage: "analyse", payload: { prompt: "what was asked" } },
    ]);
    expect(kept.usage).toEqual([
      {
        jobId: job.id,
        fence: 1,
        stage: "analyse",
        ownerId: OWNER,
        provider: "example",
        model: result.unified_result.model,
        ...usage,
      },
    ]);
    expect(result.metadata).not.toHaveProperty("trace");
    expect(warnings).toEqual([]);
    await own.stop();
  });

  test("A-Q13: a compact job keeps no prompt", async () => {
    const { records, kept } = recordingRecords();
    const own = await openContentBench({ analyser: recording().analyser, blobs: bench.blobs, records });
    await own.run(await uploaded("markdown", MARKDOWN, "a.md"), { dataTier: "compact" });
    expect(kept.payloads).toEqual([]);
    await own.stop();
  });

  test("A-Q13 A2.4: an analysis that failed was paid for too, and a full job shows what was answered", async () => {
    const usage = { inputTokens: 9, outputTokens: 1, calls: 1, costUsd: null };
    const details = { model: "m-1", usage, raw_answer: "no JSON" };
    const analyser: Analyser = {
      ...bench.needs.analyser,
      analyse: () => Promise.reject(new MillraceError("PARSE_FAILED", "no result", { details })),
    };
    const { records, kept } = recordingRecords();
    const own = await openContentBench({ analyser, blobs: bench.blobs, records, provider: "example" });
    const run = own.run(await uploaded("markdown", MARKDOWN, "a.md"), { dataTier: "full" });
    await expect(run).rejects.toMatchObject({ code: "PARSE_FAILED", stage: "analyse" });
    expect(kept.usage).toMatchObject([{ model: "m-1", provider: "example", inputTokens: 9 }]);
    expect(kept.payloads).toMatchObject([{ payload: { error_code: "PARSE_FAILED", raw_answer: "no JSON" } }]);
    await own.stop();
  });

  test("a result stands when its records cannot be kept, with a warning for each", async () => {
    const refuse = () => Promise.reject(new MillraceError("INTERNAL", "not today"));
    const records = { keepText: refuse, keepPayload: refuse, recordUsage: refuse };
    const own = await openContentBench({ analyser: recording().analyser, blobs: bench.blobs, records });
    const { warnings } = await own.run(await uploaded("markdown", MARKDOWN, "a.md"), { dataTier: "full" });
    expect(warnings).toEqual(["RECORDS_NOT_KEPT", "TEXT_NOT_SEARCHABLE"]);
    await own.stop();
  });

  test("hands title, tags, summary and text to text search, of a long one the beginning", async () => {
    const { records, kept } = recordingRecords();
    const own = await openContentBench({ blobs: bench.blobs, records, limits: { maxSearchedCharacters: 100 } });
    const { result, job } = await own.run({ ...(await uploaded("markdown", MARKDOWN, "a.md")), tags: ["mine"] });
    expect(kept.texts).toEqual([
      {
        jobId: job.id,
        fence: 1,
        title: "Durable queues",
        tags: [...result.tags, ...result.unified_result.tags],
        summary: result.unified_result.summary,
        body: expect.stringContaining("Another heading"),
      },
    ]);
    expect(kept.texts[0]?.body).toHaveLength(100);
    await own.stop();
  });

  test("A2.4: its result names every entity once, those of addresses among them", async () => {
    const { result } = await bench.run(await uploaded("markdown", MARKDOWN, "a.md"));
    expect(result.entities).toContainEqual({
      type: "repo",
      name: "taskforcesh/bullmq",
      normalized_name: "taskforcesh/bullmq",
      hierarchy: [],
      edge_type: expect.any(String),
      confidence: expect.any(Number),
      source: "url_detected",
    });
    const keys = result.entities.map(({ type, normalized_name }) => `${type} ${normalized_name}`);
    expect(new Set(keys).size).toBe(keys.length);
    for (const { name } of result.unified_result.topics) expect(result.entities.map((e) => e.name)).toContain(name);
  });
});
