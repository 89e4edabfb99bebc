import { describe, expect, it } from "vitest";
import {
  claimed,
  createOwner,
  DONE,
  events,
  expireLease,
  newJob,
  settle,
  storeUnderTest,
  submitted,
} from "../job-store.fixture.ts";
import { createKeyStore } from "../key-store.ts";
import { newId } from "../new-id.ts";

const t = storeUnderTest();
const cancel = (jobId: string, ownerId: string | null = null) =>
  t.store.cancel({ jobId, ownerId, by: "ann", reason: "enough" });

describe("cancel", () => {
  it("ends a pending job at once, with history, callback and the ticket to remove (A-Q10)", async () => {
    const ownerId = await createOwner(t.db);
    await createKeyStore(t.db).ensureCallbackEndpoint({ ownerId, url: "https://example.org/hook", secret: "s" });
    const { jobId, seq } = await submitted(t.store, newJob(ownerId));
    expect(await cancel(jobId, ownerId)).toMatchObject({
      kind: "cancelled",
      ticket: { jobId, seq, stage: "one", dispatchNo: 1, lane: "io" },
    });
    expect(await t.store.findJob(jobId, null)).toMatchObject({
      status: "cancelled",
      cancelRequestedBy: "ann",
      cancelReason: "enough",
      finishedAt: expect.any(Date),
    });
    expect(await t.store.listDeliveries(jobId)).toMatchObject([{ event: "pipeline_job.cancelled" }]);
    expect(await cancel(jobId, ownerId)).toEqual({ kind: "terminal", status: "cancelled" });
    expect(await events(t.store, jobId)).toEqual(["submit", "cancel"]);
  });

  it("only asks while a worker holds the job, and asks once", async () => {
    const { jobId } = await submitted(t.store, newJob(t.ownerId));
    const job = await claimed(t.store, jobId);
    expect(await cancel(jobId)).toEqual({ kind: "requested", status: "processing" });
    expect(await cancel(jobId)).toEqual({ kind: "requested", status: "processing" });
    expect((await t.store.findJob(jobId, null))?.status).toBe("processing");
    expect(await settle(t.store, job, DONE)).toMatchObject({ status: "cancelled" });
    expect(await events(t.store, jobId)).toEqual(["submit", "claim", "request_cancel", "cancel"]);
  });

  it("ends a processing job whose lease is over", async () => {
    const { jobId } = await submitted(t.store, newJob(t.ownerId));
    const job = await claimed(t.store, jobId);
    await expireLease(t.db, jobId);
    expect((await cancel(jobId)).kind).toBe("cancelled");
    expect(await settle(t.store, job, DONE)).toEqual({ kind: "fenced" });
    expect((await t.store.findJob(jobId, null))?.status).toBe("cancelled");
  });

  it("keeps who asked first and why, when a worker finishes what was asked of a dead one", async () => {
    const { jobId } = await submitted(t.store, newJob(t.ownerId));
    await claimed(t.store, jobId);
    await cancel(jobId);
    const asked = await t.store.findJob(jobId, null);
    await expireLease(t.db, jobId);
    const finished = await t.store.cancel({ jobId, ownerId: null, by: "worker-2", reason: null });
    expect(finished.kind).toBe("cancelled");
    expect(await t.store.findJob(jobId, null)).toMatchObject({
      status: "cancelled",
      cancelRequestedBy: "ann",
      cancelReason: "enough",
      cancelRequestedAt: asked?.cancelRequestedAt,
    });
    const last = (await t.store.listEvents(jobId)).at(-1);
    expect(last).toMatchObject({ event: "cancel", actor: "worker-2", reason: "enough" });
  });

  it("leaves terminal jobs alone and knows no foreign or unknown job (A-Q03)", async () => {
    const { jobId } = await submitted(t.store, newJob(t.ownerId));
    expect(await cancel(jobId, newId())).toEqual({ kind: "not_found" });
    expect(await cancel(newId())).toEqual({ kind: "not_found" });
    expect(await cancel("nonsense")).toEqual({ kind: "not_found" });
    await settle(t.store, await claimed(t.store, jobId), DONE);
    expect(await cancel(jobId)).toEqual({ kind: "terminal", status: "completed" });
    expect(await t.store.findJob(jobId, null)).toMatchObject({ status: "completed", cancelRequestedAt: null });
  });

  it("lets the leader finish cancels whose worker is gone", async () => {
    const jobs = await Promise.all([1, 2, 3].map(() => submitted(t.store, newJob(t.ownerId))));
    for (const { jobId } of jobs) {
      await claimed(t.store, jobId);
      await cancel(jobId);
    }
    expect(await t.store.finishExpiredCancels(10)).toBe(0);
    for (const { jobId } of jobs) await expireLease(t.db, jobId);
    expect(await t.store.finishExpiredCancels(2)).toBe(2);
    expect(await t.store.finishExpiredCancels(10)).toBe(1);
    for (const { jobId } of jobs) {
      expect(await t.store.findJob(jobId, null)).toMatchObject({ status: "cancelled", leaseUntil: null });
    }
  });
});
