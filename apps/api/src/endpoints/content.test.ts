import { routes } from "@millrace/contracts";
import { advance, fail, type Json, type StagePlace } from "@millrace/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Answered, startTestApi, type TestApi } from "../test-api.fixture.ts";

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

let made = 0;
const nextUrl = () => `https://example.com/article-${++made}`;
const ingest = (url: string, over: object = {}, query: Record<string, unknown> = {}) =>
  api.call("ingestUrl", { body: { url, ...over }, query });

const unifiedResult = {
  tags: ["queues"],
  new_tags: ["queues"],
  tier: "B",
  tier_explanation: ["fine"],
  quality_score: 71,
  score_explanation: ["fine"],
  summary: "A text about queues.",
  topics: [{ name: "Queues", confidence: "high", edge_type: "discusses", hierarchy: ["Computing", "Queues"] }],
  pre_detected_validations: [],
  additional_entities: [{ type: "tool", name: "Redis", confidence: "high", edge_type: "mentions" }],
  model: "test",
  processed_at: "2026-01-01T00:00:00.000Z",
};

/** Ends a content's job as its last stage would. */
const complete = async (job_id: string, over: object = {}) => {
  const job = await api.store.findJob(job_id, null);
  const path = `${job?.ownerId}/web/${job?.contentId}/content.md`;
  await api.blobs.put(path, "# stored\n");
  await api.finish(job_id, {
    title: "An article",
    content_type: "web",
    source_url: "https://example.com/a",
    file_path: path,
    file_size: 9,
    tags: ["mine"],
    metadata: { word_count: 5 },
    unified_result: unifiedResult,
    aliases: [],
    usage: null,
    ...over,
  });
};

describe("POST /ingest", () => {
  it("A-S21 A-Q05 is accepted before anything is fetched", async () => {
    const url = nextUrl();
    const { status, body } = await ingest(url, { title: "Mine", tags: ["b"] }, { tags: ["a", "b"] });
    expect(status).toBe(202);
    expect(body).toEqual({
      job_id: expect.any(String),
      content_id: expect.any(String),
      content_type: "web",
      title: "Mine",
      status: "submitted",
      deduplicated: false,
    });
    const job = await api.store.findJob(body.job_id, api.ownerId);
    expect(job).toMatchObject({ pipeline: "content", stage: "resolve", contentId: body.content_id });
    expect(job?.input).toMatchObject({ source: "url", url, title: "Mine", tags: ["a", "b"] });
  });

  it("A-S08 A-Q06 200 callers with 20 spellings of one address share one active job", async () => {
    const spellings = [
      "https://example.com/shared",
      "http://example.com/shared",
      "https://EXAMPLE.com/shared",
      "https://www.example.com/shared",
      "https://example.com/shared/",
      "https://example.com/shared#top",
      "https://example.com:443/shared",
      "http://example.com:80/shared",
      "https://example.com/shared?utm_source=x",
      "https://example.com/shared?UTM_Medium=y&fbclid=1",
      "https://user:secret@example.com/shared",
      "https://example.com./shared",
      "https://example.com/a/../shared",
      "https://example.com/./shared",
      "HTTPS://Example.Com/shared?gclid=2",
      "https://example.com/shared?",
      "https://example.com/shared/?mc_cid=1&mc_eid=2",
      "https://www.example.com/shared/#a?b",
      "https://example.com/shared?_ga=1&_gid=2",
      "  https://example.com/shared  ",
    ];
    expect(new Set(spellings).size).toBe(20);
    const answers = await Promise.all(Array.from({ length: 200 }, (_, n) => ingest(spellings[n % 20] ?? "")));
    expect(new Set(answers.map((a) => a.status))).toEqual(new Set([202]));
    expect(new Set(answers.map((a) => a.body.job_id)).size).toBe(1);
    expect(new Set(answers.map((a) => a.body.content_id)).size).toBe(1);
    expect(answers.filter((a) => !a.body.deduplicated).map((a) => a.body.status)).toEqual(["submitted"]);
    expect(answers.filter((a) => a.body.status === "already_active")).toHaveLength(199);
    const { body } = await api.call("listJobs", { query: { content_id: answers[0]?.body.content_id } });
    expect(body.jobs).toHaveLength(1);
    expect((await api.store.findJob(body.jobs[0].job_id, null))?.duplicateCount).toBe(199);
  });

  it("A-Q06 finished content is not run again unless forced", async () => {
    const url = nextUrl();
    const first = await ingest(url);
    await complete(first.body.job_id);
    const again = await ingest(url);
    expect(again.status).toBe(200);
    expect(again.body).toMatchObject({
      job_id: null,
      content_id: first.body.content_id,
      status: "already_completed",
      title: "An article",
      deduplicated: true,
    });
    const forced = await ingest(url, {}, { force: true });
    expect(forced.status).toBe(202);
    expect(forced.body).toMatchObject({ content_id: first.body.content_id, status: "submitted" });
    expect(forced.body.job_id).not.toBe(first.body.job_id);
  });

  it("A-S20 A-Q07 an address of a video goes the way of a video", async () => {
    const id = "dQw4w9WgXc1";
    const viaUrl = await ingest(`https://youtu.be/${id}?t=3`);
    expect(viaUrl.body).toMatchObject({ content_type: "youtube", status: "submitted" });
    const viaVideo = await api.call("ingestYoutube", { body: { url: `https://www.youtube.com/watch?v=${id}` } });
    expect(viaVideo.body).toMatchObject({ job_id: viaUrl.body.job_id, status: "already_active" });
    expect((await api.store.findJob(viaUrl.body.job_id, null))?.resourceKey).toBe(`yt:${id}`);
  });

  it.each([
    "javascript:alert(1)",
    "file:///etc/passwd",
    "ftp://example.com/a",
    "example.com/no-scheme",
    "https://",
    " ",
    `https://example.com/${"a".repeat(5_000)}`,
  ])("A-S09 refuses %s as an address", async (url) => {
    const { status, body } = await ingest(url);
    expect(status).toBe(400);
    expect(body.errors[0].field).toBe("url");
  });

  it("A-Q02 repeats its answer under an idempotency key, also after the content is complete", async () => {
    const url = nextUrl();
    const headers = { "idempotency-key": `k-${url}` };
    const first = await api.call("ingestUrl", { body: { url }, headers });
    await complete(first.body.job_id);
    const again = await api.call("ingestUrl", { body: { url }, headers });
    expect(again.status).toBe(202);
    expect(again.body).toEqual(first.body);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    const forced = await api.call("ingestUrl", { body: { url }, headers, query: { force: true } });
    expect(forced.status).toBe(422);
  });
});

