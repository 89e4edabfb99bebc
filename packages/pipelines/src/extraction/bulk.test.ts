import type { Json, Outcome } from "@millrace/core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { BatchFile } from "./needs.ts";
import { type ExtractionBench, NOTHING, OWNER, openBench, RUN } from "./pipeline.contract.ts";

const MANIFEST = `${OWNER}/bulk/b/manifest.jsonl`;
const BULK = "0197a6f0-0000-7000-8000-00000000b01c";

let bench: ExtractionBench;
beforeEach(async () => {
  bench = await openBench(async () => NOTHING);
});
afterEach(() => bench.stop());

const line = (index: number): object => ({
  filename: `${index}.dxf`,
  file_url: `${OWNER}/u/${index}.dxf`,
  format: "dxf",
});

async function write(count: number): Promise<{ manifest_key: string; total_files: number }> {
  const lines = Array.from({ length: count }, (_, index) => JSON.stringify(line(index)));
  await bench.blobs.put(MANIFEST, `${lines.join("\n")}\n`);
  return { manifest_key: MANIFEST, total_files: count };
}

const file = (index: number, status: BatchFile["status"], errorCode: string | null = null): BatchFile => ({
  id: `0197a6f0-0000-7000-8000-${String(index).padStart(12, "0")}`,
  index,
  filename: `${index}.dxf`,
  status,
  errorCode,
});
const known = (...files: BatchFile[]): void => {
  for (const one of files) bench.batch.files.set(one.index, one);
};
const submitted = () => bench.batch.submissions.flatMap(({ files }) => files);
const outputOf = (outcome: Outcome<unknown>): Json => {
  if (outcome.kind !== "done") throw new Error(`ended with ${outcome.kind}`);
  return outcome.output as Json;
};

describe("expand", () => {
  test("hands in every line once, as the batch's own, page by page (B-Q18)", async () => {
    const draft = await write(450);
    const more = {
      file_max_retries: 1,
      file_callback_url: "https://e.org/file",
      file_priority: "low",
      file_data_tier: "full",
    } as const;
    expect(outputOf(await bench.runBulk("expand", { ...draft, ...more }))).toEqual({ submitted: 450, stopped: null });
    expect(bench.batch.submissions.map(({ files }) => files.length)).toEqual([200, 200, 50]);
    expect(submitted().map(({ index }) => index)).toEqual(Array.from({ length: 450 }, (_, i) => i));
    expect(submitted()[7]?.input).toMatchObject({ ...line(7), bulk_id: RUN, bulk_index: 7, extraction_id: null });
    expect(bench.batch.submissions[0]).toMatchObject({
      runId: RUN,
      ownerId: OWNER,
      maxRetries: 1,
      callbackUrl: "https://e.org/file",
      priority: "low",
      dataTier: "full",
    });
  });

  test("ends for good where a line cannot be read", async () => {
    await bench.blobs.put(MANIFEST, `${JSON.stringify(line(0))}\n{"format":"dxf"}\n`);
    const run = bench.runBulk("expand", { manifest_key: MANIFEST, total_files: 2 });
    await expect(run).rejects.toMatchObject({
      code: "BATCH_FAILED",
      retry: "never",
      message: expect.stringContaining("line 2"),
    });
  });

  test("stops when the batch is cancelled, and sees to it that all of it is (B-Q17)", async () => {
    const draft = await write(3);
    bench.batch.isCancelled = true;
    await expect(bench.runBulk("expand", draft)).rejects.toMatchObject({ code: "CANCELLED" });
    expect(submitted()).toEqual([]);
    expect(bench.batch.cancels).toEqual(["files: its batch was cancelled", `${RUN}: its batch was cancelled`]);
  });

  test("stops after the first failure where that is to end the batch (B-Q18)", async () => {
    const draft = await write(300);
    known(file(0, "failed"));
    const outcome = await bench.runBulk("expand", { ...draft, continue_on_error: false });
    expect(outputOf(outcome)).toEqual({ submitted: 0, stopped: "file_failed" });
    expect(outputOf(await bench.runBulk("expand", draft))).toEqual({ submitted: 300, stopped: null });
  });

  test("of a retry hands in the failed files alone, under the extraction they had (B-Q15, B-Q18)", async () => {
    const draft = { ...(await write(6)), bulk_id: BULK, retry_of_failed: true };
    const state = [
      file(0, "completed"),
      file(1, "failed"),
      file(2, "cancelled"),
      file(3, "pending"),
      file(4, "failed"),
    ];
    known(...state);
    expect(outputOf(await bench.runBulk("expand", draft))).toEqual({ submitted: 2, stopped: null });
    expect(submitted().map(({ index, input }) => [index, input.extraction_id, input.bulk_id])).toEqual([
      [1, state[1]?.id, BULK],
      [4, state[4]?.id, BULK],
    ]);
  });

  test("of a retry also hands in what the first failure kept from being extracted (B-Q18)", async () => {
    const draft = { ...(await write(5)), bulk_id: BULK, retry_of_failed: true, continue_on_error: false };
    known(file(0, "completed"), file(1, "failed"), file(2, "cancelled"));
    expect(outputOf(await bench.runBulk("expand", draft))).toEqual({ submitted: 4, stopped: null });
    expect(submitted().map(({ index, input }) => [index, input.extraction_id !== null])).toEqual([
      [1, true],
      [2, true],
      [3, false],
      [4, false],
    ]);
  });
});

