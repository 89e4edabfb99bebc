import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Blobs } from "@millrace/core";
import { newId } from "@millrace/db";
import { contentPipeline } from "@millrace/pipelines";
import {
  type Analyser,
  createDocumentReader,
  createLanguageModelAnalyser,
  createOutboundFetch,
  createYoutube,
  openBlobs,
} from "@millrace/providers";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Harness, startHarness } from "./harness.ts";

const ANSWER = JSON.stringify({
  tags: ["queues"],
  new_tags: ["durability"],
  tier: "a",
  tier_explanation: ["names its trade-offs", "shows the statements"],
  quality_score: 81,
  score_explanation: ["well structured", "short"],
  summary: "It explains durable queues. It shows how leases work.\n\n- one\n- two\n- three",
  topics: [{ name: "Computing > Queues", confidence: "high", edge_type: "discusses" }],
  pre_detected_validations: [],
  additional_entities: [{ type: "tool", name: "PostgreSQL", confidence: "high", edge_type: "uses" }],
});
const TRUNCATED = ANSWER.slice(0, -60);
const GARBAGE = "Dear user, here is no JSON at all.";

type Reply = (response: ServerResponse) => void;
const says =
  (content: string): Reply =>
  (response) => {
    const choices = [{ index: 0, finish_reason: "stop", message: { role: "assistant", content } }];
    const usage = { prompt_tokens: 900, completion_tokens: 120, total_tokens: 1_020 };
    response.writeHead(200, { "content-type": "application/json" });
    response.end(
      JSON.stringify({ id: "1", object: "chat.completion", created: 1, model: "test-model", choices, usage }),
    );
  };
const fails =
  (status: number, headers: Record<string, string> = {}): Reply =>
  (response) => {
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(JSON.stringify({ error: { message: `status ${status}` } }));
  };
const hangs: Reply = () => {};

let folder: string;
let blobs: Blobs;
let model: Server;
let baseUrl: string;
let harness: Harness;
let replies: Reply[] = [];
let asked = 0;
let analyser: Analyser;

