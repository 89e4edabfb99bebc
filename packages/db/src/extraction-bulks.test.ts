import { fail, type JsonObject, parkUntil, type Settlement } from "@millrace/core";
import { until } from "@millrace/testing";
import { describe, expect, it } from "vitest";
import { begun, bulkJob, claimedAgain, completedWith, extractionJob, failedWith } from "./extraction-store.fixture.ts";
import { createExtractionStore } from "./extraction-store.ts";
import { claimed, createOwner, expireLease, settle, storeUnderTest, submitted } from "./job-store.fixture.ts";
import { newId } from "./new-id.ts";

const t = storeUnderTest();
const extractions = () => createExtractionStore(t.db);
const bulkOf = async (id: string) => (await extractions().findBulk(id, null))!;
const fileOf = (bulkId: string, bulk_index: number, more: JsonObject = {}) =>
  extractionJob(t.ownerId, { bulk_id: bulkId, bulk_index, ...more });
const STOP = { by: "me", reason: "enough" };

/** A batch whose files stand as told, in their order. */
async function batch(states: readonly ("pending" | "processing" | Settlement)[], input: JsonObject = {}) {
  const bulkId = await begun(t, bulkJob(t.ownerId, { total_files: states.length, ...input }));
  const files: string[] = [];
  for (const [index, state] of states.entries()) {
    const id = await begun(t, fileOf(bulkId, index));
    files.push(id);
    if (state === "pending") continue;
    const job = await claimed(t.store, id);
    if (state !== "processing") await settle(t.store, job, state);
  }
  return { bulkId, files };
}