describe("POST /youtube/ingest", () => {
  const video = () => `https://youtu.be/${String(++made).padStart(11, "v")}`;

  it.each([
    "https://example.com/watch?v=dQw4w9WgXcQ",
    "https://youtube.com.evil.example/watch?v=dQw4w9WgXcQ",
    "https://youtube.com/feed",
  ])("A-Q08 refuses %s", async (url) => {
    const { status, body } = await api.call("ingestYoutube", { body: { url } });
    expect(status).toBe(400);
    expect(body.errors).toEqual([expect.objectContaining({ field: "url" })]);
  });

  it("A2.3 #3 keeps a supplied transcript for the job", async () => {
    const { status, body } = await api.call("ingestYoutube", {
      body: {
        url: video(),
        transcript_text: "[00:00] héllo",
        transcript_format: "timestamped",
        language: "pt-BR",
        metadata: { title: "A video", channel_title: "A channel", shelf: 3 },
      },
    });
    expect(status).toBe(202);
    const job = await api.store.findJob(body.job_id, null);
    const input = job?.input as { transcript_blob_key: string };
    expect(job?.input).toMatchObject({
      source: "youtube",
      language: "pt-BR",
      transcript_format: "timestamped",
      metadata: { title: "A video", channel_title: "A channel" },
    });
    expect(job?.metadata).toMatchObject({ source_metadata: { shelf: 3 } });
    expect(Buffer.from(await api.blobs.get(input.transcript_blob_key)).toString()).toBe("[00:00] héllo");
  });

  it("A2.3 #3 refuses a blank transcript and one above the limit", async () => {
    const blank = await api.call("ingestYoutube", { body: { url: video(), transcript_text: " \n" } });
    expect(blank.status).toBe(400);
    expect(blank.body.errors[0].field).toBe("transcript_text");
    const large = await api.call("ingestYoutube", { body: { url: video(), transcript_text: "é".repeat(50_001) } });
    expect(large.status).toBe(413);
    expect(large.body.errors[0].field).toBe("transcript_text");
    const larger = await api.call("ingestYoutube", { body: { url: video(), transcript_text: "x".repeat(400_000) } });
    expect(larger.status).toBe(413);
  });

  it("a transcript of a duplicate leaves no blob behind", async () => {
    const body = { url: video(), transcript_text: "hello" };
    await api.call("ingestYoutube", { body });
    const before = await api.blobKeys();
    const again = await api.call("ingestYoutube", { body });
    expect(again.body.deduplicated).toBe(true);
    expect(await api.blobKeys()).toEqual(before);
  });
});

