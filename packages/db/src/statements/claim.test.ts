import { handOver, interrupt, stageName } from "@millrace/core";
import { describe, expect, it } from "vitest";
import {
  claimed,
  events,
  expireLease,
  HOLDER,
  newJob,
  OUTPUT,
  place,
  settle,
  storeUnderTest,
  submitted,
  TO_TWO,
} from "../job-store.fixture.ts";
import { newId } from "../new-id.ts";

const t = storeUnderTest();

const request = (jobId: string, dispatchNo = 1) => ({ jobId, dispatchNo });

describe("claim", () => {
  it("hands the job over once: fence, lease, attempt, start and history", async () => {
    const { jobId } = await submitted(t.store, newJob(t.ownerId, { traceparent: "00-1" }));
    const answers = await Promise.all(
      ["w1", "w2", "w3"].map((worker) => t.store.claim(request(jobId), { worker, leaseMs: 600_000 })),
    );
    expect(answers.map(({ kind }) => kind).sort()).toEqual(["claimed", "leased", "leased"]);
    const winner = answers.find((a) => a.kind === "claimed")!;
    expect(winner.kind === "claimed" && winner.job).toMatchObject({
      id: jobId,
      fence: 1,
      stageAttempts: 1,
      crashes: 0,
      input: { n: 1 },
      outputs: {},
      traceparent: "00-1",
    });
    const leased = answers.find((a) => a.kind === "leased")!;
    expect(leased.kind === "leased" && leased.remainingMs).toSatisfy((ms: number) => ms > 500_000 && ms <= 600_001);
    expect(await t.store.findJob(jobId, null)).toMatchObject({ status: "processing", startedAt: expect.any(Date) });
    const [, claim] = await t.store.listEvents(jobId);
    expect(claim).toMatchObject({ event: "claim", fromStatus: "pending", toStatus: "processing", fence: 1 });
  });

  it("gives a batch of claims one round trip and each its own answer", async () => {
    const jobs = await Promise.all(Array.from({ length: 50 }, () => submitted(t.store, newJob(t.ownerId))));
    const answers = await Promise.all(jobs.map(({ jobId }) => t.store.claim(request(jobId), HOLDER)));
    expect(answers.map((a) => a.kind === "claimed" && a.job.id)).toEqual(jobs.map(({ jobId }) => jobId));
  });

  it("counts a crash when the lease had run out, and takes the start of the first claim", async () => {
    const { jobId } = await submitted(t.store, newJob(t.ownerId));
    await claimed(t.store, jobId);
    const before = await t.store.findJob(jobId, null);
    await expireLease(t.db, jobId);
    expect(before).toMatchObject({ fence: 1, crashes: 0 });
    expect(await claimed(t.store, jobId)).toMatchObject({ fence: 2, crashes: 1, stageAttempts: 2 });
    expect((await t.store.findJob(jobId, null))?.startedAt).toEqual(before?.startedAt);
  });

  it("answers void for a ticket of another dispatch, a finished job, the backlog or nothing", async () => {
    const { jobId } = await submitted(t.store, newJob(t.ownerId));
    expect(await t.store.claim(request(jobId, 2), HOLDER)).toEqual({ kind: "void" });
    expect(await t.store.claim(request(newId()), HOLDER)).toEqual({ kind: "void" });
    expect(await t.store.claim(request("no uuid"), HOLDER)).toEqual({ kind: "void" });
    await t.store.cancel({ jobId, ownerId: null, by: "test", reason: null });
    expect(await t.store.claim(request(jobId), HOLDER)).toEqual({ kind: "void" });

    // parked again under the same dispatch number: the old ticket must not start it early
    const parked = await submitted(t.store, newJob(t.ownerId));
    const { retryLater } = await import("@millrace/core");
    const error = { code: "URL_UNREACHABLE", message: "no", stage: "one" } as const;
    await settle(t.store, await claimed(t.store, parked.jobId), retryLater(60_000, error));
    expect(await t.store.claim(request(parked.jobId), HOLDER)).toEqual({ kind: "void" });
  });

  it("says that a cancel was requested once nobody holds the lease", async () => {
    const { jobId } = await submitted(t.store, newJob(t.ownerId));
    await claimed(t.store, jobId);
    await t.store.cancel({ jobId, ownerId: null, by: "test", reason: null });
    expect((await t.store.claim(request(jobId), HOLDER)).kind).toBe("leased");
    await expireLease(t.db, jobId);
    expect(await t.store.claim(request(jobId), HOLDER)).toEqual({ kind: "cancel_requested" });
  });

  it("tells a job whose worker died or was cut off from one that was handed over", async () => {
    const { jobId } = await submitted(t.store, newJob(t.ownerId));
    const first = await claimed(t.store, jobId);
    expect(first.isRecovered).toBe(false);
    await settle(t.store, first, handOver(place("two", 1, "cpu"), OUTPUT));
    expect((await claimed(t.store, jobId)).isRecovered).toBe(false);
    await expireLease(t.db, jobId);
    const recovered = await claimed(t.store, jobId);
    expect(recovered).toMatchObject({ fence: 3, isRecovered: true });
    // given back, not lost: the crash before it stays counted
    await settle(t.store, recovered, interrupt("shutdown"));
    expect(await claimed(t.store, jobId)).toMatchObject({ crashes: 1, isRecovered: false });
  });

  it("leaves a job alone whose stage the worker cannot run, and says how long its ticket waits", async () => {
    const { jobId } = await submitted(t.store, newJob(t.ownerId));
    // beyond what a 32-bit number of milliseconds holds
    await t.db.query("update pipeline_jobs set dispatched_at = now() - interval '30 days' where id = $1", [jobId]);
    const before = await t.store.findJob(jobId, null);
    const claim = (stages: readonly string[]) => t.store.claim(request(jobId), { ...HOLDER, stages });
    const foreign = [
      [],
      [stageName("noop", "2.2.3", "one"), stageName("noop", "1.2.3", "two"), stageName("other", "1.2.3", "one")],
    ];
    for (const stages of foreign) {
      const answer = await claim(stages);
      expect(answer).toMatchObject({ kind: "unknown_stage", pipeline: "noop", pipelineVersion: "1.2.3", stage: "one" });
      const days = answer.kind === "unknown_stage" ? answer.waitedMs / 86_400_000 : 0;
      expect(days).toBeGreaterThanOrEqual(30);
      expect(days).toBeLessThan(31);
    }
    expect(await t.store.findJob(jobId, null)).toEqual(before);
    expect(await events(t.store, jobId)).toEqual(["submit"]);
    // another minor version of the pipeline runs its jobs
    expect((await claim([stageName("x", "1.0.0", "x"), stageName("noop", "1.9.0", "one")])).kind).toBe("claimed");
  });

  it("says what is due only of a free job: held, cancelled and void come first", async () => {
    const claim = (jobId: string, dispatchNo = 1) =>
      t.store.claim(request(jobId, dispatchNo), { ...HOLDER, stages: ["none"] });
    const { jobId } = await submitted(t.store, newJob(t.ownerId));
    expect((await claim(jobId, 2)).kind).toBe("void");
    await claimed(t.store, jobId);
    expect((await claim(jobId)).kind).toBe("leased");
    await expireLease(t.db, jobId);
    expect((await claim(jobId)).kind).toBe("unknown_stage");
    await t.db.query("update pipeline_jobs set cancel_requested_at = now() where id = $1", [jobId]);
    expect((await claim(jobId)).kind).toBe("cancel_requested");
  });

  it("answers workers with different stages that ask at once, each by its own", async () => {
    const jobs = await Promise.all(Array.from({ length: 24 }, () => submitted(t.store, newJob(t.ownerId))));
    const lists = [undefined, [stageName("noop", "1.0.0", "one")], ["none"]];
    const answers = await Promise.all(
      jobs.map(({ jobId }, i) => {
        const stages = lists[i % 3];
        return t.store.claim(request(jobId), { ...HOLDER, ...(stages && { stages }) });
      }),
    );
    expect(answers.map(({ kind }) => kind)).toEqual(jobs.map((_, i) => ["claimed", "claimed", "unknown_stage"][i % 3]));
  });

  it("goes on where a dead worker stood, under the ticket that worker had, and brings the outputs of finished stages", async () => {
    const { jobId } = await submitted(t.store, newJob(t.ownerId));
    await settle(t.store, await claimed(t.store, jobId), TO_TWO);
    await expireLease(t.db, jobId);
    const again = await claimed(t.store, jobId);
    expect(again).toMatchObject({ stage: "two", fence: 2, outputs: { one: OUTPUT.output } });
    expect(await events(t.store, jobId)).toEqual(["submit", "claim", "advance", "claim"]);
  });
});