describe("a batch follows its parent job (B-Q18)", () => {
  it("comes into being with it", async () => {
    const id = await begun(
      t,
      bulkJob(t.ownerId, { total_files: 7, continue_on_error: false, file_callback_url: "https://e.org" }),
    );
    expect(await bulkOf(id)).toEqual({
      id,
      jobId: id,
      createdById: t.ownerId,
      status: "pending",
      continueOnError: false,
      manifestUrl: "o/bulk/manifest.jsonl",
      totalFiles: 7,
      options: { file_callback_url: "https://e.org" },
      filesPending: 7,
      filesProcessing: 0,
      filesCompleted: 0,
      filesFailed: 0,
      filesCancelled: 0,
      progress: 0,
      partial: false,
      errorCode: null,
      errorMessage: null,
      cancelRequestedAt: null,
      cancelRequestedBy: null,
      cancelReason: null,
      startedAt: null,
      completedAt: null,
      createdAt: expect.any(Date),
      updatedAt: expect.any(Date),
    });
  });

  it("is under way from its first claim to its end, also while its parent parks between two looks", async () => {
    const id = await begun(t, bulkJob(t.ownerId));
    const job = await claimed(t.store, id);
    expect(await bulkOf(id)).toMatchObject({ status: "processing", startedAt: expect.any(Date) });
    await settle(t.store, job, parkUntil(60_000, "files are not finished"));
    expect((await t.store.findJob(id, null))!.status).toBe("pending");
    expect((await bulkOf(id)).status).toBe("processing");
    const again = await claimedAgain(t, id);
    await settle(t.store, again, fail({ code: "BATCH_FAILED", message: "all failed", stage: "follow" }));
    expect(await bulkOf(id)).toMatchObject({
      status: "failed",
      errorCode: "BATCH_FAILED",
      completedAt: expect.any(Date),
    });
  });

  it("counts its files as they stand, progress as their mean, and says when it is partial (B-S28)", async () => {
    const { bulkId } = await batch([completedWith(), failedWith(), "processing", "pending"], { total_files: 5 });
    await t.db.query("update pipeline_jobs set progress = 40 where status = 'processing' and pipeline = 'extraction'");
    expect(await extractions().countBulk(bulkId)).toEqual({
      total: 4,
      pending: 1,
      processing: 1,
      completed: 1,
      failed: 1,
      cancelled: 0,
    });
    expect(await bulkOf(bulkId)).toMatchObject({
      filesPending: 2,
      filesProcessing: 1,
      filesCompleted: 1,
      filesFailed: 1,
      progress: 48,
      partial: false,
    });
    await settle(t.store, await claimed(t.store, bulkId), completedWith({ partial: true }));
    expect(await bulkOf(bulkId)).toMatchObject({
      status: "completed",
      partial: true,
      progress: 100,
      filesCancelled: 1,
    });
  });

  it("a batch that completed without a failure is not partial", async () => {
    const { bulkId } = await batch([completedWith(), completedWith()]);
    await settle(t.store, await claimed(t.store, bulkId), completedWith());
    expect(await bulkOf(bulkId)).toMatchObject({ status: "completed", partial: false, filesCompleted: 2 });
  });

  it("goes on counting files whose rows are gone", async () => {
    const { bulkId, files } = await batch([completedWith(), failedWith(), "pending"]);
    await t.store.cancel({ jobId: files[2]!, ownerId: null, by: "me", reason: null });
    const before = await bulkOf(bulkId);
    for (const id of files) expect((await extractions().deleteExtraction(id, null)).kind).toBe("deleted");
    expect(await extractions().listBulkFiles({ bulkId, limit: 9 })).toEqual([]);
    expect(await bulkOf(bulkId)).toEqual({ ...before, updatedAt: expect.any(Date) });
    expect(await extractions().countBulk(bulkId)).toMatchObject({ total: 3, completed: 1, failed: 1, cancelled: 1 });
  });

  it("shows each file in the order of the batch, with status, progress and error (B-S28)", async () => {
    const { bulkId, files } = await batch([completedWith(), failedWith(), failedWith(), "pending"]);
    const list = (more: object = {}) => extractions().listBulkFiles({ bulkId, limit: 9, ...more });
    expect((await list()).map(({ id, bulkIndex }) => [id, bulkIndex])).toEqual(files.map((id, index) => [id, index]));
    expect((await list({ status: "failed" })).map(({ id }) => id)).toEqual([files[1], files[2]]);
    expect((await list({ afterIndex: 0, limit: 2 })).map(({ bulkIndex }) => bulkIndex)).toEqual([1, 2]);
    expect((await list())[0]).toMatchObject({ progress: 100, result: null });
    expect((await list({ withResult: true }))[0]?.result).toMatchObject({ success: true });
    expect((await extractions().failedFilesOf(bulkId)).map(({ id }) => id)).toEqual([files[1], files[2]]);
  });

  it("lists the batches of an owner, newest first, page by page, and shows nobody another's (B-Q23)", async () => {
    const ownerId = await createOwner(t.db);
    const made: string[] = [];
    for (let n = 0; n < 3; n += 1) made.unshift(await begun(t, bulkJob(ownerId)));
    const list = (more: object = {}) => extractions().listBulks({ ownerId, limit: 2, ...more });
    const page = await list();
    expect([...page, ...(await list({ after: page.at(-1) }))].map(({ id }) => id)).toEqual(made);
    expect(await list({ status: "failed" })).toEqual([]);
    const everybody = await extractions().listBulks({ ownerId: null, limit: 2 });
    expect(everybody.map(({ id }) => id)).toEqual(made.slice(0, 2));
    const next = await extractions().listBulks({ ownerId: null, limit: 1, after: everybody.at(-1) });
    expect(next.map(({ id }) => id)).toEqual([made[2]]);
    expect(await extractions().findBulk(made[0]!, t.ownerId)).toBeUndefined();
  });

  it("takes no file of another owner", async () => {
    const id = await begun(t, bulkJob(t.ownerId));
    await begun(t, extractionJob(await createOwner(t.db), { bulk_id: id, bulk_index: 0 }));
    expect((await extractions().countBulk(id)).total).toBe(0);
  });

  it("a retry of its failed files: row and count go on, completed files stay as they are", async () => {
    const { bulkId, files } = await batch([completedWith(), failedWith()]);
    await settle(t.store, await claimed(t.store, bulkId), completedWith());
    const parent = await begun(
      t,
      bulkJob(t.ownerId, { bulk_id: bulkId, total_files: 1, manifest_key: "o/retry.jsonl" }),
    );
    const retry = await begun(t, fileOf(bulkId, 1, { extraction_id: files[1]! }));
    expect(await bulkOf(bulkId)).toMatchObject({
      jobId: parent,
      status: "pending",
      totalFiles: 2,
      manifestUrl: "o/bulk/manifest.jsonl",
      filesCompleted: 1,
      filesFailed: 0,
      filesPending: 1,
      completedAt: null,
    });
    await settle(t.store, await claimed(t.store, retry), completedWith());
    await settle(t.store, await claimed(t.store, parent), completedWith());
    expect(await bulkOf(bulkId)).toMatchObject({ status: "completed", partial: false, filesCompleted: 2 });
  });
});

