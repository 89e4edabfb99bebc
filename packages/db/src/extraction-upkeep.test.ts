import type { JsonObject } from "@millrace/core";
import { beforeEach, describe, expect, it } from "vitest";
import {
  begun,
  bulkJob,
  completedWith,
  ended,
  extractionJob,
  failedWith,
  retriedAfter,
} from "./extraction-store.fixture.ts";
import { createExtractionStore } from "./extraction-store.ts";
import {
  claimed,
  createOwner,
  expireLease,
  newContent,
  newJob,
  settle,
  storeUnderTest,
  submitted,
} from "./job-store.fixture.ts";
import { newId } from "./new-id.ts";

const t = storeUnderTest();
const extractions = () => createExtractionStore(t.db);

beforeEach(async () => {
  await t.db.query("delete from extraction_jobs");
  await t.db.query("delete from bulk_extraction_jobs");
});

const shift = (column: string, id: string, days: number, table = "extraction_jobs") =>
  t.db.query(`update ${table} set ${column} = now() - $2::float8 * interval '1 day' where id = $1`, [id, days]);

async function aged(
  status: "completed" | "failed" | "cancelled",
  days: number,
  input: JsonObject = {},
): Promise<string> {
  let id: string;
  if (status === "cancelled") {
    id = await begun(t, extractionJob(t.ownerId, input));
    await t.store.cancel({ jobId: id, ownerId: null, by: "me", reason: null });
  } else id = await ended(t, extractionJob(t.ownerId, input), status === "completed" ? completedWith() : failedWith());
  await shift("completed_at", id, days);
  return id;
}

const left = async () =>
  (await extractions().listExtractions({ ownerId: null, limit: 500 })).map(({ id }) => id).sort();
const cleanUp = (more: object = {}) => extractions().cleanUp({ dryRun: false, ...more });

describe("retention (B-Q22)", () => {
  it("completed and cancelled go after 30 days, failed after 90; what is active or without an end never", async () => {
    const gone = [await aged("completed", 30.01), await aged("cancelled", 30.01), await aged("failed", 90.01)];
    const kept = [await aged("completed", 29.9), await aged("cancelled", 29.9), await aged("failed", 89.9)];
    const active = await begun(t, extractionJob(t.ownerId));
    await shift("created_at", active, 900);
    const endless = await aged("completed", 900);
    await t.db.query("update extraction_jobs set completed_at = null where id = $1", [endless]);
    const counted = await cleanUp({ dryRun: true });
    expect(counted).toEqual({
      isDryRun: true,
      byStatus: { completed: 1, failed: 1, cancelled: 1 },
      bulks: 0,
      blobKeys: [],
    });
    expect(await left()).toHaveLength(8);
    expect(await cleanUp()).toMatchObject({ isDryRun: false, byStatus: counted.byStatus });
    expect(await left()).toEqual([...kept, active, endless].sort());
    for (const id of gone) expect(await extractions().listAttempts(id)).toEqual([]);
    expect(await cleanUp()).toMatchObject({ byStatus: { completed: 0, failed: 0, cancelled: 0 } });
  });

  it("an age alone hastens completed and cancelled ones; failed ones only where it names them", async () => {
    for (const status of ["completed", "failed", "cancelled"] as const) await aged(status, 10);
    expect(await cleanUp({ olderThanDays: 9, dryRun: true })).toMatchObject({
      byStatus: { completed: 1, failed: 0, cancelled: 1 },
    });
    expect(await cleanUp({ olderThanDays: 9, status: "failed" })).toMatchObject({
      byStatus: { completed: 0, failed: 1, cancelled: 0 },
    });
    expect(await cleanUp({ olderThanDays: 11 })).toMatchObject({ byStatus: { completed: 0, failed: 0, cancelled: 0 } });
    const failed = await aged("failed", 95);
    await cleanUp({ olderThanDays: 100 });
    expect(await left()).toContain(failed);
  });

  it("returns stored inputs and results that nothing names any more, and no address of the web", async () => {
    const shared = `${t.ownerId}/extractions/shared.pdf`;
    const own = `${t.ownerId}/extractions/own.pdf`;
    const ofContent = `${t.ownerId}/pdf/content.pdf`;
    await submitted(t.store, newJob(t.ownerId, { content: newContent({ filePath: ofContent }) }));
    await aged("completed", 40, { file_url: own });
    await aged("completed", 40, { file_url: own });
    await aged("failed", 100, { file_url: shared });
    await aged("failed", 100, { file_url: ofContent });
    await aged("failed", 100, { file_url: "https://example.org/a.pdf" });
    await aged("failed", 1, { file_url: shared });
    expect([...(await cleanUp()).blobKeys].sort()).toEqual([own, "o/results/1.json"].sort());
  });

  it("a batch goes after the last of its files, by its own age, with its manifest", async () => {
    const bulkId = await begun(t, bulkJob(t.ownerId, { manifest_key: "o/bulk/1.jsonl" }));
    const files = [
      await aged("completed", 40, { bulk_id: bulkId, bulk_index: 0 }),
      await aged("failed", 40, { bulk_id: bulkId, bulk_index: 1 }),
    ];
    await settle(t.store, await claimed(t.store, bulkId), completedWith());
    await shift("completed_at", bulkId, 40, "bulk_extraction_jobs");
    expect(await cleanUp()).toMatchObject({ byStatus: { completed: 1, failed: 0 }, bulks: 0 });
    expect(await extractions().findBulk(bulkId, null)).toMatchObject({
      filesCompleted: 1,
      filesFailed: 1,
      partial: true,
    });
    await shift("completed_at", files[1]!, 91);
    const last = await cleanUp();
    expect(last).toMatchObject({ byStatus: { failed: 1 }, bulks: 1 });
    expect(last.blobKeys).toContain("o/bulk/1.jsonl");
    expect(await extractions().findBulk(bulkId, null)).toBeUndefined();
  });

  it("done by two at once deletes each row once", async () => {
    for (let n = 0; n < 20; n += 1) await aged("completed", 31);
    const answers = await Promise.all([cleanUp(), cleanUp(), cleanUp()]);
    expect(answers.reduce((sum, { byStatus }) => sum + byStatus.completed, 0)).toBe(20);
    expect(await left()).toEqual([]);
  });
});

