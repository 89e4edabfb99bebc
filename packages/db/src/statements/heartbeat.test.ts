import { interrupt } from "@millrace/core";
import { swallowingProxy, until } from "@millrace/testing";
import { describe, expect, it } from "vitest";
import { connectDatabase, type Database } from "../database.ts";
import { claimed, expireLease, newJob, settle, storeUnderTest, submitted } from "../job-store.fixture.ts";
import { createJobStore } from "../job-store.ts";
import { newId } from "../new-id.ts";
import { extendLeases } from "./heartbeat.ts";

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
    // the session's own counts: they go on to the shared ones, and start again at zero, only between transactions
    await t.db.transaction(async (query) => {
      const counts = async () => {
        const [row] = await query<{ updated: number; hot: number }>(
          `select pg_stat_get_xact_tuples_updated(oid)::int as updated, pg_stat_get_xact_tuples_hot_updated(oid)::int as hot
           from pg_class where relname = $1`,
          ["pipeline_jobs"],
        );
        return row!;
      };
      const before = await counts();
      for (let i = 0; i < 3; i += 1) await extendLeases(query, [{ jobId, fence, progress: i }], 30_000);
      const after = await counts();
      expect({ updated: after.updated - before.updated, hot: after.hot - before.hot }).toEqual({ updated: 3, hot: 3 });
    });
  });

  it("gives up on a silent network while there is time for another one", async () => {
    const proxy = await swallowingProxy({ port: Number(new URL(t.database.url).port) });
    const connected = (queryTimeoutMs: number) =>
      connectDatabase({
        url: proxy.through(t.database.url),
        maxConnections: 1,
        queryTimeoutMs,
        applicationName: "silent",
      });
    const [patient, hasty] = [connected(600_000), connected(700)];
    try {
      await Promise.all([patient, hasty].map((db) => until(() => db.query("select 1"))));
      await proxy.set("swallow");
      const beat = (db: Database, leaseMs: number) =>
        createJobStore(db).heartbeat([{ jobId: newId(), fence: 1, progress: null }], leaseMs);
      const fails = async (db: Database, leaseMs: number, limitMs: number) =>
        await expect(beat(db, leaseMs)).rejects.toMatchObject({
          code: "STORE_UNAVAILABLE",
          message: expect.stringContaining(`within ${limitMs} ms`),
        });
      // a quarter of the lease, at least half a second, at most what any call waits
      await Promise.all([fails(patient, 4_000, 1_000), fails(patient, 400, 500), fails(hasty, 30_000, 700)]);
    } finally {
      await proxy.set("cut");
      await Promise.all([patient.close(), hasty.close()]);
      await proxy.close();
    }
  });
});
