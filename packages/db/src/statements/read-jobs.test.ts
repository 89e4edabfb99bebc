import { describe, expect, it } from "vitest";
import { claimed, createOwner, DONE, newJob, settle, storeUnderTest, submitted } from "../job-store.fixture.ts";

const t = storeUnderTest();

describe("reading jobs", () => {
  it("pages newest first without a gap or a repeat, also within one millisecond (A-S24)", async () => {
    const ownerId = await createOwner(t.db);
    const jobs = await Promise.all(Array.from({ length: 25 }, () => submitted(t.store, newJob(ownerId))));
    const seen: string[] = [];
    let after: { createdAt: Date; id: string } | undefined;
    for (;;) {
      const page = await t.store.listJobs({ ownerId, limit: 4, after });
      if (page.length === 0) break;
      seen.push(...page.map(({ id }) => id));
      after = page.at(-1);
    }
    expect(seen).toHaveLength(25);
    expect(new Set(seen)).toEqual(new Set(jobs.map(({ jobId }) => jobId)));
    const times = await t.store.listJobs({ ownerId, limit: 100 });
    expect(times.map(({ id }) => id)).toEqual(seen);
  });

  it("pages over all owners without a gap or a repeat", async () => {
    const [{ count } = { count: 0 }] = await t.db.query<{ count: number }>(
      "select count(*)::int from pipeline_jobs where $1 = 1",
      [1],
    );
    const seen: string[] = [];
    let after: { createdAt: Date; id: string } | undefined;
    do {
      const page = await t.store.listJobs({ ownerId: null, limit: 7, after });
      seen.push(...page.map(({ id }) => id));
      after = page.at(-1);
    } while (after !== undefined);
    expect(new Set(seen).size).toBe(count);
    expect(seen).toEqual([...seen].sort().reverse());
  });

  it("filters, and shows an owner only what is theirs", async () => {
    const ownerId = await createOwner(t.db);
    const [one, two] = [newJob(ownerId, { pipeline: "a" }), newJob(ownerId, { pipeline: "b", idempotencyKey: "k" })];
    for (const job of [one, two]) await submitted(t.store, job);
    await settle(t.store, await claimed(t.store, one.id), DONE);
    const ids = async (filter: object) =>
      (await t.store.listJobs({ ownerId, limit: 10, ...filter })).map(({ id }) => id);
    expect(await ids({ status: "completed" })).toEqual([one.id]);
    expect(await ids({ pipeline: "b" })).toEqual([two.id]);
    expect(await ids({ resourceKey: one.resourceKey })).toEqual([one.id]);
    expect(await ids({ idempotencyKey: "k" })).toEqual([two.id]);
    expect(await ids({ ownerId: null, resourceKey: two.resourceKey })).toEqual([two.id]);
    expect(await ids({ ownerId: t.ownerId, resourceKey: two.resourceKey })).toEqual([]);
    expect(await t.store.findJob(one.id, t.ownerId)).toBeUndefined();
    expect(await t.store.findJob("nonsense", null)).toBeUndefined();
  });

  it("shows every column in its own type", async () => {
    const { jobId } = await submitted(t.store, newJob(t.ownerId, { metadata: { a: [1] }, priority: "high" }));
    const row = (await t.store.findJob(jobId, t.ownerId))!;
    expect(row).toMatchObject({
      metadata: { a: [1] },
      priority: "high",
      maxRetries: 3,
      duplicateCount: 0,
      result: null,
    });
    expect(typeof row.seq).toBe("number");
    expect(row.updatedAt).toBeInstanceOf(Date);
    const [event] = await t.store.listEvents(jobId);
    expect(event).toMatchObject({
      id: expect.any(Number),
      at: expect.any(Date),
      fromStatus: null,
      toStatus: "pending",
    });
  });
});
