import { setTimeout as pause } from "node:timers/promises";
import { until } from "@millrace/testing";
import type { Client } from "./client.ts";
import { type Deployment, LIMITED_LANE, PREFIX } from "./deployment.ts";
import type { JobInput } from "./load.ts";
import type { Member } from "./members.ts";
import type { Store } from "./plan-faults.ts";
import type { StageLine } from "./run-record.ts";
import type { StageTail } from "./stage-tail.ts";

export interface Bench {
  readonly deployment: Deployment;
  readonly client: Client;
  readonly tail: StageTail;
  /** A new key with each call. */
  readonly nextKey: () => string;
}

/** What is measured: how long something took, in milliseconds, or how many of something there were. */
export interface Measure {
  readonly name: string;
  readonly unit: "ms" | "count";
  readonly once: (bench: Bench) => Promise<number>;
}

const WAIT_MS = 180_000;
const POLL_MS = 10;
const REDIS_DOWN_MS = 20_000;
const PARTITION_MS = 10_000;
const IN_FLIGHT = 10;

async function submit({ client, nextKey }: Bench, input: Partial<JobInput>, pipeline = "steps"): Promise<string> {
  const key = nextKey();
  const accepted = await client.submit(pipeline, { ms: 20, ...input, key }, key);
  if (accepted === undefined) throw new Error("a job was not accepted");
  return accepted.jobId;
}

const workersOf = ({ deployment }: Bench): Member[] =>
  [...deployment.members.values()].filter(({ role }) => role === "worker");

async function whenAllReady(bench: Bench): Promise<void> {
  const isReady = () => [...bench.deployment.members.values()].every((member) => member.isReady());
  await until(isReady, { timeoutMs: WAIT_MS, everyMs: 50, message: "every process to be ready" });
}

const isStart = (jobId: string, stage: string) => (line: StageLine) =>
  line.kind === "start" && line.job === jobId && line.stage === stage;

/** From the SIGKILL of the worker that runs a stage until that stage starts in another process. */
async function killWorker(bench: Bench): Promise<number> {
  await whenAllReady(bench);
  const jobId = await submit(bench, { slow: { stage: "a", ms: 45_000 } });
  const first = await bench.tail.find(isStart(jobId, "a"), "the stage's start");
  const killedAt = Date.now();
  bench.deployment.member(first.worker).kill();
  const again = await bench.tail.find(
    (line) => isStart(jobId, "a")(line) && line.pid !== first.pid,
    "the stage's start elsewhere",
    WAIT_MS,
  );
  await bench.client.cancel(jobId);
  return again.t - killedAt;
}

/** Stages run again minus those that were in flight when their worker was killed: 0 is right. */
async function repeatsPerKill(bench: Bench): Promise<number> {
  await whenAllReady(bench);
  const jobs = await Promise.all(
    Array.from({ length: 2 * IN_FLIGHT }, (_, i) =>
      submit(bench, i % 2 === 0 ? { slow: { stage: "b", ms: 4_000 } } : {}),
    ),
  );
  const first = await bench.tail.find((line) => line.stage === "b" && jobs.includes(line.job), "a second stage");
  await pause(500);
  bench.deployment.member(first.worker).kill();
  await ended(bench, jobs);
  bench.tail.refresh();
  const own = bench.tail.lines.filter(({ job }) => jobs.includes(job));
  const starts = own.filter(({ kind }) => kind === "start");
  const finished = new Set(
    own.filter(({ kind }) => kind === "end").map(({ pid, job, stage }) => `${pid} ${job} ${stage}`),
  );
  const inFlight = starts.filter(({ pid, job, stage }) => pid === first.pid && !finished.has(`${pid} ${job} ${stage}`));
  const stages = new Set(starts.map(({ job, stage }) => `${job} ${stage}`));
  return starts.length - stages.size - inFlight.length;
}

async function ended({ deployment: { sql } }: Bench, jobs: readonly string[]): Promise<void> {
  await until(
    async () => {
      const [row] = await sql<{ n: number }[]>`
        SELECT count(*)::int AS n FROM pipeline_jobs WHERE id IN ${sql(jobs)} AND status IN ('pending', 'processing')`;
      return row?.n === 0;
    },
    { timeoutMs: WAIT_MS, everyMs: 100, message: "the jobs to end" },
  );
}