describe("cancelling a batch (B-Q17, B-Q18)", () => {
  it("cancels what waits, asks what runs to stop, leaves what is over, and ends the parent", async () => {
    const { bulkId, files } = await batch([completedWith(), "processing", "pending", "pending"]);
    const cancel = () => extractions().requestBulkCancel({ bulkId, ownerId: t.ownerId, ...STOP });
    expect(await cancel()).toBe("requested");
    expect(await bulkOf(bulkId)).toMatchObject({
      status: "cancelled",
      cancelRequestedAt: expect.any(Date),
      cancelRequestedBy: "me",
      cancelReason: "enough",
      filesCompleted: 1,
      filesProcessing: 1,
      filesCancelled: 2,
    });
    expect(await t.store.findJob(files[1]!, null)).toMatchObject({ status: "processing", cancelReason: "enough" });
    await expireLease(t.db, files[1]!);
    await t.store.finishExpiredCancels(10);
    expect(await bulkOf(bulkId)).toMatchObject({ filesProcessing: 0, filesCancelled: 3 });
    expect(await cancel()).toBe("terminal");
    expect((await t.store.listEvents(files[2]!)).at(-1)).toMatchObject({
      event: "cancel",
      actor: "me",
      reason: "enough",
    });
  });

  it("knows no other owner's and no unknown batch (B-Q23)", async () => {
    const { bulkId } = await batch(["pending"]);
    const ask = (id: string, ownerId: string | null) =>
      extractions().requestBulkCancel({ bulkId: id, ownerId, ...STOP });
    expect(await ask(bulkId, await createOwner(t.db))).toBe("not_found");
    expect(await ask(newId(), null)).toBe("not_found");
    expect(await ask("no uuid", null)).toBe("not_found");
    expect((await extractions().countBulk(bulkId)).pending).toBe(1);
  });

  it("a file handed in after the request is asked to stop at once", async () => {
    const { bulkId } = await batch(["pending"]);
    // a parent at work, so that the batch is not over yet
    await claimed(t.store, bulkId);
    await extractions().requestBulkCancel({ bulkId, ownerId: null, ...STOP });
    const late = await begun(t, fileOf(bulkId, 1));
    expect(await t.store.findJob(late, null)).toMatchObject({
      cancelReason: "enough",
      cancelRequestedAt: expect.any(Date),
    });
    await t.store.finishExpiredCancels(10);
    expect(await extractions().countBulk(bulkId)).toMatchObject({ total: 2, cancelled: 2 });
  });

  it("also when the parent alone was cancelled as a job", async () => {
    const { bulkId, files } = await batch(["pending"]);
    await t.store.cancel({ jobId: bulkId, ownerId: null, ...STOP });
    expect(await bulkOf(bulkId)).toMatchObject({ status: "cancelled", cancelReason: "enough" });
    const late = await begun(t, fileOf(bulkId, 1));
    expect((await t.store.findJob(late, null))!.cancelRequestedAt).not.toBeNull();
    // its files are cancelled by the batch's own cancel, however late
    expect(await extractions().requestBulkCancel({ bulkId, ownerId: null, ...STOP })).toBe("requested");
    expect((await t.store.findJob(files[0]!, null))!.status).toBe("cancelled");
  });

  it("a file that is retried by itself after its batch was cancelled runs", async () => {
    const { bulkId, files } = await batch([failedWith(), "pending"]);
    await extractions().requestBulkCancel({ bulkId, ownerId: null, ...STOP });
    const retry = await begun(t, fileOf(bulkId, 0, { extraction_id: files[0]! }));
    expect((await t.store.findJob(retry, null))!.cancelRequestedAt).toBeNull();
    expect(await extractions().findExtraction(files[0]!, null)).toMatchObject({ jobId: retry, bulkId, bulkIndex: 0 });
  });

  it("a new run of a cancelled batch begins without the request", async () => {
    const { bulkId } = await batch(["pending"]);
    await extractions().requestBulkCancel({ bulkId, ownerId: null, ...STOP });
    await begun(t, bulkJob(t.ownerId, { bulk_id: bulkId }));
    expect(await bulkOf(bulkId)).toMatchObject({ status: "pending", cancelRequestedAt: null, cancelReason: null });
    const file = await begun(t, fileOf(bulkId, 5));
    expect((await t.store.findJob(file, null))!.cancelRequestedAt).toBeNull();
  });

  it("cancelBulkFiles leaves the parent, for the first failure where continue_on_error is false", async () => {
    const { bulkId } = await batch([failedWith(), "pending", "processing"], { continue_on_error: false });
    expect(await extractions().cancelBulkFiles({ bulkId, ...STOP })).toBe(2);
    expect(await extractions().cancelBulkFiles({ bulkId, ...STOP })).toBe(0);
    expect(await bulkOf(bulkId)).toMatchObject({
      status: "pending",
      filesCancelled: 1,
      filesProcessing: 1,
      filesFailed: 1,
    });
  });

  it("a file whose statement is still under way is waited for and cancelled too", async () => {
    const bulkId = await begun(t, bulkJob(t.ownerId));
    await claimed(t.store, bulkId);
    const file = fileOf(bulkId, 0);
    let cancelling: Promise<unknown> | undefined;
    await t.db.transaction(async (query) => {
      await query(
        `insert into pipeline_jobs (id, owner_id, pipeline, pipeline_version, resource_key, lane, stage, stage_count, max_retries,
           input, waiting_for)
         values ($1, $2, 'extraction', '0.1.0', $3, 'io', 'one', 3, 3, $4::text::jsonb, 'turn')`,
        [file.id, t.ownerId, file.resourceKey, JSON.stringify(file.input)],
      );
      // legal history: every job begins with this
      await query(
        "insert into job_events (job_id, event, to_status, actor) values ($1, 'submit', 'pending', 'caller')",
        [file.id],
      );
      cancelling = extractions().requestBulkCancel({ bulkId, ownerId: null, ...STOP });
      await until(async () => {
        const waiting = await t.db.query(
          "select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
        );
        return waiting.length > 0;
      });
    });
    expect(await cancelling).toBe("requested");
    expect((await t.store.findJob(file.id, null))!.status).toBe("cancelled");
  });

  it("no file escapes: handed in while the batch is cancelled, each is cancelled in the end", async () => {
    for (let round = 0; round < 5; round += 1) {
      const bulkId = await begun(t, bulkJob(t.ownerId, { total_files: 60 }));
      await claimed(t.store, bulkId);
      const files = Array.from({ length: 60 }, (_, index) => fileOf(bulkId, index));
      const cancel = () => extractions().requestBulkCancel({ bulkId, ownerId: null, ...STOP });
      const handIn = files.map(async (file, n) => {
        // in several statements, of which the cancel meets one or another
        for (let turn = 0; turn < n % 5; turn += 1) await t.db.query("select 1");
        await submitted(t.store, file);
      });
      await Promise.all([...handIn, t.db.query("select 1").then(cancel)]);
      await t.store.finishExpiredCancels(1_000);
      expect(await extractions().countBulk(bulkId)).toMatchObject({ total: 60, cancelled: 60 });
    }
  });
});

