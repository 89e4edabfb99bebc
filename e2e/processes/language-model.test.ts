import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Cluster, startCluster } from "./cluster.ts";
import { MARKDOWN } from "./documents.fixture.ts";

const ANSWER = {
  tags: ["queues", "Not A Tag!", "durability"],
  new_tags: ["durability"],
  tier: "a",
  tier_explanation: ["names its trade-offs", "shows the statements"],
  quality_score: 181,
  score_explanation: ["well structured", "short"],
  summary: "It explains durable queues. It shows how leases work.\n\n- one\n- two\n- three",
  topics: [{ name: "Computing > Queues > Durability", confidence: "high", edge_type: "discusses" }],
  pre_detected_validations: [],
  additional_entities: [{ type: "tool", name: "PostgreSQL", confidence: "high", edge_type: "uses" }],
};

let cluster: Cluster;
let model: Server;
const replies: string[] = [];
const asked: { authorization: string | undefined; text: string }[] = [];
beforeAll(async () => {
  model = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      asked.push({ authorization: request.headers.authorization, text: Buffer.concat(chunks).toString() });
      const content = replies.shift() ?? JSON.stringify(ANSWER);
      response.writeHead(200, { "content-type": "application/json" }).end(
        JSON.stringify({
          id: "1",
          object: "chat.completion",
          created: 1,
          model: "test-model",
          choices: [{ index: 0, finish_reason: "stop", message: { role: "assistant", content } }],
          usage: { prompt_tokens: 900, completion_tokens: 120, total_tokens: 1_020 },
        }),
      );
    });
  });
  await new Promise<void>((resolve) => model.listen(0, "127.0.0.1", resolve));
  cluster = await startCluster({
    env: {
      ANALYSER: "language_model",
      LLM_BASE_URL: `http://127.0.0.1:${(model.address() as AddressInfo).port}/v1`,
      LLM_API_KEY: "sk-test",
      LLM_MODEL: "test-model",
    },
  });
  await cluster.startWorker("w1");
});
afterAll(async () => {
  await cluster.close();
  model.close();
});

async function ingest() {
  const form = new FormData();
  form.append("file", new Blob([MARKDOWN]), "notes.md");
  const { body } = await cluster.call("POST", "/content", form);
  const job = await cluster.reaches(body.job_id, "completed", "failed");
  return { job, content: (await cluster.call("GET", `/content/${body.content_id}`)).body };
}

describe("analysis by a language model, through the whole system", { timeout: 60_000 }, () => {
  it("keeps what the model says within the rules, and says which model it was", async () => {
    const { job, content } = await ingest();
    expect([job.status, job.error_message]).toEqual(["completed", null]);
    expect(content).toMatchObject({ quality_tier: "A", quality_score: 100, pipeline_tags: ["queues", "durability"] });
    expect(content.topics).toMatchObject([{ name: "Durability", hierarchy: ["Computing", "Queues", "Durability"] }]);
    expect(content.summary).toContain("durable queues");
    expect(JSON.stringify(job)).toContain("test-model");
    expect(asked[0]?.authorization).toBe("Bearer sk-test");
    expect(asked[0]?.text).toContain("A durable queue writes every accepted job down");
  });

  it("runs the stage where waiting belongs: in lane io, not in a thread", async () => {
    const { job } = await ingest();
    expect(job.history.filter((e: { event: string }) => e.event === "claim")).toHaveLength(3);
  });

  it("fails with PARSE_FAILED after one repair, and persists nothing", async () => {
    const before = asked.length;
    replies.push("I would rather not.", "Still no.");
    const { job, content } = await ingest();
    expect(job).toMatchObject({ status: "failed", error_code: "PARSE_FAILED", error_stage: "analyse" });
    expect(content).toMatchObject({ processing_status: "failed", quality_tier: null, summary: null });
    expect(asked.length - before).toBe(2);
  });
});
