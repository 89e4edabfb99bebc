import { describe, expect, it } from "vitest";
import {
  claimed,
  createOwner,
  DONE,
  events,
  HOLDER,
  newContent,
  newJob,
  settle,
  storeUnderTest,
  submitted,
} from "../job-store.fixture.ts";
import { newId } from "../new-id.ts";

const t = storeUnderTest();

async function contentRow(id: string) {
  const [row] = await t.db.query<Record<string, unknown>>("select * from contents where id = $1", [id]);
  return row;
}

describe("submit (A-S13)", () => {
  it("a job can begin at a later stage", async () => {
    const { jobId } = await submitted(t.store, newJob(t.ownerId, { stage: "two", stageIndex: 1 }));
    expect(await t.store.findJob(jobId, null)).toMatchObject({ stage: "two", stageIndex: 1, progress: 0 });
    expect(await t.store.claim({ jobId, dispatchNo: 1 }, HOLDER)).toMatchObject({
      kind: "claimed",
      job: { stage: "two", outputs: {} },
    });
  });

  it("inserts a dispatched job, or one into the backlog", async () => {
    const direct = await submitted(t.store, newJob(t.ownerId));
    expect(await t.store.findJob(direct.jobId, t.ownerId)).toMatchObject({
      seq: direct.seq,
      status: "pending",
      waitingFor: null,
      dispatchNo: 1,
      dispatchedAt: expect.any(Date),
      createdAt: expect.any(Date),
      startedAt: null,
      finishedAt: null,
      input: { n: 1 },
    });
    const backlog = await submitted(t.store, newJob(t.ownerId, { isDispatched: false }));
    expect(await t.store.findJob(backlog.jobId, t.ownerId)).toMatchObject({
      waitingFor: "turn",
      dispatchNo: 0,
      dispatchedAt: null,
    });
    expect(await events(t.store, direct.jobId)).toEqual(["submit"]);
  });

  it("answers 200 concurrent submissions of one resource with one active job and counts the others (A-Q02)", async () => {
    const resourceKey = "yt:same";
    const answers = await Promise.all(
      Array.from({ length: 200 }, () => t.store.submit(newJob(t.ownerId, { resourceKey }))),
    );
    expect(new Set(answers.map((a) => a.kind === "content_completed" || a.jobId)).size).toBe(1);
    expect(answers.filter(({ kind }) => kind === "created")).toHaveLength(1);
    const [job, ...others] = await t.store.listJobs({ ownerId: t.ownerId, resourceKey, limit: 10 });
    expect(others).toEqual([]);
    expect(job?.duplicateCount).toBe(199);
    expect(await events(t.store, job!.id)).toEqual(["submit"]);
  });

  it("makes a new job once the earlier one is terminal, and never shares a job between owners (A-Q03)", async () => {
    const resourceKey = `url:${newId()}`;
    const first = await submitted(t.store, newJob(t.ownerId, { resourceKey, stageCount: 1 }));
    const stranger = await submitted(t.store, newJob(await createOwner(t.db), { resourceKey }));
    expect(stranger.jobId).not.toBe(first.jobId);
    await settle(t.store, await claimed(t.store, first.jobId), DONE);
    expect((await t.store.submit(newJob(t.ownerId, { resourceKey }))).kind).toBe("created");
  });

  it("gives a caller that lost the answer its own job again, also when it has ended meanwhile", async () => {
    const job = newJob(t.ownerId, { stageCount: 1 });
    const first = await t.store.submit(job);
    expect(await t.store.submit(job)).toEqual(first);
    expect((await t.store.findJob(job.id, null))?.duplicateCount).toBe(0);
    await settle(t.store, await claimed(t.store, job.id), DONE);
    expect(await t.store.submit(job)).toEqual({ ...first, status: "completed" });
  });

  it("answers a repeated idempotency key with the job it made, whatever became of it (A-S07, A-S14, A-Q02)", async () => {
    const idempotencyKey = newId();
    const metadata = { request_fingerprint: "abc" };
    const job = newJob(t.ownerId, { idempotencyKey, metadata, stageCount: 1 });
    const [first, second] = await Promise.all([t.store.submit(job), t.store.submit({ ...job, id: newId() })]);
    expect(first).toMatchObject({ kind: "created", requestFingerprint: "abc" });
    expect(second).toMatchObject({ kind: "replayed", jobId: job.id });
    await settle(t.store, await claimed(t.store, job.id), DONE);
    const otherBody = newJob(t.ownerId, { idempotencyKey, metadata: { request_fingerprint: "xyz" } });
    expect(await t.store.submit(otherBody)).toMatchObject({
      kind: "replayed",
      jobId: job.id,
      status: "completed",
      requestFingerprint: "abc",
    });
    expect((await t.store.submit(newJob(await createOwner(t.db), { idempotencyKey }))).kind).toBe("created");
  });

  it("lets an idempotency key go after 24 hours", async () => {
    const idempotencyKey = newId();
    const old = await submitted(t.store, newJob(t.ownerId, { idempotencyKey }));
    await t.db.query("update pipeline_jobs set created_at = now() - interval '25 hours' where id = $1", [old.jobId]);
    const fresh = await submitted(t.store, newJob(t.ownerId, { idempotencyKey }));
    expect((await t.store.findJob(old.jobId, null))?.idempotencyKey).toBeNull();
    expect((await t.store.findJob(fresh.jobId, null))?.idempotencyKey).toBe(idempotencyKey);
  });

  it("inserts the content's stub with the job and uses the owner's row of that key afterwards", async () => {
    const resourceKey = `cid:${newId()}`;
    const content = newContent({ tags: ['quote " and \\', "b"], title: "with\u0000nul" });
    const job = newJob(t.ownerId, { resourceKey, content, stageCount: 1 });
    expect(await t.store.submit(job)).toMatchObject({ kind: "created", contentId: content.id });
    expect(await contentRow(content.id)).toMatchObject({
      processing_status: "pending",
      pipeline_version: "1.2.3",
      title: "withnul",
      tags: expect.stringContaining("quote"),
    });
    expect(await t.store.submit(newJob(t.ownerId, { resourceKey, content: newContent() }))).toMatchObject({
      kind: "active",
      contentId: content.id,
    });
    await settle(t.store, await claimed(t.store, job.id), DONE);

    const again = { resourceKey, content: newContent() };
    expect(await t.store.submit(newJob(t.ownerId, again))).toEqual({
      kind: "content_completed",
      contentId: content.id,
    });
    const forced = newJob(t.ownerId, {
      resourceKey,
      content: newContent({ isForced: true }),
      pipelineVersion: "2.0.0",
    });
    expect(await t.store.submit(forced)).toMatchObject({ kind: "created", contentId: content.id });
    expect(await contentRow(content.id)).toMatchObject({ processing_status: "pending", pipeline_version: "2.0.0" });
    const [{ count } = { count: 0 }] = await t.db.query<{ count: number }>(
      "select count(*)::int from contents where resource_key = $1",
      [resourceKey],
    );
    expect(count).toBe(1);
  });

  it("survives two processes racing for the same new content, key or id", async () => {
    const { createJobStore } = await import("../job-store.ts");
    const stores = [1, 2, 3].map(() => createJobStore(t.db));
    for (let round = 0; round < 20; round += 1) {
      const resourceKey = `cid:${newId()}`;
      const idempotencyKey = newId();
      const answers = await Promise.all(
        stores.flatMap((store) => [
          store.submit(newJob(t.ownerId, { resourceKey, content: newContent() })),
          store.submit(newJob(t.ownerId, { idempotencyKey, resourceKey: `cid:${newId()}` })),
        ]),
      );
      const kinds = answers.map(({ kind }) => kind).sort();
      expect(kinds).toEqual(["active", "active", "created", "created", "replayed", "replayed"]);
    }
  });

  it("does not let a row that Postgres refuses fail its neighbours", async () => {
    const bad = newJob(newId());
    const results = await Promise.allSettled([
      t.store.submit(newJob(t.ownerId)),
      t.store.submit(bad),
      t.store.submit(newJob(t.ownerId)),
    ]);
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  });

  it("takes JSON that jsonb refuses: NUL and lone surrogates", async () => {
    const input = { a: "nul\u0000 \ud800 \\u0000", "k\u0000": "😀" };
    const { jobId } = await submitted(t.store, newJob(t.ownerId, { input }));
    expect((await t.store.findJob(jobId, null))?.input).toEqual({ a: "nul \ufffd \\u0000", k: "😀" });
  });
});