const impatient = (): Analyser =>
  createLanguageModelAnalyser({ baseUrl, model: "test-model", timeouts: { analysisMs: 300, repairMs: 300 } });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-model-"));
  blobs = await openBlobs(pathToFileURL(folder).href);
  model = createServer((request, response) => {
    asked += 1;
    request.resume();
    // an unplanned call is a failure the tests see in the count
    (replies.shift() ?? fails(500))(response);
  });
  model.listen(0, "127.0.0.1");
  await once(model, "listening");
  baseUrl = `http://127.0.0.1:${(model.address() as AddressInfo).port}/v1`;
  const fetch = createOutboundFetch({ userAgent: "test", allowLoopback: true });
  const pipeline = contentPipeline({
    blobs,
    fetch,
    readers: createDocumentReader(),
    youtube: createYoutube({ fetch, apiKey: undefined }),
    analyser: { name: "test-model", lane: "io", analyse: (input, options) => analyser.analyse(input, options) },
    context: { contextFor: async () => ({ tags: [], topics: [], tag_pairs: [], tiers: {}, aliases: [] }) },
  });
  harness = await startHarness([pipeline]);
  await harness.startWorker();
});
afterAll(async () => {
  await harness?.close();
  model?.closeAllConnections();
  model?.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => {
  replies = [];
  asked = 0;
  analyser = createLanguageModelAnalyser({ baseUrl, model: "test-model" });
});

/** Runs one job on a content; the job's row, its warnings and the content's row when it is over. */
async function run(contentId: string, script: readonly Reply[]) {
  replies = [...script];
  asked = 0;
  const { key, bytes } = await blobs.put(
    `uploads/${contentId}`,
    "# Queues\n\nA durable queue writes every job down.\n",
  );
  const { jobId } = await harness.submit({
    ownerId: harness.owner.id,
    pipeline: "content",
    input: {
      source: "upload",
      content_id: contentId,
      content_type: "markdown",
      blob_key: key,
      file_name: "notes.md",
      bytes,
    },
    content: {
      id: contentId,
      contentType: "markdown",
      title: null,
      sourceUrl: null,
      filePath: null,
      fileName: "notes.md",
      fileSize: bytes,
      tags: [],
      isForced: true,
    },
  });
  const job = await harness.reaches(jobId ?? "", "completed", "failed");
  const stages = await harness.sql`SELECT stage, warnings FROM job_stages WHERE job_id = ${job.id}`;
  const warnings = stages.filter(({ stage }) => stage === "analyse").flatMap((row) => row["warnings"] as object[]);
  return { job, warnings, content: await resultOf(contentId) };
}

async function resultOf(contentId: string) {
  const [row] = await harness.sql`
    SELECT processing_status, unified_result, quality_tier, quality_score, summary, pipeline_tags, metadata, title
    FROM contents WHERE id = ${contentId}`;
  if (row === undefined) throw new Error(`content ${contentId} is gone`);
  const { processing_status: status, ...result } = row;
  return { status, result };
}

describe("a language model's answer, as a job ends by it", { timeout: 60_000 }, () => {
  it.each([
    ["good JSON", [says(ANSWER)], []],
    ["fenced JSON", [says(`Sure:\n\`\`\`json\n${ANSWER}\n\`\`\``)], []],
    ["JSON after a reasoning block", [says(`<think>Is it {"tier": "S"}? Hm.</think>\n${ANSWER}`)], []],
    ["truncated JSON, once repaired", [says(TRUNCATED), says(ANSWER)], [{ code: "ANSWER_REPAIRED" }]],
    ["garbage, once repaired", [says(GARBAGE), says(`\`\`\`\n${ANSWER}\n\`\`\``)], [{ code: "ANSWER_REPAIRED" }]],
  ])("completes on %s (A2.3)", async (_, script, expected) => {
    const { job, warnings, content } = await run(newId(), script);
    expect([job.status, job.errorMessage, asked]).toEqual(["completed", null, script.length]);
    expect(warnings).toMatchObject(expected);
    expect(content).toMatchObject({
      status: "completed",
      result: { quality_tier: "A", quality_score: 81, pipeline_tags: ["queues", "durability"] },
    });
    expect(content.result["unified_result"]).toMatchObject({ model: "test-model", tier: "A" });
  });

  it.each([
    ["garbage, also after one repair", [says(GARBAGE), says("Still no.")], "PARSE_FAILED"],
    ["truncated JSON, also after one repair", [says(TRUNCATED), says(TRUNCATED)], "PARSE_FAILED"],
    ["JSON of something else, also after one repair", [says('{"answer": 42}'), says('{"a": 1}')], "PARSE_FAILED"],
    ["an empty answer", [says("")], "EMPTY_RESPONSE"],
    ["nothing but reasoning", [says("<think>Let me see")], "EMPTY_RESPONSE"],
    ["500", [fails(500)], "LLM_CALL_ERROR"],
    ["401", [fails(401)], "LLM_CALL_ERROR"],
    ["500 to the repair", [says(GARBAGE), fails(500)], "LLM_CALL_ERROR"],
  ])("fails on %s, keeping nothing of it and all of the earlier result (A2.3, A2.10)", async (_, script, code) => {
    const fresh = await run(newId(), script);
    expect(fresh.job).toMatchObject({ status: "failed", errorCode: code, errorStage: "analyse" });
    expect(asked).toBe(script.length);
    expect(fresh.content).toMatchObject({
      status: "failed",
      result: { unified_result: null, quality_tier: null, summary: null, pipeline_tags: [] },
    });

    const contentId = newId();
    const earlier = await run(contentId, [says(ANSWER)]);
    expect(earlier.job.status).toBe("completed");
    const later = await run(contentId, script);
    expect(later.job).toMatchObject({ status: "failed", errorCode: code });
    expect(later.content).toEqual({ status: "failed", result: earlier.content.result });
  });

  it("fails on a hang at its time limit (A2.3)", async () => {
    analyser = impatient();
    const { job, content } = await run(newId(), [hangs]);
    expect(job).toMatchObject({ status: "failed", errorCode: "LLM_CALL_ERROR", errorStage: "analyse" });
    expect(asked).toBe(1);
    expect(content).toMatchObject({ status: "failed", result: { unified_result: null } });
  });

  it("waits for as long as 429 says and then completes, without an attempt charged", async () => {
    const { job, content } = await run(newId(), [fails(429, { "retry-after": "1" }), says(ANSWER)]);
    expect([job.status, asked, job.retryCount, job.crashes]).toEqual(["completed", 2, 0, 0]);
    expect(content).toMatchObject({ status: "completed", result: { quality_tier: "A" } });
    const [parked, resumed] = await harness.sql`
      SELECT event, at FROM job_events WHERE job_id = ${job.id} AND id >= (
        SELECT id FROM job_events WHERE job_id = ${job.id} AND event = 'wait_for_quota')
        AND event IN ('wait_for_quota', 'claim') ORDER BY id`;
    expect([parked?.["event"], resumed?.["event"]]).toEqual(["wait_for_quota", "claim"]);
    // both instants are Postgres' own, and the later one can only be later still on a busy machine
    expect(resumed?.["at"] - parked?.["at"]).toBeGreaterThanOrEqual(900);
    const attempts = await harness.sql`SELECT attempt FROM job_stages WHERE job_id = ${job.id} AND stage = 'analyse'`;
    expect(attempts).toMatchObject([{ attempt: 1 }]);
  });
});