describe("deleting one (B-Q17, B-Q23)", () => {
  it("only when it is over, only one's own; its job stays in the record", async () => {
    const id = await begun(t, extractionJob(t.ownerId, { file_url: `${t.ownerId}/extractions/1.pdf` }));
    const remove = (ownerId: string | null) => extractions().deleteExtraction(id, ownerId);
    expect(await remove(t.ownerId)).toEqual({ kind: "active", status: "pending" });
    await settle(t.store, await claimed(t.store, id), completedWith());
    expect(await remove(await createOwner(t.db))).toEqual({ kind: "not_found" });
    expect(await remove(t.ownerId)).toEqual({
      kind: "deleted",
      blobKeys: [`${t.ownerId}/extractions/1.pdf`, "o/results/1.json"],
    });
    expect(await remove(t.ownerId)).toEqual({ kind: "not_found" });
    expect(await extractions().deleteExtraction("no uuid", null)).toEqual({ kind: "not_found" });
    expect((await t.store.findJob(id, null))!.status).toBe("completed");
  });

  it("a job that works on a deleted extraction finishes all the same", async () => {
    const id = await begun(t, extractionJob(t.ownerId));
    const job = await claimed(t.store, id);
    await t.db.query("delete from extraction_jobs where id = $1", [id]);
    expect(await settle(t.store, job, completedWith())).toMatchObject({ kind: "applied", status: "completed" });
  });
});

describe("stats (B2.5)", () => {
  it("counts by status and format, with times and retries", async () => {
    for (const ms of [1_000, 3_000]) {
      const id = await ended(t, extractionJob(t.ownerId, { format: "dxf" }));
      await t.db.query(
        "update extraction_jobs set started_at = completed_at - $2::float8 * interval '1 ms', retry_count = 2 where id = $1",
        [id, ms],
      );
    }
    await begun(t, extractionJob(t.ownerId));
    expect(await extractions().stats()).toEqual({
      total: 3,
      byStatus: { completed: 2, pending: 1 },
      groups: [
        {
          format: "dxf",
          status: "completed",
          count: 2,
          retries: 4,
          meanMs: 2_000,
          medianMs: 2_000,
          p95Ms: 2_900,
          maxMs: 3_000,
        },
        {
          format: "pdf",
          status: "pending",
          count: 1,
          retries: 0,
          meanMs: null,
          medianMs: null,
          p95Ms: null,
          maxMs: null,
        },
      ],
    });
  });
});

