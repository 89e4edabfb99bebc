import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "@millrace/testing";
import { afterEach, describe, expect, it } from "vitest";
import { type Cluster, startCluster } from "./cluster.ts";

let cluster: Cluster;
afterEach(() => cluster?.close());

const letGo = (key: string): void => writeFileSync(join(cluster.folder, `go-${key}`), "");

async function submit(pipeline: string, input: Record<string, unknown>): Promise<string> {
  const { status, body } = await cluster.call("POST", "/jobs", { pipeline, input });
  expect(status, JSON.stringify(body)).toBe(202);
  return body.job_id;
}

async function submitMany(count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let from = 0; from < count; from += 100) {
    const batch = Array.from({ length: Math.min(100, count - from) }, (_, i) =>
      submit("counted", { key: `k${from + i}` }),
    );
    ids.push(...(await Promise.all(batch)));
  }
  return ids;
}

const completed = async (): Promise<number> => {
  const [row] = await cluster.sql<
    { n: number }[]
  >`SELECT count(*)::int AS n FROM pipeline_jobs WHERE status = 'completed'`;
  return row?.n ?? 0;
};

describe("processes", () => {
  it("two workers share 2,000 jobs, each stage of each started once", { timeout: 120_000 }, async () => {
    cluster = await startCluster({ env: { LOG_LEVEL: "warn" } });
    await Promise.all([cluster.startWorker("w1"), cluster.startWorker("w2")]);
    const ids = await submitMany(2_000);
    expect(new Set(ids).size).toBe(2_000);
    await until(async () => (await completed()) === 2_000, {
      timeoutMs: 60_000,
      everyMs: 100,
      message: "2,000 completed jobs",
    });
    const starts = cluster.stageStarts();
    const stages = starts.map((line) => line.split(" ").slice(0, 3).join(" "));
    expect(stages).toHaveLength(8_000);
    expect(new Set(stages).size).toBe(8_000);
    const perWorker = new Map<string, number>();
    for (const line of starts)
      perWorker.set(line.split(" ")[3] ?? "", (perWorker.get(line.split(" ")[3] ?? "") ?? 0) + 1);
    expect(
      [...perWorker.values()].every((n) => n > 400),
      JSON.stringify([...perWorker]),
    ).toBe(true);
    expect(perWorker.size).toBe(2);
  });

  it("after kill -9 mid-stage another worker finishes the job and repeats no finished stage", {
    timeout: 90_000,
  }, async () => {
    cluster = await startCluster();
    const fast = { LEASE_MS: "2000", QUEUE_LOCK_MS: "2000", QUEUE_STALLED_MS: "500" };
    const first = await cluster.startWorker("w1", fast);
    const jobId = await submit("held", { key: "killed" });
    await until(() => cluster.stageStarts().some((l) => l.startsWith("held killed held")), {
      message: "the held stage's start",
    });
    await cluster.kill(first);
    expect((await cluster.call("GET", `/jobs/${jobId}`)).body.status).toBe("processing");
    await cluster.startWorker("w2", fast);
    letGo("killed");
    const job = await cluster.reaches(jobId, "completed", "failed");
    expect(job.status).toBe("completed");
    const starts = cluster.stageStarts().map((l) => l.split(" ")[2]);
    expect(starts.filter((s) => s === "before")).toHaveLength(1);
    expect(starts.filter((s) => s === "held")).toHaveLength(2);
    expect(starts.filter((s) => s === "after")).toHaveLength(1);
  });

  it("completes 500 jobs accepted over HTTP although the queue is emptied before a worker comes", {
    timeout: 120_000,
  }, async () => {
    cluster = await startCluster({ env: { LOG_LEVEL: "warn" } });
    // leads, so that the API gives out tickets, and takes none of them
    await cluster.startWorker("leader", { LANES: "media" });
    const { sql } = cluster;
    await until(async () => (await sql`SELECT 1 FROM queue_settings WHERE lane = 'io' AND has_room`).length > 0, {
      message: "the leader's first round",
    });
    await submitMany(500);
    const [{ dispatched } = { dispatched: 0 }] = await sql<
      { dispatched: number }[]
    >`SELECT count(*)::int AS dispatched FROM pipeline_jobs WHERE dispatched_at IS NOT NULL`;
    expect(dispatched).toBeGreaterThan(450);
    await cluster.redis.flush();
    await cluster.startWorker("w1");
    await until(async () => (await completed()) === 500, {
      timeoutMs: 60_000,
      everyMs: 100,
      message: "500 completed jobs",
    });
    expect(cluster.stageStarts()).toHaveLength(2_000);
  });

  it("a stage that kills its worker again and again fails alone, with WORKER_LOST, not those that ran beside it", {
    timeout: 300_000,
  }, async () => {
    cluster = await startCluster();
    // long enough for a busy machine: a lease that runs out counts as a lost worker, too
    const fast = { LEASE_MS: "4000", QUEUE_LOCK_MS: "4000", QUEUE_STALLED_MS: "1000" };
    let isOver = false;
    const supervise = async (): Promise<void> => {
      for (let life = 1; !isOver; life++) {
        const { child } = await cluster.startWorker(`w${life}`, fast);
        await once(child, "exit");
      }
    };
    const supervised = supervise();
    try {
      // all of them are under way when the poison works, each time they run beside it
      const [poison, ...others] = await Promise.all([
        submit("fragile", { key: "poison", ms: 300, poison: true }),
        ...Array.from({ length: 8 }, (_, i) => submit("fragile", { key: `k${i}`, ms: 600 })),
      ]);
      const lost = await cluster.reaches(poison ?? "", "failed", "completed");
      expect(lost).toMatchObject({ status: "failed", error_code: "WORKER_LOST" });
      for (const id of others) {
        expect(await cluster.reaches(id, "completed", "failed")).toMatchObject({ status: "completed" });
      }
      expect(cluster.stageStarts().filter((line) => line.startsWith("fragile poison"))).toHaveLength(3);
    } finally {
      isOver = true;
    }
    await cluster.close();
    await supervised;
  });

  it("SIGTERM lets the running stage finish and exits 0; past the soft deadline it hands back and exits 2", {
    timeout: 90_000,
  }, async () => {
    cluster = await startCluster();
    const polite = await cluster.startWorker("w1");
    const jobId = await submit("held", { key: "polite" });
    await until(() => cluster.stageStarts().length === 2, { message: "the held stage's start" });
    const ending = cluster.terminate(polite);
    letGo("polite");
    expect(await ending).toBe(0);
    // its next stage belongs to another lane and waits for a worker
    expect((await cluster.call("GET", `/jobs/${jobId}?verbose=true`)).body).toMatchObject({
      status: "processing",
      stage: "after",
    });

    const hasty = await cluster.startWorker("w2", { SOFT_STOP_MS: "100", HARD_STOP_MS: "2000" });
    await cluster.reaches(jobId, "completed");
    const interrupted = await submit("held", { key: "hasty" });
    await until(() => cluster.stageStarts().some((l) => l.startsWith("held hasty held")), {
      message: "the second held stage",
    });
    expect(await cluster.terminate(hasty)).toBe(2);
    letGo("hasty");
    await cluster.startWorker("w3");
    const job = await cluster.reaches(interrupted, "completed", "failed");
    expect(job.status).toBe("completed");
  });

  it("where there is no Redis the queue runs on Postgres: lanes, hand-overs and a killed worker alike", {
    timeout: 90_000,
  }, async () => {
    cluster = await startCluster({
      env: { QUEUE_BACKEND: "postgres", LEASE_MS: "2000", QUEUE_LOCK_MS: "2000", QUEUE_STALLED_MS: "500" },
    });
    const first = await cluster.startWorker("w1");
    const jobId = await submit("held", { key: "pg" });
    await until(() => cluster.stageStarts().some((l) => l.startsWith("held pg held")), {
      message: "the held stage's start",
    });
    await cluster.kill(first);
    await cluster.startWorker("w2");
    letGo("pg");
    expect((await cluster.reaches(jobId, "completed", "failed")).status).toBe("completed");
    const ids = await submitMany(50);
    await until(async () => (await completed()) === ids.length + 1, { timeoutMs: 30_000, message: "50 more jobs" });
    expect(cluster.stageStarts().filter((l) => l.startsWith("counted"))).toHaveLength(200);
  });

  it("a busy loop in the cpu lane loses no lease: it runs in a process of its own", { timeout: 90_000 }, async () => {
    cluster = await startCluster();
    await cluster.startWorker("w1", { LEASE_MS: "1000" });
    const jobId = await submit("spinning", { key: "s", ms: 3_500 });
    const job = await cluster.reaches(jobId, "completed", "failed");
    expect(job.status).toBe("completed");
    expect(cluster.stageStarts()).toHaveLength(1);
    const [row] = await cluster.sql`SELECT fence, crashes FROM pipeline_jobs WHERE id = ${jobId}`;
    expect(row).toMatchObject({ fence: 1, crashes: 0 });
  });
});
