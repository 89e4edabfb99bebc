import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Blobs } from "@millrace/core";
import { type ContentStore, connectDatabase, createContentStore, type Database, newId } from "@millrace/db";
import { type ContentNeeds, contentPipeline } from "@millrace/pipelines";
import {
  createDocumentReader,
  createLanguageModelAnalyser,
  createOutboundFetch,
  createYoutube,
  openBlobs,
} from "@millrace/providers";
import { until } from "@millrace/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { gate, type Harness, startHarness } from "./harness.ts";

const answerWith = (over: object = {}): string =>
  JSON.stringify({
    tags: ["message-queues"],
    tier: "A",
    quality_score: 80,
    summary: "It explains durable queues.",
    topics: [{ name: "Computing > Queues", confidence: "high", edge_type: "discusses" }],
    pre_detected_validations: [{ entity_id: "github_repo:taskforcesh/bullmq", edge_type: "uses", confirmed: true }],
    additional_entities: [{ type: "tool", name: "PostgreSQL", confidence: "high", edge_type: "uses" }],
    ...over,
  });

let folder: string;
let blobs: Blobs;
let model: Server;
let harness: Harness;
let db: Database;
let contents: ContentStore;
let answers: (string | Promise<string>)[] = [];
/** What the model was asked, one text for each call. */
let prompts: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-results-"));
  blobs = await openBlobs(pathToFileURL(folder).href);
  model = createServer(async (request, response) => {
    let asked = "";
    for await (const part of request) asked += part;
    prompts.push(asked);
    const content = await (answers.shift() ?? "no answer was planned");
    const choices = [{ index: 0, finish_reason: "stop", message: { role: "assistant", content } }];
    const usage = { prompt_tokens: 900, completion_tokens: 120, total_tokens: 1_020 };
    response.writeHead(200, { "content-type": "application/json" });
    response.end(
      JSON.stringify({ id: "1", object: "chat.completion", created: 1, model: "test-model", choices, usage }),
    );
  });
  model.listen(0, "127.0.0.1");
  await once(model, "listening");
  const baseUrl = `http://127.0.0.1:${(model.address() as AddressInfo).port}/v1`;
  const fetch = createOutboundFetch({ userAgent: "test", allowLoopback: true });
  const analyser = createLanguageModelAnalyser({ baseUrl, model: "test-model" });
  const needs: ContentNeeds = {
    blobs,
    fetch,
    readers: createDocumentReader(),
    youtube: createYoutube({ fetch, apiKey: undefined }),
    analyser,
    context: { contextFor: () => Promise.reject(new Error("only its spec is used")) },
  };
  harness = await startHarness([contentPipeline(needs)]);
  db = connectDatabase({ url: harness.database.url, maxConnections: 4, applicationName: "e2e-contents" });
  contents = createContentStore(db);
  const wired = contentPipeline({ ...needs, context: contents, records: contents, provider: "models.example" });
  await harness.startWorker({ pipelines: [wired], leaseMs: 10_000 });
});
afterAll(async () => {
  await harness?.close();
  await db?.close();
  model?.closeAllConnections();
  model?.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => {
  answers = [];
  prompts = [];
});

const TEXT = "# Notes\n\nThe armadillo keeps every job. See https://github.com/taskforcesh/bullmq for its burrow.\n";

/** Submits a job of the full tier on a markdown of these words. */
async function submit(text = TEXT): Promise<{ readonly jobId: string; readonly contentId: string }> {
  const contentId = newId();
  const { key, bytes } = await blobs.put(`uploads/${contentId}`, text);
  const file = { fileName: "notes.md", fileSize: bytes, filePath: null, sourceUrl: null };
  const { jobId } = await harness.submit({
    ownerId: harness.owner.id,
    pipeline: "content",
    dataTier: "full",
    input: {
      source: "upload",
      content_id: contentId,
      content_type: "markdown",
      blob_key: key,
      file_name: file.fileName,
      bytes,
    },
    content: { id: contentId, contentType: "markdown", title: null, tags: [], isForced: false, ...file },
  });
  return { jobId: jobId ?? "", contentId };
}

const find = async (text: string): Promise<string[]> =>
  (await contents.listContents({ ownerId: harness.owner.id, text, limit: 10 })).map(({ id }) => id);

async function usedBy(jobId: string) {
  return harness.sql`select provider, model, calls, input_tokens::int as input_tokens from usage_events where job_id = ${jobId}`;
}

describe("what a content job leaves", { timeout: 60_000 }, () => {
  it("is found by its words, speaks of its entities, counts its tokens and keeps its prompt (A2.4, A-Q13)", async () => {
    answers = [answerWith()];
    const { jobId, contentId } = await submit();
    const job = await harness.reaches(jobId, "completed", "failed");
    expect([job.status, job.errorMessage]).toEqual(["completed", null]);
    expect(await find("armadillos burrow")).toEqual([contentId]);
    const found = await contents.listEntitiesOf(contentId);
    expect(found.map((e) => `${e.entityType} ${e.name} ${e.edgeType} ${e.source}`).sort()).toEqual([
      "repo taskforcesh/bullmq uses url_detected",
      "tool PostgreSQL uses ai_extracted",
      "topic Queues discusses ai_extracted",
    ]);
    expect(await usedBy(jobId)).toEqual([
      { provider: "models.example", model: "test-model", calls: 1, input_tokens: 900 },
    ]);
    const [payload] = await contents.listPayloads(jobId);
    expect(payload).toMatchObject({
      stage: "analyse",
      payload: { prompt: expect.stringContaining("armadillo"), raw_answer: answerWith() },
    });
  });

  it("teaches the next analysis: tags, topics, and spellings that were taken for a tag (A2.3 #11)", async () => {
    answers = [answerWith({ tags: ["message-queue"] }), answerWith()];
    const { jobId } = await submit();
    await harness.reaches(jobId, "completed");
    const { aliases } = await contents.contextFor(harness.owner.id);
    expect(aliases).toEqual([{ variant: "message-queue", canonical: "message-queues" }]);
    await harness.reaches((await submit()).jobId, "completed");
    expect(prompts).toHaveLength(2);
    for (const prompt of prompts) expect(prompt).toContain("Computing > Queues");
    expect(prompts[0]).not.toContain("message-queue ");
    expect(prompts[1]).toMatch(/message-queue\W+message-queues/);
  });

  it("is nothing but the account when the analysis fails: tokens are spent, a full job shows the answer", async () => {
    answers = ["Dear user, no JSON.", "Still none."];
    const { jobId, contentId } = await submit("# Pangolins\n\nOnly here: pangolin.\n");
    const job = await harness.reaches(jobId, "completed", "failed");
    expect([job.status, job.errorCode]).toEqual(["failed", "PARSE_FAILED"]);
    expect(await usedBy(jobId)).toMatchObject([{ model: "test-model", calls: 2 }]);
    const [payload] = await contents.listPayloads(jobId);
    expect(payload?.payload).toMatchObject({ error_code: "PARSE_FAILED", raw_answer: "Dear user, no JSON." });
    expect(await contents.listEntitiesOf(contentId)).toEqual([]);
    expect(await find("pangolin")).toEqual([]);
  });

  it("is nothing when the job is cancelled while the model thinks (A-S25, A-Q10)", async () => {
    const held = gate();
    answers = [held.opened.then(() => answerWith())];
    const { jobId, contentId } = await submit("# Okapis\n\nOnly here: okapi.\n");
    await until(() => prompts.length === 1 || undefined, { message: "the model being asked" });
    await harness.cancel({ jobId, ownerId: harness.owner.id, by: "test", reason: null });
    held.open();
    await harness.reaches(jobId, "cancelled");
    expect(await contents.listEntitiesOf(contentId)).toEqual([]);
    expect(await find("okapi")).toEqual([]);
    expect(await harness.sql`select job_id from content_texts where content_id = ${contentId}`).toEqual([]);
  });
});