describe("what is stuck (B2.5, B-Q21)", () => {
  const reasons = async (minutes = 30) =>
    Object.fromEntries((await extractions().listStuck({ minutes, limit: 10 })).map(({ id, reason }) => [id, reason]));
  const hourAgo = (id: string, set: string) => t.db.query(`update pipeline_jobs set ${set} where id = $1`, [id]);

  it("says which and why, and not those that wait for their turn", async () => {
    const over = await begun(t, extractionJob(t.ownerId));
    await claimed(t.store, over);
    await hourAgo(over, "lease_until = now() - interval '1 hour'");
    const long = await begun(t, extractionJob(t.ownerId));
    await claimed(t.store, long);
    await hourAgo(long, "stage_started_at = now() - interval '1 hour'");
    const unclaimed = await begun(t, extractionJob(t.ownerId));
    await hourAgo(unclaimed, "dispatched_at = now() - interval '1 hour'");
    const orphan = await begun(t, extractionJob(t.ownerId));
    await t.db.query("delete from pipeline_jobs where id = $1", [orphan]);
    await t.db.query("update extraction_jobs set updated_at = now() - interval '1 hour' where id = $1", [orphan]);
    const young = await begun(t, extractionJob(t.ownerId));
    await claimed(t.store, young);
    const backlog = await begun(t, extractionJob(t.ownerId, {}, { isDispatched: false }));
    await hourAgo(backlog, "created_at = now() - interval '1 hour'");
    const retry = await begun(t, extractionJob(t.ownerId));
    await settle(t.store, await claimed(t.store, retry), retriedAfter(3_600_000));
    expect(await reasons()).toEqual({
      [over]: "lease_over",
      [long]: "running_long",
      [unclaimed]: "not_claimed",
      [orphan]: "job_gone",
    });
    expect(await reasons(90)).toEqual({});
    const [first] = await extractions().listStuck({ minutes: 30, limit: 1 });
    expect(first).toMatchObject({ stuckSince: expect.any(Date), format: "pdf" });
  });

  it("recovers: a new ticket where nobody is at work, a failure where the job is gone, nothing where it is well", async () => {
    const recover = (id: string) => extractions().recoverStuck(id);
    const over = await begun(t, extractionJob(t.ownerId));
    await claimed(t.store, over);
    expect(await recover(over)).toEqual({ kind: "running", leaseUntil: expect.any(Date) });
    await expireLease(t.db, over);
    expect(await recover(over)).toMatchObject({ kind: "redispatched", ticket: { jobId: over, dispatchNo: 2 } });
    const answer = await t.store.claim({ jobId: over, dispatchNo: 2 }, { worker: "w", leaseMs: 30_000 });
    expect(answer).toMatchObject({ kind: "claimed", job: { isRecovered: true } });

    const orphan = await begun(t, extractionJob(t.ownerId));
    await t.db.query("delete from pipeline_jobs where id = $1", [orphan]);
    expect(await recover(orphan)).toEqual({ kind: "failed" });
    expect(await extractions().findExtraction(orphan, null)).toMatchObject({
      status: "failed",
      errorCode: "WORKER_LOST",
      completedAt: expect.any(Date),
    });
    const waiting = await begun(t, extractionJob(t.ownerId, {}, { isDispatched: false }));
    expect(await recover(waiting)).toEqual({ kind: "waiting" });
    expect(await recover(await ended(t, extractionJob(t.ownerId)))).toEqual({ kind: "terminal", status: "completed" });
    expect(await recover(newId())).toEqual({ kind: "not_found" });
    expect(await recover("no uuid")).toEqual({ kind: "not_found" });
  });
});

describe("orphans (B2.5)", () => {
  it("those without a job: active for a day, failed; failed for 7 days with no retry left, cancelled", async () => {
    const make = async (more: { failed?: boolean; maxRetries?: number }) => {
      const job = extractionJob(t.ownerId, {}, { maxRetries: more.maxRetries ?? 3 });
      return more.failed ? ended(t, job, failedWith()) : begun(t, job);
    };
    const active = await make({});
    const young = await make({});
    const exhausted = await make({ failed: true, maxRetries: 0 });
    const retryable = await make({ failed: true });
    const withJob = await make({});
    const failedWithJob = await make({ failed: true, maxRetries: 0 });
    for (const id of [active, young, exhausted, retryable]) {
      await t.db.query("delete from pipeline_jobs where id = $1", [id]);
    }
    for (const id of [active, withJob]) await shift("updated_at", id, 1.1);
    for (const id of [exhausted, retryable, failedWithJob]) await shift("completed_at", id, 7.1);
    expect(await extractions().cleanUpOrphans({ dryRun: true })).toEqual({ failed: 1, cancelled: 1 });
    const statusOf = async (id: string) => (await extractions().findExtraction(id, null))!.status;
    expect([await statusOf(active), await statusOf(exhausted)]).toEqual(["pending", "failed"]);
    expect(await extractions().cleanUpOrphans({ dryRun: false })).toEqual({ failed: 1, cancelled: 1 });
    expect(await Promise.all([active, young, exhausted, retryable, withJob, failedWithJob].map(statusOf))).toEqual([
      "failed",
      "pending",
      "cancelled",
      "failed",
      "pending",
      "failed",
    ]);
    expect(await extractions().cleanUpOrphans({ dryRun: false })).toEqual({ failed: 0, cancelled: 0 });
  });
});
