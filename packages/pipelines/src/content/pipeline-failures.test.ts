import { randomUUID } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type Blobs, MillraceError } from "@millrace/core";
import type { DocumentReader, Youtube } from "@millrace/providers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ContentInputDraft } from "./input.ts";
import type { ContentNeeds } from "./needs.ts";
import { type ContentBench, noYoutube, openContentBench } from "./pipeline.contract.ts";

let bench: ContentBench;
let server: Server;
let site: string;

beforeAll(async () => {
  bench = await openContentBench();
  server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://x");
    const type = url.searchParams.get("type") ?? "text/html";
    response.writeHead(Number(url.searchParams.get("status") ?? 200), { "content-type": type });
    response.end(Buffer.alloc(Number(url.searchParams.get("bytes") ?? 10), "x"));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  site = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  await bench.stop();
});

/** What the job would show: the stage, the code, and whether another try could help. */
async function failureOf(draft: ContentInputDraft, needs: Partial<ContentNeeds> = {}): Promise<unknown> {
  const own = await openContentBench({ blobs: bench.blobs, ...needs });
  try {
    const { warnings } = await own.run(draft);
    return { warnings };
  } catch (error) {
    return error;
  } finally {
    await own.stop();
  }
}

async function upload(type: "markdown" | "text" | "pdf", content: Uint8Array | string): Promise<ContentInputDraft> {
  const content_id = randomUUID();
  const { key, bytes } = await bench.blobs.put(`uploads/${content_id}`, content);
  return { source: "upload", content_id, content_type: type, blob_key: key, file_name: "a.x", bytes };
}

const at = (url: string): ContentInputDraft => ({ source: "url", content_id: randomUUID(), url });
const noise = Uint8Array.from({ length: 4_096 }, (_, n) => (n * 7919) % 256);

describe("bad uploads fail with a code at the stage that saw it", () => {
  test.each([
    ["an empty file", "markdown", "", "fetch", "CONTENT_EMPTY"],
    ["white space", "text", " \n ", "convert", "CONTENT_EMPTY"],
    ["noise called markdown", "markdown", noise, "convert", "CONTENT_NOT_TEXT"],
    ["a PDF called text", "text", "%PDF-1.7\n1 0 obj", "convert", "CONTENT_NOT_TEXT"],
    ["text called PDF", "pdf", "not a pdf", "convert", "CONTENT_DAMAGED"],
    ["half a PDF", "pdf", "%PDF-1.7\n1 0 obj << ", "convert", "CONTENT_DAMAGED"],
  ] as const)("%s", async (_, type, content, stage, code) => {
    expect(await failureOf(await upload(type, content))).toMatchObject({ stage, code, retry: "never" });
  });

  test("a file that is gone", async () => {
    const draft = { ...(await upload("text", "x")), blob_key: "uploads/none" } as ContentInputDraft;
    expect(await failureOf(draft)).toMatchObject({ stage: "fetch", code: "BLOB_MISSING", retry: "never" });
  });

  test("a file that is too large", async () => {
    const draft = await upload("text", "x".repeat(2_000));
    expect(await failureOf(draft, { limits: { maxSourceBytes: 1_000 } })).toMatchObject({
      stage: "fetch",
      code: "CONTENT_TOO_LARGE",
    });
  });

  test("broken front matter is a warning, not a failure", async () => {
    const draft = await upload("markdown", "---\ntitle: [broken\n---\n# Title\n\nwords");
    expect(await failureOf(draft)).toMatchObject({ warnings: expect.arrayContaining(["FRONT_MATTER_BROKEN"]) });
  });
});

describe("bad addresses", () => {
  test.each([
    ["?status=404", "URL_HTTP_ERROR", "never"],
    ["?status=403", "URL_HTTP_ERROR", "never"],
    ["?status=500", "URL_HTTP_ERROR", "backoff"],
    ["?status=503", "URL_HTTP_ERROR", "backoff"],
    ["?status=429", "URL_HTTP_ERROR", "backoff"],
    ["?type=image/png", "UNSUPPORTED_CONTENT", "never"],
    ["?type=application/zip", "UNSUPPORTED_CONTENT", "never"],
    ["?bytes=0", "CONTENT_EMPTY", "never"],
    ["?bytes=5000", "FETCH_TOO_LARGE", "never"],
  ])("%s is %s, retry %s", async (query, code, retry) => {
    const failure = await failureOf(at(`${site}/${query}`), { limits: { maxSourceBytes: 4_000 } });
    expect(failure).toMatchObject({ stage: "fetch", code, retry });
  });

  test("nobody listening is worth another try", async () => {
    expect(await failureOf(at("http://127.0.0.1:1/"))).toMatchObject({
      stage: "fetch",
      code: "URL_UNREACHABLE",
      retry: "backoff",
    });
  });

  test("a private address is refused", async () => {
    expect(await failureOf(at("http://10.0.0.1/"))).toMatchObject({
      stage: "fetch",
      code: "URL_REFUSED",
      retry: "never",
    });
  });
});

