import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { done, silentLog } from "@millrace/core";
import { folderSpool } from "@millrace/engine";
import { type SwallowingProxy, swallowingProxy, until } from "@millrace/testing";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FAST_LEADER, gate, type Harness, type HarnessWorkerOptions, startHarness } from "./harness.ts";
import { echo, testPipeline } from "./pipelines.ts";

// leases and limits have to run out one after another
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

let harness: Harness;
let toPostgres: SwallowingProxy;
let toRedis: SwallowingProxy;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "spool-"));
});
afterEach(async () => {
  // what is refused ends sooner than what is swallowed
  await toPostgres.close();
  await toRedis.close();
  await harness.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Proxies before both stores, for the worker under test; another one gets there directly. */
async function start(...pipelines: Parameters<typeof startHarness>[0]) {
  harness = await startHarness(pipelines);
  toPostgres = await swallowingProxy({ port: Number(new URL(harness.database.url).port) });
  toRedis = await swallowingProxy({ port: Number(new URL(harness.redis.url).port) });
  await harness.openLanes();
}
const startFirst = (options: HarnessWorkerOptions = {}) =>
  harness.startWorker({
    name: "first",
    leader: undefined,
    databaseUrl: toPostgres.through(harness.database.url),
    redisUrl: toRedis.through(harness.redis.url),
    ...options,
  });

/** A pipeline whose middle stage waits for the test and counts its runs. */
function heldPipeline() {
  const started = gate();
  const go = gate();
  const runs: string[] = [];
  const count = (stage: string) => async () => {
    runs.push(stage);
    return done(`${stage} ${runs.length}`);
  };
  const held = async () => {
    runs.push("held");
    started.open();
    await go.opened;
    return done(`held ${runs.length}`);
  };
  const pipeline = testPipeline("held", {
    before: { run: count("before") },
    held: { run: held },
    after: { run: count("after") },
  });
  return { pipeline, started, go, runs };
}

const said = (text: string): boolean => harness.lines.some((line) => line.message.includes(text));
const saidSoon = (text: string) => until(() => said(text), { timeoutMs: 30_000, message: `the log to say "${text}"` });

describe("a stage that finishes while Postgres is away", () => {
  it.each([
    ["in the queue", false],
    ["in a folder, the queue being away, too", true],
  ])("is not run again after its worker's death: its result waits %s", async (_, isQueueAway) => {
    const { pipeline, started, go, runs } = heldPipeline();
    await start(pipeline);
    const spools = isQueueAway ? { spools: [folderSpool({ folder, log: silentLog })] } : {};
    const first = await startFirst(spools);
    const jobId = await harness.accept("held");
    await started.opened;
    await toPostgres.set("refuse");
    if (isQueueAway) await toRedis.set("refuse");
    go.open();
    await saidSoon("result spooled");
    // to the others it is dead from here on: it writes nothing any more
    await first.stop({ softMs: 0, hardMs: 100 });
    await harness.startWorker({ name: "second", ...spools });
    expect(await harness.reaches(jobId, "completed")).toMatchObject({ result: "after 3" });
    expect(runs).toEqual(["before", "held", "after"]);
    expect((await harness.store.listStages(jobId)).map((s) => [s.stage, s.output])).toEqual([
      ["before", "before 1"],
      ["held", "held 2"],
      ["after", "after 3"],
    ]);
    await until(() => readdirSync(folder).length === 0, { message: "an empty spool" });
  });

  it("is written by its own worker when Postgres is back, once, and nothing stays in the spool", async () => {
    const { pipeline, started, go, runs } = heldPipeline();
    await start(pipeline);
    await startFirst({ leaseMs: 60_000, spools: [folderSpool({ folder, log: silentLog })] });
    const jobId = await harness.accept("held");
    await started.opened;
    await toPostgres.set("refuse");
    go.open();
    await saidSoon("result spooled");
    expect(readdirSync(folder)).toEqual([`${jobId}.held.json`]);
    await toPostgres.set("pass");
    await harness.reaches(jobId, "completed");
    expect(runs).toEqual(["before", "held", "after"]);
    await until(() => readdirSync(folder).length === 0, { message: "an empty spool" });
  });

  it("is spooled when Postgres says nothing at all, long before that counts as an error", async () => {
    const { pipeline, started, go, runs } = heldPipeline();
    await start(pipeline);
    const first = await startFirst({ spools: [folderSpool({ folder, log: silentLog })] });
    const jobId = await harness.accept("held");
    await started.opened;
    await toPostgres.set("swallow");
    go.open();
    await saidSoon("result spooled");
    expect(said("does not answer; holding the work")).toBe(false);
    await first.stop({ softMs: 0, hardMs: 100 });
    await harness.startWorker({ name: "second", spools: [folderSpool({ folder, log: silentLog })] });
    await harness.reaches(jobId, "completed");
    expect(runs).toEqual(["before", "held", "after"]);
  });
});

describe("a worker that is cut off", () => {
  it("from Postgres alone loses its job when its lease is over, though the queue still sees it working", async () => {
    const { pipeline, started, go, runs } = heldPipeline();
    await start(pipeline);
    await startFirst();
    const jobId = await harness.accept("held");
    await started.opened;
    await toPostgres.set("swallow");
    await harness.startWorker({ name: "second" });
    await until(() => runs.filter((stage) => stage === "held").length === 2, {
      timeoutMs: 30_000,
      message: "the second run of the stage",
    });
    go.open();
    await harness.reaches(jobId, "completed");
    expect((await harness.find(jobId)).worker).toBe("second");
  });

  it("from the queue says that it does not consume, and that it does again when it does", async () => {
    const { pipeline, go, runs } = heldPipeline();
    await start(pipeline);
    const worker = await startFirst({
      lanes: { io: 2 },
      queueTimings: { idleReadMs: 300, socketTimeoutMs: 2_000, commandTimeoutMs: 1_000 },
      watchdog: { everyMs: 60_000, stallMs: 1_500 },
    });
    const isConsuming = (wanted: boolean) =>
      until(() => worker.state().lanes.io?.isConsuming === wanted, {
        timeoutMs: 30_000,
        message: () => `isConsuming ${wanted}: ${JSON.stringify(worker.state())}`,
      });
    await isConsuming(true);
    await toRedis.set("swallow");
    await isConsuming(false);
    await toRedis.set("pass");
    await isConsuming(true);
    go.open();
    await harness.reaches(await harness.accept("held"), "completed");
    expect(runs).toEqual(["before", "held", "after"]);
    expect(said("made anew")).toBe(false);
  });

  it("from the queue alone keeps its job: the claim is in Postgres", async () => {
    const { pipeline, started, go, runs } = heldPipeline();
    await start(pipeline);
    await startFirst();
    const jobId = await harness.accept("held");
    await started.opened;
    await toRedis.set("refuse");
    await harness.startWorker({ name: "second" });
    // long enough for the ticket's lock in the queue to run out and for the second worker to be refused the job
    await until(async () => (await harness.queue.counts("io")).delayed > 0, {
      timeoutMs: 30_000,
      message: "the ticket put off by the second worker",
    });
    go.open();
    await harness.reaches(jobId, "completed");
    expect(runs).toEqual(["before", "held", "after"]);
    expect((await harness.find(jobId)).worker).toBe("first");
  });
});

describe("an outage of Postgres alone", () => {
  it("longer than a lease costs no run of a stage: live workers get the time to say that they live", async () => {
    const { pipeline, started, go, runs } = heldPipeline();
    await start(pipeline);
    // both go through the proxy: the outage is everybody's
    await startFirst({ leader: FAST_LEADER, leaseMs: 1_000 });
    await startFirst({ name: "second", leader: { ...FAST_LEADER, outageGraceMs: 3_000 }, leaseMs: 1_000 });
    const jobId = await harness.accept("held");
    await started.opened;
    await toPostgres.set("refuse");
    await until(async () => ((await harness.find(jobId)).leaseUntil?.getTime() ?? 0) < Date.now() - 500, {
      message: "the lease to be over",
    });
    await toPostgres.set("pass");
    await until(async () => ((await harness.find(jobId)).leaseUntil?.getTime() ?? 0) > Date.now(), {
      message: "the next heartbeat",
    });
    go.open();
    await harness.reaches(jobId, "completed");
    expect(runs).toEqual(["before", "held", "after"]);
  });
});

describe("the queue's memory", () => {
  const work = () => testPipeline("work", { a: { run: echo(1) }, b: { lane: "cpu", run: echo(2) } });
  const patient = { ...FAST_LEADER, reconcileEveryMs: 60_000, reconcileGraceMs: 60_000, unclaimedMs: 60_000 };

  it("is rebuilt when it was emptied, without waiting for the reconciler's turn", async () => {
    await start(work());
    const leader = await harness.startWorker({ lanes: { media: 1 }, leader: patient });
    await until(() => leader.state().isLeading, { message: "a leader" });
    await saidSoon("lane limits applied");
    const ids = await Promise.all(Array.from({ length: 50 }, () => harness.accept("work")));
    await until(async () => (await harness.queue.counts("io")).waiting === 50, { message: "50 tickets" });
    await harness.redis.flush();
    await until(async () => (await harness.queue.counts("io")).waiting === 50, {
      message: "50 tickets in the emptied queue",
    });
    expect(said("the queue was emptied")).toBe(true);
    await harness.startWorker({ leader: undefined });
    for (const id of ids) await harness.reaches(id, "completed");
  });

  it("holds the operator's limits again after it was emptied", async () => {
    await start(work());
    await harness.store.changeLane("io", { isPaused: true, concurrency: 3, rateLimit: { max: 7, durationMs: 900 } });
    const worker = await harness.startWorker();
    const wanted = { lane: "io", isPaused: true, concurrency: 3, rateLimit: { max: 7, durationMs: 900 } };
    const areEnforced = () =>
      until(async () => isDeepStrictEqual(await harness.queue.limits("io"), wanted), { message: "lane io's limits" });
    await areEnforced();
    const jobId = await harness.accept("work");
    await harness.redis.flush();
    await areEnforced();
    expect(await harness.find(jobId)).toMatchObject({ status: "pending", fence: 0 });
    await harness.store.changeLane("io", { isPaused: false, concurrency: null, rateLimit: null });
    await harness.reaches(jobId, "completed");
    expect(worker.state().isLeading).toBe(true);
  });
});

describe("two leaders at once", () => {
  it("give each job one run of each stage", async () => {
    const runs = new Map<string, number>();
    const counted = (stage: string): Parameters<typeof testPipeline>[1][string]["run"] => {
      return async ({ job }) => {
        const key = `${job.id} ${stage}`;
        runs.set(key, (runs.get(key) ?? 0) + 1);
        return done(stage);
      };
    };
    await start(
      testPipeline("turns", { a: { run: counted("a") }, b: { lane: "cpu", run: counted("b") } }, { admission: "fair" }),
    );
    const workers = await Promise.all([harness.startWorker(), harness.startWorker()]);
    let isOver = false;
    let both = 0;
    // as a leader sees it that was frozen and has not noticed yet: its lease is gone, and it leads on
    const usurp = async (): Promise<void> => {
      while (!isOver) {
        await harness.sql`UPDATE leases SET expires_at = to_timestamp(0)`;
        if (workers.every((worker) => worker.state().isLeading)) both++;
      }
    };
    const usurping = usurp();
    const ids = await Promise.all(Array.from({ length: 200 }, () => harness.accept("turns")));
    for (const id of ids) await harness.reaches(id, "completed");
    isOver = true;
    await usurping;
    expect(both).toBeGreaterThan(0);
    expect([...runs.values()].filter((n) => n !== 1)).toEqual([]);
    expect(runs.size).toBe(400);
  });
});

describe("stopping a worker", () => {
  it.each([
    ["Postgres", true, false],
    ["the queue", false, true],
    ["both", true, true],
  ])("ends within its deadlines while %s is silent", async (_, isPostgresAway, isQueueAway) => {
    const { pipeline, started, go } = heldPipeline();
    await start(pipeline);
    const worker = await startFirst({ leader: FAST_LEADER });
    const jobId = await harness.accept("held");
    await started.opened;
    if (isPostgresAway) await toPostgres.set("swallow");
    if (isQueueAway) await toRedis.set("swallow");
    const { interrupted } = await worker.stop({ softMs: 200, hardMs: 1_000 });
    expect(interrupted).toBe(1);
    await toPostgres.set("pass");
    await toRedis.set("pass");
    await harness.startWorker({ name: "second" });
    go.open();
    await harness.reaches(jobId, "completed");
    expect((await harness.find(jobId)).worker).toBe("second");
  });
});