/** From FLUSHALL to the first ticket that is there again. Nobody takes tickets of this lane, so only a leader adds them. */
async function flush(bench: Bench): Promise<number> {
  await whenAllReady(bench);
  const { stores, sql } = bench.deployment;
  await sql`UPDATE queue_settings SET is_paused = false, concurrency = NULL WHERE lane = ${LIMITED_LANE.lane}`;
  await submit(bench, {}, "film");
  const waiting = async () => Number(await stores.redis.ask("LLEN", `${PREFIX}:${LIMITED_LANE.lane}:wait`)) > 0;
  await until(waiting, { timeoutMs: WAIT_MS, everyMs: POLL_MS, message: "a ticket that waits" });
  // a ticket that is young when the queue is emptied may be on its way; here they are not
  await pause(1_000);
  const startedAt = performance.now();
  await stores.redis.ask("FLUSHALL");
  await until(waiting, { timeoutMs: WAIT_MS, everyMs: POLL_MS, message: "a ticket after FLUSHALL" });
  return performance.now() - startedAt;
}

/** Breaks something while jobs keep coming, and tells how long after its end the next stage starts. */
async function firstStartAfter(bench: Bench, breakIt: () => Promise<void>, mendIt: () => Promise<void>, ms: number) {
  await whenAllReady(bench);
  const jobs: Promise<string>[] = [];
  const feed = setInterval(() => void jobs.push(submit(bench, {})), 250);
  try {
    await pause(1_000);
    await breakIt();
    await pause(ms);
    await mendIt();
    const mendedAt = Date.now();
    const next = await bench.tail.find(({ kind, t }) => kind === "start" && t >= mendedAt, "a start after it", WAIT_MS);
    return next.t - mendedAt;
  } finally {
    clearInterval(feed);
    await ended(bench, await Promise.all(jobs));
  }
}

const redisDown = (bench: Bench): Promise<number> => {
  const { redis } = bench.deployment.stores;
  return firstStartAfter(
    bench,
    () => redis.kill(),
    () => redis.start(),
    REDIS_DOWN_MS,
  );
};

const partition =
  (store: Store) =>
  (bench: Bench): Promise<number> => {
    const set = async (mode: "swallow" | "pass") => {
      await Promise.all(workersOf(bench).map(({ links }) => links[store].set(mode)));
    };
    return firstStartAfter(
      bench,
      () => set("swallow"),
      () => set("pass"),
      PARTITION_MS,
    );
  };

/** From Postgres' return to the first claim or commit by a worker. */
async function postgresRestart(bench: Bench): Promise<number> {
  await whenAllReady(bench);
  const { postgres } = bench.deployment.stores;
  const { sql } = bench.deployment;
  const jobs = await Promise.all(Array.from({ length: IN_FLIGHT }, () => submit(bench, { ms: 1_000 })));
  await bench.tail.find(({ job }) => jobs.includes(job), "a start");
  await postgres.kill();
  await postgres.start();
  const backAt = new Date();
  const first = await until(
    async () => {
      const [row] = await sql<{ at: Date | null }[]>`
        SELECT min(at) AS at FROM job_events WHERE at > ${backAt} AND event IN ('claim', 'advance', 'hand_over', 'complete')`;
      return row?.at;
    },
    { timeoutMs: WAIT_MS, everyMs: POLL_MS, message: "a commit" },
  );
  await ended(bench, jobs);
  return first.getTime() - backAt.getTime();
}

/** From the cancel request until the job is cancelled: its stage is abortable and would take much longer. */
async function cancel(bench: Bench): Promise<number> {
  await whenAllReady(bench);
  const jobId = await submit(bench, { slow: { stage: "b", ms: 50_000 } });
  await bench.tail.find(isStart(jobId, "b"), "the stage's start");
  const askedAt = Date.now();
  await bench.client.cancel(jobId);
  await ended(bench, [jobId]);
  const { sql } = bench.deployment;
  const [row] = await sql<{ at: Date }[]>`SELECT finished_at AS at FROM pipeline_jobs WHERE id = ${jobId}`;
  return (row?.at.getTime() ?? Number.NaN) - askedAt;
}

export const QUICK_MEASURES: readonly Measure[] = [
  { name: "worker SIGKILL → its stage starts elsewhere", unit: "ms", once: killWorker },
  { name: "cancel request → job cancelled (abortable stage)", unit: "ms", once: cancel },
];

export const MEASURES: readonly Measure[] = [
  ...QUICK_MEASURES,
  { name: "stage re-runs per kill -9 beyond those in flight", unit: "count", once: repeatsPerKill },
  { name: "FLUSHALL → first ticket is back", unit: "ms", once: flush },
  { name: "Redis down 20 s → first stage start after its return", unit: "ms", once: redisDown },
  { name: "workers–Redis silent for 10 s → first stage start after healing", unit: "ms", once: partition("redis") },
  {
    name: "workers–Postgres silent for 10 s → first stage start after healing",
    unit: "ms",
    once: partition("postgres"),
  },
  { name: "Postgres immediate restart → first commit after its return", unit: "ms", once: postgresRestart },
];
