import { until } from "@millrace/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Cluster, startCluster } from "../processes/cluster.ts";
import { type ExtractionCalls, extractionCalls } from "./extraction-calls.fixture.ts";
import { dxf } from "./files.fixture.ts";

const FILES = 2_000;

let cluster: Cluster;
let calls: ExtractionCalls;
beforeAll(async () => {
  cluster = await startCluster({ env: { LEASE_MS: "3000" } });
  calls = extractionCalls(cluster);
});
afterAll(() => cluster?.close());

async function count(bulkId: string, status?: string): Promise<number> {
  const [row] = await cluster.sql<{ n: number }[]>`
    select count(*)::int as n from extraction_jobs
    where bulk_id = ${bulkId} and (${status ?? null}::text is null or status = ${status ?? null})`;
  return row?.n ?? 0;
}

test("a batch of 2,000 lets a single file pass, is handed in whole although a worker dies over it, and is cancelled whole (B-Q18)", {
  timeout: 600_000,
}, async () => {
  const first = await cluster.startWorker("first", { LANES: "io" });
  const { file_url } = await calls.find(await calls.upload("many.dxf", dxf(4, "many")));
  const lines = Array.from({ length: FILES }, (_, i) => JSON.stringify({ file_url, filename: `${i}.dxf` }));
  const form = new FormData();
  form.set("manifest", new Blob([lines.join("\n")]), "manifest.jsonl");
  const bulkId = await calls.submitBulk(form);
  await until(async () => (await count(bulkId)) > 0, { timeoutMs: 60_000, everyMs: 1, message: "a first page" });
  await cluster.kill(first);

  await cluster.startWorker("second");
  await until(async () => (await count(bulkId, "completed")) > 20, {
    timeoutMs: 240_000,
    message: () => `some files\n${cluster.output().slice(-2_000)}`,
  });
  const single = await calls.upload("single.dxf", dxf(5, "single"));
  await calls.reaches(single, "completed");
  // with the batch's files in front of it there would be none left
  expect(await count(bulkId, "completed")).toBeLessThan(FILES / 2);

  await until(async () => (await count(bulkId)) === FILES, {
    timeoutMs: 120_000,
    message: "all files to be handed in",
  });
  const [distinct] = await cluster.sql<{ n: number }[]>`
    select count(distinct bulk_index)::int as n from extraction_jobs where bulk_id = ${bulkId}`;
  expect(distinct?.n).toBe(FILES);
  await cluster.call("POST", `/extraction/bulk/${bulkId}/cancel`, {});
  await calls.bulkReaches(bulkId, "cancelled");
  await until(async () => (await count(bulkId, "processing")) + (await count(bulkId, "pending")) === 0, {
    timeoutMs: 120_000,
    message: "no file of the batch to be active",
  });
});