describe("contents", () => {
  it("A2.6 show what the analysis made of them", async () => {
    const { body } = await ingest(nextUrl(), { tags: ["mine"] });
    const pending = await api.call("readContent", { params: { id: body.content_id } });
    expect(pending.body).toMatchObject({ processing_status: "pending", summary: null, topics: [], entities: [] });
    await complete(body.job_id);
    const { body: content } = await api.call("readContent", { params: { id: body.content_id } });
    expect(content).toMatchObject({
      content_id: body.content_id,
      processing_status: "completed",
      summary: "A text about queues.",
      quality_tier: "B",
      quality_score: 71,
      pipeline_tags: ["queues"],
      topics: [{ name: "Queues" }],
      entities: [{ name: "Redis" }],
      metadata: { word_count: 5 },
    });
  });

  it("A2.6 are found by all their tags, type and status, page by page", async () => {
    const tag = "page-tag";
    const ids: string[] = [];
    for (let n = 0; n < 5; n++) {
      const { body } = await ingest(nextUrl(), { tags: [tag, n % 2 === 0 ? "even" : "odd"] });
      ids.unshift(body.content_id);
    }
    const idsOf = (answer: Answered) => answer.body.contents.map((c: { content_id: string }) => c.content_id);
    const first = await api.call("listContent", { query: { tags: tag, limit: 3 } });
    expect(idsOf(first)).toEqual(ids.slice(0, 3));
    const rest = await api.call("listContent", { query: { tags: tag, limit: 3, cursor: first.body.next_cursor } });
    expect(idsOf(rest)).toEqual(ids.slice(3));
    expect(rest.body.next_cursor).toBeNull();
    expect(idsOf(await api.call("listContent", { query: { tags: [tag, "even"] } }))).toHaveLength(3);
    expect(idsOf(await api.call("listContent", { query: { tags: tag, status: "completed" } }))).toEqual([]);
    expect(idsOf(await api.call("listContent", { query: { tags: tag, content_type: "web" } }))).toHaveLength(5);
  });

  it("can be downloaded as they are stored, and never as a page", async () => {
    const { body } = await ingest(nextUrl());
    const early = await api.call("downloadContent", { params: { id: body.content_id } });
    expect(early.status).toBe(404);
    await complete(body.job_id);
    const { status, body: bytes, headers } = await api.call("downloadContent", { params: { id: body.content_id } });
    expect(status).toBe(200);
    expect(bytes).toBe("# stored\n");
    expect(headers.get("content-disposition")).toBe(`attachment; filename="content.md"; filename*=UTF-8''content.md`);
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    const { body: content } = await api.call("readContent", { params: { id: body.content_id } });
    await api.blobs.delete(content.file_path);
    const gone = await api.call("downloadContent", { params: { id: body.content_id } });
    expect(gone.body.code).toBe("BLOB_MISSING");
  });
});

