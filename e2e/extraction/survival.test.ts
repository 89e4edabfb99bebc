import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { missing, sampleFiles, until } from "@millrace/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Cluster, startCluster } from "../processes/cluster.ts";
import { batch, type ExtractionCalls, extractionCalls, type Named } from "./extraction-calls.fixture.ts";

const library = await sampleFiles("librecad-data");

let cluster: Cluster;
let calls: ExtractionCalls;
beforeAll(async () => {
  cluster = await startCluster({ env: { MAX_BULK_CALL_FILES: "400", LEASE_MS: "3000" } });
  calls = extractionCalls(cluster);
});
afterAll(() => cluster?.close());

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

/** Where files that are not over stand, and what happened to them. */
function unfinishedOf(bulkId: string): Promise<unknown[]> {
  return cluster.sql<Record<string, unknown>[]>`
    select j.id, j.status, j.waiting_for, j.stage, j.dispatch_no, j.dispatched_at, j.fence, j.lease_until, j.worker, j.next_retry_at,
      j.error_code, j.error_message, (
        select json_agg(json_build_array(e.event, e.stage, e.fence, e.actor, e.reason, e.at) order by e.id)
        from job_events e where e.job_id = j.id
      ) as events, (
        select json_agg(t) from channel_turns t where t.channel_id = j.channel_id
      ) as turns
    from pipeline_jobs j
    where j.pipeline = 'extraction' and j.input ->> 'bulk_id' = ${bulkId} and j.status in ('pending', 'processing')
    limit 3`;
}

describe("a batch", { timeout: 900_000 }, () => {
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
      await cluster.startWorker("third");

      let unfinished: unknown[] = [];
      // a file that met the end of a worker in an unlucky moment is tried again after 30 s, and then after 2 minutes
      await until(
        async () => {
          unfinished = await unfinishedOf(bulkId);
          return unfinished.length === 0;
        },
        { timeoutMs: 400_000, everyMs: 100, message: () => `every file to be over: ${JSON.stringify(unfinished)}` },
      );
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
});
