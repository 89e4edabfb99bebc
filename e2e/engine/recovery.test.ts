import { done, waitForReview } from "@millrace/core";
import { until } from "@millrace/testing";
import { afterEach, describe, expect, it } from "vitest";
import { FAST_LEADER, gate, type Harness, startHarness } from "./harness.ts";
import { echo, testPipeline } from "./pipelines.ts";

let harness: Harness;
afterEach(() => harness.close());

const four = (name: string) =>
  testPipeline(name, {
    a: { run: echo(1) },
    b: { run: echo(2) },
    c: { lane: "cpu", run: echo(3) },
    d: { run: echo(4) },
  });

async function allComplete(ids: readonly string[]): Promise<void> {
  await until(
    async () => {
      const [row] = await harness.sql<
        { n: number }[]
      >`SELECT count(*)::int AS n FROM pipeline_jobs WHERE status = 'completed'`;
      return row?.n === ids.length;
    },
    { timeoutMs: 25_000, message: `${ids.length} completed jobs` },
  );
}

async function eachStageOnce(stages: number): Promise<void> {
  const rows = await harness.sql`SELECT job_id FROM job_stages GROUP BY job_id HAVING count(*) <> ${stages}`;
  expect(rows).toEqual([]);
}

describe("what is accepted is not lost (D-2)", () => {
  it("completes 500 queued jobs after FLUSHALL, and starts no committed stage again", async () => {
    harness = await startHarness([four("work")]);
    await harness.openLanes();
    const ids = await Promise.all(Array.from({ length: 500 }, () => harness.accept("work")));
    await until(async () => (await harness.queue.counts("io")).waiting === 500 || undefined, {
      timeoutMs: 10_000,
      message: "500 tickets",
    });
    await harness.redis.flush();
    expect(await harness.queue.counts("io")).toMatchObject({ waiting: 0 });
    await harness.startWorker();
    await allComplete(ids);
    await eachStageOnce(4);
    const [claims] =
      await harness.sql`SELECT count(*)::int AS n FROM job_events WHERE event = 'claim' GROUP BY job_id ORDER BY 1 DESC LIMIT 1`;
    expect(claims?.["n"]).toBe(3); // one for each lane run: io, cpu, io
  });

  it("dispatches what was accepted while the lane had no room", async () => {
    harness = await startHarness([four("work")]);
    await harness.store.publishRoom("io", false);
    const ids = await Promise.all(Array.from({ length: 20 }, () => harness.accept("work")));
    expect(await harness.find(ids[0] ?? "")).toMatchObject({
      status: "pending",
      waitingFor: "turn",
      dispatchedAt: null,
    });
    expect((await harness.queue.counts("io")).waiting).toBe(0);
    await harness.startWorker();
    await allComplete(ids);
  });

  it("gives a dead worker's stage to another one and refuses the zombie's commit", async () => {
    const zombie = gate();
    const started = gate();
    const secondStarted = gate();
    const second = gate();
    let runs = 0;
    const pipeline = testPipeline("slow", {
      before: { run: echo("kept") },
      held: {
        run: async () => {
          runs++;
          if (runs > 1) {
            secondStarted.open();
            await second.opened;
            return done("second");
          }
          started.open();
          await zombie.opened;
          return done("first");
        },
      },
    });
    harness = await startHarness([pipeline]);
    await harness.openLanes();
    // leases that nobody renews, as of a worker that is frozen
    const frozen = await harness.startWorker({ leaseMs: 60_000, leader: undefined, lanes: { io: 1 } });
    const jobId = await harness.accept("slow");
    await started.opened;
    await harness.sql`UPDATE pipeline_jobs SET lease_until = now() - interval '1 second' WHERE id = ${jobId}`;
    await harness.redis.flush();
    await harness.startWorker();
    await secondStarted.opened;
    zombie.open();
    await until(() => frozen.state().held === 0, { timeoutMs: 5_000, message: "the zombie giving up" });
    expect(await harness.find(jobId)).toMatchObject({ status: "processing", stage: "held", fence: 2 });
    second.open();
    expect((await harness.reaches(jobId, "completed")).result).toBe("second");
    expect((await harness.store.listStages(jobId)).map((s) => [s.stage, s.output])).toEqual([
      ["before", "kept"],
      ["held", "second"],
    ]);
  });

  it("fails a job whose stage lost its worker too often with WORKER_LOST (A-Q01)", async () => {
    harness = await startHarness([four("work")]);
    await harness.openLanes();
    const jobId = await harness.accept("work");
    await harness.sql`UPDATE pipeline_jobs SET status = 'processing', crashes = 2, fence = 2, lease_until = now() - interval '1 second' WHERE id = ${jobId}`;
    await harness.startWorker();
    expect(await harness.reaches(jobId, "failed", "completed")).toMatchObject({
      status: "failed",
      errorCode: "WORKER_LOST",
    });
  });

  it("leaves a job alone that no worker of this version knows, until one does", async () => {
    harness = await startHarness([testPipeline("new", { one: { run: echo(1) } }, { version: "2.0.0" })]);
    const old = await harness.startWorker({
      pipelines: [testPipeline("new", { one: { run: echo("old") } }, { version: "1.0.0" })],
    });
    const jobId = await harness.accept("new");
    await until(() => harness.lines.some((l) => l.message.includes("does not know the stage")), {
      message: "the worker's refusal",
    });
    // not a trace in the record, however often the ticket comes back
    expect(await harness.find(jobId)).toMatchObject({ status: "pending", fence: 0, stageAttempts: 0, crashes: 0 });
    await old.stop({ softMs: 1_000, hardMs: 1_000 });
    await harness.startWorker();
    expect(await harness.reaches(jobId, "completed", "failed")).toMatchObject({ status: "completed", result: 1 });
  });
});

