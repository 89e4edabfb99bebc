import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { until } from "@millrace/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Cluster, startCluster } from "../processes/cluster.ts";
import { batch, type ExtractionCalls, extractionCalls, type Named } from "./extraction-calls.fixture.ts";
import { dxf } from "./files.fixture.ts";

let cluster: Cluster;
let calls: ExtractionCalls;
beforeAll(async () => {
  cluster = await startCluster({ env: { MAX_BULK_CALL_FILES: "400", LEASE_MS: "3000" } });
  calls = extractionCalls(cluster);
  await cluster.startWorker("w1");
});
afterAll(() => cluster?.close());

const damaged = Buffer.from("0\nSECTION\n2\nENTITIES\n");
const drawings = (count: number): Named[] =>
  Array.from({ length: count }, (_, i): Named => [`${i}.dxf`, dxf(3, `drawing ${i}`)]);

async function filesOf(bulkId: string): Promise<Record<string, number>> {
  const rows = await cluster.sql<{ status: string; n: number }[]>`
    select status, count(*)::int as n from extraction_jobs where bulk_id = ${bulkId} group by status`;
  return Object.fromEntries(rows.map(({ status, n }) => [status, n]));
}

describe("a batch", { timeout: 600_000 }, () => {
  test("with bad files is partial; a retry runs them alone, without another upload, as often as asked (B-Q18, B-Q19)", async () => {
    // answers like a broken store, then like a mended one
    let isMended = false;
    const server = createServer((_, response) => {
      if (isMended) response.writeHead(200).end(dxf(2));
      else response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const good = await calls.upload("good.dxf", dxf(9));
    const { file_url } = await calls.reaches(good, "completed");
    const files = [{ file_url, filename: "0.dxf" }, { file_url: `${address}/1.dxf` }, { file_url, filename: "2.dxf" }];
    const { status, body } = await cluster.call("POST", "/extraction/bulk", { files });
    expect(status, JSON.stringify(body)).toBe(202);
    const partial = await calls.bulkReaches(body.id, "completed", "failed");
    expect(partial).toMatchObject({ status: "completed", partial: true, files_completed: 2, files_failed: 1 });
    const before = await filesByIndex(body.id);
    expect(before.map(({ status: is, error_code }) => [is, error_code])).toEqual([
      ["completed", null],
      ["failed", "URL_HTTP_ERROR"],
      ["completed", null],
    ]);

    const retry = () => cluster.call("POST", `/extraction/bulk/${body.id}/retry`, {});
    expect((await retry()).status).toBe(202);
    expect(await calls.bulkReaches(body.id, "completed")).toMatchObject({ partial: true, files_failed: 1 });
    isMended = true;
    expect((await retry()).status).toBe(202);
    const whole = await until(
      async () => {
        const found = await calls.findBulk(body.id);
        return found.status === "completed" && found.files_failed === 0 ? found : undefined;
      },
      { timeoutMs: 120_000, message: "the batch without failures" },
    );
    expect(whole).toMatchObject({ partial: false, files_completed: 3 });
    const after = await filesByIndex(body.id);
    expect(after.map(({ id }) => id)).toEqual(before.map(({ id }) => id));
    expect([after[0]?.job_id, after[2]?.job_id]).toEqual([before[0]?.job_id, before[2]?.job_id]);
    expect((await retry()).status).toBe(409);
    server.closeAllConnections();
    server.close();
  });

  test("that is to end with the first failure cancels the rest and fails (B-Q18)", async () => {
    const form = batch([["bad.dxf", damaged], ...drawings(60)], { continue_on_error: "false" });
    const bulkId = await calls.submitBulk(form);
    const failed = await calls.bulkReaches(bulkId, "failed", "completed");
    expect(failed).toMatchObject({ status: "failed", error_code: "BATCH_ABORTED" });
    expect(failed.files_failed).toBe(1);
    expect(failed.files_completed + failed.files_cancelled).toBe(60);
    expect(failed.files_pending + failed.files_processing).toBe(0);
  });

  test("whose files all fail has failed (B-Q18)", async () => {
    const bulkId = await calls.submitBulk(
      batch([
        ["a.dxf", damaged],
        ["b.dxf", damaged],
      ]),
    );
    expect(await calls.bulkReaches(bulkId, "failed", "completed")).toMatchObject({
      status: "failed",
      error_code: "BATCH_FAILED",
    });
  });

  test("sends one callback for all of it, and one for each file where that was asked for (B-Q18)", async () => {
    const elsewhere = "http://127.0.0.1:9/files";
    const { status, body } = await cluster.call("POST", "/callback-endpoints", {
      url: "http://127.0.0.1:9/batches",
      allows_job_urls: true,
    });
    expect(status, JSON.stringify(body)).toBe(201);
    const messages = async (bulkId: string) =>
      cluster.sql<{ pipeline: string; event: string; url: string | null }[]>`
        select j.pipeline, d.event, d.url from callback_deliveries d join pipeline_jobs j on j.id = d.job_id
        where j.id = ${bulkId} or j.input ->> 'bulk_id' = ${bulkId} order by 1`;
    const quiet = await calls.submitBulk(batch(drawings(2)));
    await calls.bulkReaches(quiet, "completed");
    const whole = { pipeline: "extraction_bulk", event: "pipeline_job.completed", url: null };
    expect(await messages(quiet)).toEqual([whole]);

    const talkative = await calls.submitBulk(batch(drawings(2), { file_callback_url: elsewhere }));
    await calls.bulkReaches(talkative, "completed");
    const ofFile = { pipeline: "extraction", event: "pipeline_job.completed", url: elsewhere };
    expect(await messages(talkative)).toEqual([ofFile, ofFile, whole]);
  });

  test("is cancelled whole: nothing of it runs on (B-Q17, B-Q18)", async () => {
    const bulkId = await calls.submitBulk(batch(drawings(300)));
    await until(async () => ((await filesOf(bulkId))["completed"] ?? 0) > 0, {
      timeoutMs: 120_000,
      message: "a first file",
    });
    const { status, body } = await cluster.call("POST", `/extraction/bulk/${bulkId}/cancel`, {
      reason: "wrong drawings",
    });
    expect(status, JSON.stringify(body)).toBe(202);
    await calls.bulkReaches(bulkId, "cancelled");
    const ended = await until(
      async () => {
        const found = await calls.findBulk(bulkId);
        return found.files_pending + found.files_processing === 0 ? found : undefined;
      },
      { timeoutMs: 120_000, message: "no file of the batch to be active" },
    );
    expect(ended.files_completed + ended.files_cancelled).toBe(300);
    expect(ended.files_cancelled).toBeGreaterThan(0);
  });
});

interface FileOfBulk {
  readonly id: string;
  readonly job_id: string;
  readonly status: string;
  readonly error_code: string | null;
}

async function filesByIndex(bulkId: string): Promise<FileOfBulk[]> {
  return cluster.sql<FileOfBulk[]>`
    select id, job_id, status, error_code from extraction_jobs where bulk_id = ${bulkId} order by bulk_index`;
}