describe("follow", () => {
  const draft = { manifest_key: MANIFEST, total_files: 3 };

  test("looks again later while files are open, less and less often, 5 s at most", async () => {
    known(file(0, "completed"), file(1, "processing"), file(2, "pending"));
    const waits: number[] = [];
    for (const fence of [1, 2, 5, 50]) {
      const outcome = await bench.runBulk("follow", draft, { fence });
      if (outcome.kind !== "wait_until") throw new Error(outcome.kind);
      waits.push(outcome.at.getTime() - Date.parse("2026-03-01T12:00:00Z"));
      expect(outcome.reason).toBe("2 files are not finished");
    }
    expect(waits).toEqual([500, 750, 2531, 5000]);
    expect(bench.batch.cancels).toEqual([]);
  });

  test("says how all of them ended; some that failed make it partial (B-Q18)", async () => {
    known(file(0, "completed"), file(1, "failed", "CONTENT_DAMAGED"), file(2, "completed"));
    expect(outputOf(await bench.runBulk("follow", draft))).toEqual({
      total_files: 3,
      completed: 2,
      failed: 1,
      cancelled: 0,
      partial: true,
      failures: [{ index: 1, filename: "1.dxf", error_code: "CONTENT_DAMAGED" }],
    });
    known(file(1, "completed"));
    expect(outputOf(await bench.runBulk("follow", draft))).toMatchObject({
      completed: 3,
      partial: false,
      failures: [],
    });
  });

  test("has failed when all files have (B-Q18)", async () => {
    known(file(0, "failed", "CONTENT_DAMAGED"), file(1, "failed", "X"), file(2, "failed", "Y"));
    const outcome = await bench.runBulk("follow", draft);
    expect(outcome).toMatchObject({
      kind: "reject",
      error: { code: "BATCH_FAILED", message: "all 3 files failed, the first of them 0.dxf (CONTENT_DAMAGED)" },
    });
  });

  test("cancels the rest after the first failure where that is to end the batch, and has failed then (B-Q18)", async () => {
    const strict = { ...draft, continue_on_error: false };
    known(file(0, "failed", "X"), file(1, "processing"), file(2, "completed"));
    expect((await bench.runBulk("follow", strict)).kind).toBe("wait_until");
    expect(bench.batch.cancels).toEqual(["files: another file of the batch failed"]);
    known(file(1, "cancelled"));
    const outcome = await bench.runBulk("follow", strict);
    expect(outcome).toMatchObject({ kind: "reject", error: { code: "BATCH_ABORTED" } });
  });

  test("ends when the batch was cancelled (B-Q17)", async () => {
    known(file(0, "processing"));
    bench.batch.isCancelled = true;
    await expect(bench.runBulk("follow", draft)).rejects.toMatchObject({ code: "CANCELLED" });
    expect(bench.batch.cancels).toHaveLength(2);
  });
});