describe("stopping a worker", () => {
  it("finishes what it has within the soft deadline", async () => {
    const go = gate();
    const started = gate();
    harness = await startHarness([
      testPipeline("slow", {
        one: {
          run: async () => {
            started.open();
            await go.opened;
            return done("finished");
          },
        },
      }),
    ]);
    const worker = await harness.startWorker();
    const jobId = await harness.accept("slow");
    await started.opened;
    const stopping = worker.stop({ softMs: 10_000, hardMs: 1_000 });
    go.open();
    expect(await stopping).toEqual({ interrupted: 0, isClean: true });
    expect(await harness.find(jobId)).toMatchObject({ status: "completed", result: "finished" });
  });

  it("hands the rest back at the soft deadline, no attempt charged, and another worker takes it at once", async () => {
    const started = gate();
    let runs = 0;
    harness = await startHarness([
      testPipeline("stubborn", {
        one: {
          run: async () => {
            runs++;
            if (runs > 1) return done("second");
            started.open();
            return new Promise(() => {});
          },
        },
      }),
    ]);
    const worker = await harness.startWorker({ leaseMs: 60_000 });
    const jobId = await harness.accept("stubborn");
    await started.opened;
    expect(await worker.stop({ softMs: 50, hardMs: 3_000 })).toEqual({ interrupted: 1, isClean: true });
    expect(await harness.find(jobId)).toMatchObject({ status: "processing", leaseUntil: null, stageAttempts: 0 });
    await harness.startWorker({ leader: { ...FAST_LEADER, reconcileGraceMs: 60_000 } });
    expect(await harness.reaches(jobId, "completed")).toMatchObject({ result: "second", stageAttempts: 1, crashes: 0 });
    expect((await harness.store.listEvents(jobId)).map((e) => e.event)).toContain("interrupt");
  });
});

describe("a gate", () => {
  const gated = () =>
    testPipeline("gated", {
      draft: { run: async () => waitForReview("editor", "a draft") },
      publish: { run: echo("published") },
    });
  const decide = (jobId: string, decision: "approved" | "rejected") =>
    harness.store.decideReview({
      jobId,
      ownerId: harness.owner.id,
      gate: "editor",
      decision,
      decidedBy: "ed",
      roles: [],
      comment: null,
    });

  it("parks the job without ticket or lease until somebody approves", async () => {
    harness = await startHarness([gated()]);
    await harness.startWorker();
    const jobId = await harness.accept("gated");
    await until(async () => (await harness.find(jobId)).waitingFor === "review", {
      timeoutMs: 10_000,
      message: "the gate",
    });
    expect(await harness.find(jobId)).toMatchObject({
      status: "pending",
      gate: "editor",
      leaseUntil: null,
      dispatchedAt: null,
      stage: "publish",
    });
    expect(await decide(jobId, "approved")).toMatchObject({ kind: "applied" });
    expect(await harness.reaches(jobId, "completed")).toMatchObject({ result: "published" });
    expect(await decide(jobId, "rejected")).toMatchObject({ kind: "already_decided", decision: "approved" });
  });

  it("fails a rejected job with REVIEW_REJECTED", async () => {
    harness = await startHarness([gated()]);
    await harness.startWorker();
    const jobId = await harness.accept("gated");
    await until(async () => (await harness.find(jobId)).waitingFor === "review", {
      timeoutMs: 10_000,
      message: "the gate",
    });
    await decide(jobId, "rejected");
    expect(await harness.reaches(jobId, "failed")).toMatchObject({ errorCode: "REVIEW_REJECTED" });
  });

  it("keeps a decision that comes before the job does", async () => {
    harness = await startHarness([gated()]);
    const jobId = await harness.accept("gated");
    expect(await decide(jobId, "approved")).toEqual({ kind: "kept" });
    await harness.startWorker();
    expect(await harness.reaches(jobId, "completed")).toMatchObject({ result: "published" });
  });
});