describe("everything at once", () => {
  it("settles, submits, retries, cancels, a deleted record and clean-up do not deadlock, and rows agree with jobs", async () => {
    const { query } = t.db;
    const [{ deadlocks: before } = { deadlocks: 0 }] = await query<{ deadlocks: number }>(DEADLOCKS);
    const { id: recordId } = await extractions().createRecord({ ownerId: t.ownerId, title: null });
    const bulkIds = await Promise.all([1, 2, 3].map(() => begun(t, bulkJob(t.ownerId, { total_files: 80 }))));
    const files = bulkIds.flatMap((bulkId) =>
      Array.from({ length: 80 }, (_, index) => fileOf(bulkId, index, { record_id: recordId })),
    );
    const ended: string[] = [];
    const lives = files.map(async (file, n) => {
      const { jobId } = await submitted(t.store, file);
      const answer = await t.store.claim({ jobId, dispatchNo: 1 }, { worker: "w", leaseMs: 30_000 });
      if (answer.kind !== "claimed") return;
      await settle(t.store, answer.job, n % 3 === 0 ? failedWith() : completedWith());
      ended.push(jobId);
      if (n % 3 === 0) await t.store.submit(extractionJob(t.ownerId, { extraction_id: jobId, record_id: recordId }));
      if (n % 7 === 0) await extractions().deleteExtraction(jobId, t.ownerId);
    });
    const meanwhile = [
      extractions().requestBulkCancel({ bulkId: bulkIds[0]!, ownerId: null, ...STOP }),
      extractions().cancelBulkFiles({ bulkId: bulkIds[1]!, ...STOP }),
      extractions().deleteRecord(recordId, null),
      extractions().cleanUp({ dryRun: false }),
      t.store.finishExpiredCancels(500),
    ];
    await Promise.all([...lives, ...meanwhile]);
    await t.store.finishExpiredCancels(1_000);
    expect(ended.length).toBeGreaterThan(0);
    const strays = await query(
      `select e.id, e.status, j.status as job_status from extraction_jobs e join pipeline_jobs j on j.id = e.job_id
       where e.status <> j.status or e.error_code is distinct from j.error_code
         or e.completed_at is distinct from j.finished_at or e.retry_count <> j.retry_count`,
    );
    expect(strays).toEqual([]);
    const linked = await query("select id from extraction_jobs where record_id = $1", [recordId]);
    expect(linked).toEqual([]);
    const [{ deadlocks: after } = { deadlocks: 0 }] = await query<{ deadlocks: number }>(DEADLOCKS);
    expect(after - before).toBe(0);
  });
});

/** Postgres' own count; the statistics of ended transactions may come a moment later, which only hides one. */
const DEADLOCKS = `select deadlocks::int from pg_stat_database where datname = current_database()`;