describe("POST /content/{id}/reprocess", () => {
  const reprocess = (id: string, query = {}, key?: string) =>
    api.call("reprocessContent", { params: { id }, query, ...(key && { key }) });

  it("A-S23 gives the active job, then nothing, then with force a new run on what is stored", async () => {
    const url = nextUrl();
    const { body } = await ingest(url);
    const active = await reprocess(body.content_id);
    expect(active.status).toBe(200);
    expect(active.body).toEqual({ job_id: body.job_id, content_id: body.content_id, status: "already_active" });
    await complete(body.job_id);
    const completed = await reprocess(body.content_id);
    expect(completed.status).toBe(200);
    expect(completed.body).toEqual({ job_id: null, content_id: body.content_id, status: "already_completed" });
    const forced = await reprocess(body.content_id, { force: true });
    expect(forced.status).toBe(202);
    expect(forced.body).toMatchObject({ content_id: body.content_id, status: "submitted" });
    const job = await api.store.findJob(forced.body.job_id, null);
    const { body: content } = await api.call("readContent", { params: { id: body.content_id } });
    expect(job?.input).toMatchObject({
      source: "url",
      url,
      content_id: body.content_id,
      reprocess: { force: true, file_path: content.file_path, content_type: "web", metadata: { word_count: 5 } },
    });
  });

  it("A-S23 runs a cancelled content again without force, with the transcript its caller supplied", async () => {
    const { body } = await api.call("ingestYoutube", {
      body: { url: "https://youtu.be/reprocess_1", transcript_text: "hello" },
    });
    await api.call("cancelJob", { params: { id: body.job_id } });
    const first = await api.store.findJob(body.job_id, null);
    const again = await reprocess(body.content_id);
    expect(again.status).toBe(202);
    const job = await api.store.findJob(again.body.job_id, null);
    const keyOf = (row: typeof job) =>
      (row?.input as { transcript_blob_key?: string } | undefined)?.transcript_blob_key;
    expect(keyOf(job)).toBe(keyOf(first));
    expect(keyOf(job)).toBeTruthy();
  });

  it("A-S23 works on what a run had stored before it failed", async () => {
    const { body } = await ingest(nextUrl());
    const fence = await api.claim(body.job_id);
    const path = `${api.ownerId}/web/failed/content.md`;
    const outputs: [string, Json, string][] = [
      ["resolve", {}, "fetch"],
      ["fetch", { content_type: "web" }, "convert"],
      ["convert", { title: "What it said", metadata: { language: "en" } }, "store"],
      ["store", { file_path: path }, "analyse"],
    ];
    const worker = { worker: "test", leaseMs: 60_000 };
    for (const [stage, output, next] of outputs) {
      const place = { name: next, index: 1, count: 9, spec: { lane: "io" } as StagePlace["spec"] };
      const settlement = advance(place, { output, warnings: [] });
      await api.store.settle({ jobId: body.job_id, stage, fence, settlement }, worker);
    }
    const settlement = fail({ code: "LLM_CALL_ERROR", message: "no", stage: "analyse" });
    await api.store.settle({ jobId: body.job_id, stage: "analyse", fence, settlement }, worker);
    const again = await reprocess(body.content_id, { data_tier: "full" });
    expect(again.status).toBe(202);
    const job = await api.store.findJob(again.body.job_id, null);
    expect(job?.dataTier).toBe("full");
    expect(job?.input).toMatchObject({
      source: "url",
      reprocess: { file_path: path, content_type: "web", title: "What it said", metadata: { language: "en" } },
    });
  });

  it("A2.10 is kept in the audit trail; an admin's run stays the owner's", async () => {
    const { body } = await ingest(nextUrl());
    await complete(body.job_id);
    const { body: run } = await reprocess(body.content_id, { force: true }, api.keys.admin);
    expect((await api.store.findJob(run.job_id, null))?.ownerId).toBe(api.ownerId);
    const audits = await api.audits();
    expect(audits).toContainEqual(
      expect.objectContaining({ event: "audit.reprocess_trigger", content_id: body.content_id, job_id: run.job_id }),
    );
  });
});

describe("A-Q03 D-6 somebody else's content is none at all", () => {
  const calls = Object.entries(routes).filter(([, route]) => route.path.includes("/content/{id}"));

  it.each(calls.map(([id]) => id as "readContent"))(
    "%s answers 404 to a foreign, an unknown and an impossible id",
    async (id) => {
      expect(calls.length).toBeGreaterThan(2);
      const { body } = await ingest(nextUrl());
      await complete(body.job_id);
      const foreign = await api.call(id, { params: { id: body.content_id }, key: api.keys.foreign });
      const unknown = await api.call(id, { params: { id: "0199aaaa-0000-7000-8000-000000000000" } });
      expect(foreign.status).toBe(404);
      expect({ ...foreign.body, request_id: "" }).toEqual({ ...unknown.body, request_id: "" });
      expect((await api.call(id, { params: { id: "nonsense" } })).status).toBe(404);
      expect((await api.call(id, { params: { id: body.content_id }, key: api.keys.admin })).status).toBe(200);
    },
  );

  it("two owners of one address have a content and a job each, and see their own", async () => {
    const url = nextUrl();
    const mine = await ingest(url);
    const theirs = await api.call("ingestUrl", { body: { url }, key: api.keys.foreign });
    expect(theirs.body.deduplicated).toBe(false);
    expect(theirs.body.job_id).not.toBe(mine.body.job_id);
    expect(theirs.body.content_id).not.toBe(mine.body.content_id);
    const { body } = await api.call("listContent", { key: api.keys.foreign });
    const ids = body.contents.map((c: { content_id: string }) => c.content_id);
    expect(ids).toContain(theirs.body.content_id);
    expect(ids).not.toContain(mine.body.content_id);
  });
});
