import { interrupt } from "@millrace/core";
import { describe, expect, it } from "vitest";
import { claimed, expireLease, newJob, settle, storeUnderTest, submitted } from "../job-store.fixture.ts";

const t = storeUnderTest();

describe("heartbeat", () => {
  it("extends what is held, raises progress and never lowers it", async () => {
    const { jobId } = await submitted(t.store, newJob(t.ownerId));
    const { fence } = await claimed(t.store, jobId);
    const before = await t.store.findJob(jobId, null);
    expect(await t.store.heartbeat([{ jobId, fence, progress: 40.7 }], 60_000)).toEqual([
      { jobId, fence, isCancelRequested: false },
    ]);
    await t.store.heartbeat([{ jobId, fence, progress: 10 }], 60_000);
    await t.store.heartbeat([{ jobId, fence, progress: null }], 60_000);
    const after = await t.store.findJob(jobId, null);
    expect(after?.progress).toBe(40);
    expect(after!.leaseUntil!.getTime()).toBeGreaterThan(before!.leaseUntil!.getTime() + 20_000);
  });

  it("leaves out claims that are lost: a newer fence, given back, finished", async () => {
    const jobs = await Promise.all([1, 2, 3].map(() => submitted(t.store, newJob(t.ownerId))));
    const [taken, returned, cancelled] = await Promise.all(jobs.map(({ jobId }) => claimed(t.store, jobId)));
    await expireLease(t.db, taken!.id);
    await claimed(t.store, taken!.id);
    await settle(t.store, returned!, interrupt("shutdown"));
    await expireLease(t.db, cancelled!.id);
    await t.store.cancel({ jobId: cancelled!.id, ownerId: null, by: "test", reason: null });
    const held = [taken!, returned!, cancelled!].map(({ id, fence }) => ({ jobId: id, fence, progress: 1 }));
    expect(await t.store.heartbeat(held, 1_000)).toEqual([]);
    expect(await t.store.heartbeat([], 1_000)).toEqual([]);
  });

  it("tells that a cancel was requested", async () => {
    const { jobId } = await submitted(t.store, newJob(t.ownerId));
    const { fence } = await claimed(t.store, jobId);
    await t.store.cancel({ jobId, ownerId: null, by: "test", reason: null });
    expect(await t.store.heartbeat([{ jobId, fence, progress: null }], 1_000)).toEqual([
      { jobId, fence, isCancelRequested: true },
    ]);
  });

  it("stays a heap-only update", async () => {
    const { jobId } = await submitted(t.store, newJob(t.ownerId));
    const { fence } = await claimed(t.store, jobId);
    const counts = async () => {
      await t.db.query("select pg_stat_force_next_flush() is null as flushed where $1 = 1", [1]);
      const [row] = await t.db.query<{ all: number; hot: number }>(
        `select n_tup_upd::int as all, n_tup_hot_upd::int as hot from pg_stat_user_tables where relname = 'pipeline_jobs' and $1 = 1`,
        [1],
      );
      return row!;
    };
    const [before] = await t.db.query<{ ctid: string }>("select ctid::text from pipeline_jobs where id = $1", [jobId]);
    for (let i = 0; i < 3; i += 1) await t.store.heartbeat([{ jobId, fence, progress: i }], 30_000);
    const [after] = await t.db.query<{ ctid: string }>("select ctid::text from pipeline_jobs where id = $1", [jobId]);
    const page = (ctid: string) => ctid.split(",")[0];
    expect(page(after!.ctid)).toBe(page(before!.ctid));
    expect((await counts()).hot).toBeGreaterThanOrEqual(3);
  });
});
