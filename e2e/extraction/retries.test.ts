import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Cluster, startCluster } from "../processes/cluster.ts";
import { type ExtractionCalls, extractionCalls } from "./extraction-calls.fixture.ts";
import { dxf } from "./files.fixture.ts";

let cluster: Cluster;
let calls: ExtractionCalls;
let server: Server;
let base: string;
/** How often each path still answers 503. */
const failuresLeft = new Map<string, number>();
beforeAll(async () => {
  server = createServer(({ url = "" }, response) => {
    if (url === "/gone.dxf") return void response.writeHead(404).end("gone");
    const left = failuresLeft.get(url) ?? 0;
    failuresLeft.set(url, left - 1);
    if (left > 0) return void response.writeHead(503).end("busy");
    response.writeHead(200, { "content-type": "application/octet-stream" }).end(dxf(5));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  cluster = await startCluster();
  calls = extractionCalls(cluster);
  await cluster.startWorker("w1");
});
afterAll(async () => {
  await cluster?.close();
  server.closeAllConnections();
  server.close();
});

const from = (path: string, failures: number): string => {
  failuresLeft.set(path, failures);
  return `${base}${path}`;
};
const seconds = (found: { next_retry_at: string; updated_at: string }): number =>
  (Date.parse(found.next_retry_at) - Date.parse(found.updated_at)) / 1_000;

describe("a file whose source fails", { timeout: 300_000 }, () => {
  test("twice is tried again after 30 s and after 2 min, and then read (B-S08, B-Q12, B-Q13, B-Q15)", async () => {
    const id = await calls.submit({ file_url: from("/flaky.dxf", 2), format: "dxf" });
    for (const [tries, least] of [
      [1, 30],
      [2, 120],
    ] as const) {
      const waiting = await calls.waits(id, tries);
      expect(waiting).toMatchObject({
        retry_count: tries,
        error_code: "URL_HTTP_ERROR",
        result: null,
        completed_at: null,
      });
      // 0 to 25 % more; what lies between the two statements' clocks is nothing to that
      expect(seconds(waiting)).toBeGreaterThanOrEqual(least - 1);
      expect(seconds(waiting)).toBeLessThanOrEqual(least * 1.25 + 1);
      const [due] = await cluster.sql<{ next_retry_at: Date }[]>`
        select next_retry_at from pipeline_jobs where id = ${waiting.job_id}`;
      expect(due?.next_retry_at.toISOString()).toBe(waiting.next_retry_at);
      await calls.hurry();
    }
    const found = await calls.reaches(id, "completed", "failed");
    expect(found).toMatchObject({ status: "completed", retry_count: 2, error_code: null, next_retry_at: null });
    expect(found.attempts.map(({ outcome }: { outcome: string }) => outcome)).toEqual(["retry", "retry", "completed"]);
  });

  test("until no retry is left has failed; by hand it starts over and keeps its history (B-S25, B-Q11, B-Q15)", async () => {
    const id = await calls.submit({ file_url: from("/late.dxf", 2), format: "dxf", max_retries: 1, data_tier: "full" });
    await calls.waits(id);
    await calls.hurry();
    const failed = await calls.reaches(id, "failed");
    expect(failed).toMatchObject({ retry_count: 1, max_retries: 1, error_code: "URL_HTTP_ERROR", next_retry_at: null });
    expect(failed.error_stack_trace).toMatch(/URL_HTTP_ERROR|answered 503/);

    const again = await cluster.call("POST", `/extraction/jobs/${id}/retry`, {});
    expect(again.status, JSON.stringify(again.body)).toBe(202);
    const found = await calls.reaches(id, "completed", "failed");
    expect(found).toMatchObject({ id, status: "completed", retry_count: 0, error_code: null, error_stack_trace: null });
    expect(found.job_id).not.toBe(failed.job_id);
    expect(found.attempts.map(({ outcome }: { outcome: string }) => outcome)).toEqual(["retry", "failed", "completed"]);
    expect((await cluster.call("POST", `/extraction/jobs/${id}/retry`, {})).status).toBe(409);
  });

  test("for good is not tried again (B-Q14)", async () => {
    const gone = await calls.submit({ file_url: `${base}/gone.dxf`, format: "dxf" });
    expect(await calls.reaches(gone, "failed")).toMatchObject({ error_code: "URL_HTTP_ERROR", retry_count: 0 });
  });

  test("says nothing without a key for Werk24, and is not tried again (B-Q24)", async () => {
    const id = await calls.upload("drawing.png", Buffer.from("89504e470d0a1a0a0000000d49484452", "hex"));
    expect(await calls.reaches(id, "failed")).toMatchObject({
      format: "werk24",
      error_code: "WERK24_NOT_CONFIGURED",
      retry_count: 0,
    });
  });
});