describe("videos", () => {
  const video = (): ContentInputDraft => ({
    source: "youtube",
    content_id: randomUUID(),
    url: "https://youtu.be/dQw4w9WgXcQ",
    video_id: "dQw4w9WgXcQ",
  });
  const transcript: Youtube["transcript"] = async () => ({
    language: "en",
    segments: [{ startSeconds: 0, text: "Words were said." }],
  });

  test("no transcript, no content (A2.3 #3)", async () => {
    const youtube: Youtube = {
      ...noYoutube,
      transcript: () => Promise.reject(new MillraceError("TRANSCRIPT_UNAVAILABLE", "the video has no captions")),
    };
    expect(await failureOf(video(), { youtube })).toMatchObject({ stage: "fetch", code: "TRANSCRIPT_UNAVAILABLE" });
  });

  test("no metadata is a warning and a placeholder title (A2.3 #4)", async () => {
    const own = await openContentBench({ youtube: { ...noYoutube, transcript } });
    const { result, warnings } = await own.run(video());
    expect(result.title).toBe("YouTube video dQw4w9WgXcQ");
    expect(warnings).toContain("VIDEO_METADATA_MISSING");
    await own.stop();
  });

  test("captions without words", async () => {
    const silent: Youtube = { ...noYoutube, transcript: async () => ({ language: "en", segments: [] }) };
    expect(await failureOf(video(), { youtube: silent })).toMatchObject({ stage: "convert", code: "CONTENT_EMPTY" });
  });
});

describe("what a content can do without is a warning (A-Q05, A2.3)", () => {
  test("links", async () => {
    const readers: DocumentReader = {
      ...bench.needs.readers,
      extractLinks: () => {
        throw new RangeError("Maximum call stack size exceeded");
      },
    };
    const outcome = await failureOf(await upload("markdown", "# T\n\n[[link]]"), { readers });
    expect(outcome).toMatchObject({ warnings: expect.arrayContaining(["LINKS_FAILED"]) });
  });

  test("chunks", async () => {
    const blobs: Blobs = {
      ...bench.blobs,
      put: async (key, bytes) => {
        if (key.endsWith("chunks.json")) throw new MillraceError("BLOB_STORE_FAILED", "no room", { retry: "backoff" });
        return bench.blobs.put(key, bytes);
      },
    };
    const outcome = await failureOf(await upload("markdown", "# T\n\nwords"), { blobs });
    expect(outcome).toMatchObject({ warnings: expect.arrayContaining(["CHUNKS_FAILED"]) });
  });
});

describe("context", () => {
  test("a store that fails for good is CONTEXT_FETCH_ERROR", async () => {
    const context = { contextFor: () => Promise.reject(new TypeError("column does not exist")) };
    expect(await failureOf(await upload("text", "words"), { context })).toMatchObject({
      stage: "context",
      code: "CONTEXT_FETCH_ERROR",
      retry: "never",
    });
  });

  test("a store that comes back is asked again", async () => {
    let asks = 0;
    const contextFor: ContentNeeds["context"]["contextFor"] = async () => {
      asks += 1;
      if (asks === 1) throw new MillraceError("STORE_UNAVAILABLE", "starting up", { retry: "backoff" });
      return { tags: [], topics: [], tag_pairs: [], tiers: {}, aliases: [] };
    };
    expect(await failureOf(await upload("text", "words"), { context: { contextFor } })).toMatchObject({
      warnings: expect.any(Array),
    });
    expect(asks).toBe(2);
  });
});

test("an analyser's failure is the job's, with its own code", async () => {
  const analyser = {
    ...bench.needs.analyser,
    analyse: () => Promise.reject(new MillraceError("LLM_CALL_ERROR", "no answer", { retry: "backoff" })),
  };
  expect(await failureOf(await upload("text", "words"), { analyser })).toMatchObject({
    stage: "analyse",
    code: "LLM_CALL_ERROR",
  });
});
