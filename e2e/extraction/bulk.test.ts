import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { basename } from "node:path";
import { missing, sampleFiles, until } from "@millrace/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Cluster, startCluster } from "../processes/cluster.ts";
import { type ExtractionCalls, extractionCalls } from "./extraction-calls.fixture.ts";
import { dxf } from "./files.fixture.ts";

const library = await sampleFiles("librecad-data");

let cluster: Cluster;
let calls: ExtractionCalls;
beforeAll(async () => {
  cluster = await startCluster({ env: { MAX_BULK_CALL_FILES: "400", LEASE_MS: "3000" } });
  calls = extractionCalls(cluster);
});
afterAll(() => cluster?.close());

type Named = readonly [name: string, bytes: Buffer];

function batch(files: readonly Named[], fields: Record<string, string> = {}): FormData {
  const form = new FormData();
  for (const [key, value] of Object.entries(fields)) form.set(key, value);
  for (const [name, bytes] of files) form.append("files", new Blob([new Uint8Array(bytes)]), name);
  return form;
}

const damaged = Buffer.from("0\nSECTION\n2\nENTITIES\n");
const drawings = (count: number): Named[] =>
  Array.from({ length: count }, (_, i): Named => [`${i}.dxf`, dxf(3, `drawing ${i}`)]);

/** Stages that were committed more than once, and jobs of one file that did the same work. */
async function repeatedWork(bulkId: string): Promise<number> {
  const [row] = await cluster.sql<{ n: number }[]>`
    select count(*)::int as n from (
      select j.input ->> 'bulk_index' from pipeline_jobs j join job_stages s on s.job_id = j.id
      where j.pipeline = 'extraction' and j.input ->> 'bulk_id' = ${bulkId} and s.stage = 'store'
      group by 1 having count(*) > 1
    ) repeated`;
  return row?.n ?? -1;
}

async function filesOf(bulkId: string): Promise<Record<string, number>> {
  const rows = await cluster.sql<{ status: string; n: number }[]>`
    select status, count(*)::int as n from extraction_jobs where bulk_id = ${bulkId} group by status`;
  return Object.fromEntries(rows.map(({ status, n }) => [status, n]));
}

describe("a batch", { timeout: 600_000 }, () => {
  test.skipIf(missing("samples", library.problem))(
    "of the drawing library survives workers killed while it is handed in and while it runs, and an emptied Redis: none lost, none twice (B-Q18, B-S28)",
    async () => {
      const files = library.files("dxf").slice(0, 150);
      const bulkId = await calls.submitBulk(batch(files.map((path): Named => [basename(path), readFileSync(path)])));
      const rows = async () => Object.values(await filesOf(bulkId)).reduce((sum, n) => sum + n, 0);
      const over = async () => (await filesOf(bulkId))["completed"] ?? 0;

      const first = await cluster.startWorker("first", { LANES: "io" });
      await until(async () => (await rows()) > 0, { timeoutMs: 60_000, everyMs: 1, message: "the first files" });
      await cluster.kill(first);
      const second = await cluster.startWorker("second");
      await until(async () => (await over()) >= 20, {
        timeoutMs: 240_000,
        message: () => `20 files\n${cluster.output().slice(-2_000)}`,
      });
      await cluster.kill(second);
      await cluster.redis.flush();
      expect(await over()).toBeLessThan(150);
      await cluster.startWorker("third");

      const bulk = await calls.bulkReaches(bulkId, "completed", "failed");
      expect(bulk).toMatchObject({
        status: "completed",
        total_files: 150,
        progress: 100,
        files_pending: 0,
        files_processing: 0,
      });
      expect(bulk.files_completed + bulk.files_failed).toBe(150);
      expect(bulk.partial).toBe(bulk.files_failed > 0);
      expect(await rows()).toBe(150);
      expect(await repeatedWork(bulkId)).toBe(0);
      const { body: job } = await cluster.call("GET", `/jobs/${bulk.job_id}?verbose=true`);
      expect(job.result).toMatchObject({
        total_files: 150,
        completed: bulk.files_completed,
        failed: bulk.files_failed,
        cancelled: 0,
      });
      expect(job.result.failures).toHaveLength(bulk.files_failed);
    },
  );

  test("with bad files is partial; a retry runs them alone, without another upload, as often as asked (B-Q18, B-Q19)", async () => {
    await cluster.startWorker("fourth");
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
