import { silentLog } from "@millrace/core";
import { connectDatabase, createJobStore } from "@millrace/db";
import { connectQueue } from "@millrace/queue";
import { createTestDatabase, type TestDatabase, type TestRedis, testRedis } from "@millrace/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type CliResult, runCli, spawnCli } from "../run-cli.fixture.ts";

let database: TestDatabase;
let redis: TestRedis;
beforeEach(async () => {
  database = await createTestDatabase();
  redis = testRedis();
});
afterEach(async () => {
  await redis.flush();
  await database.drop();
});

const env = () => ({ DATABASE_URL: database.url, REDIS_URL: redis.url, QUEUE_PREFIX: redis.prefix });
const lanes = (...args: string[]): Promise<CliResult> => runCli(["lanes", ...args], env());

async function withDatabase<T>(use: (db: ReturnType<typeof connectDatabase>) => Promise<T>): Promise<T> {
  const db = connectDatabase({ url: database.url, maxConnections: 1, applicationName: "test" });
  try {
    return await use(db);
  } finally {
    await db.close();
  }
}

/** What the leader does. */
async function applyToQueue(): Promise<void> {
  const settings = await withDatabase((db) => createJobStore(db).laneSettings());
  const queue = await connectQueue({ redisUrl: redis.url }, { prefix: redis.prefix, role: "producer", log: silentLog });
  for (const setting of settings) await queue.applyLimits(setting);
  await queue.close();
}

describe("millrace lanes", { timeout: 120_000 }, () => {
  test("sets, pauses, resumes, and shows where the queue does not follow; all of it is in the audit trail", async () => {
    const set = await spawnCli(
      ["lanes", "set", "io", "--concurrency", "20", "--rate", "100/1s", "--window", "500"],
      env(),
    );
    expect(set).toMatchObject({ code: 0, stderr: "" });
    expect(set.stdout).toContain("io: running, concurrency 20, rate 100/1s, window 500");
    expect((await lanes("pause", "io")).stdout).toContain("io: paused, concurrency 20, rate 100/1s, window 500");

    const before = JSON.parse((await lanes("--json")).stdout) as { lanes: Record<string, unknown>[] };
    expect(before.lanes.find(({ lane }) => lane === "io")).toEqual({
      lane: "io",
      is_paused: true,
      concurrency: 20,
      rate: "100/1s",
      window_tickets: 500,
      queue: { waiting: 0, active: 0, delayed: 0 },
      not_enforced: [
        "state is running instead of paused",
        "concurrency is none instead of 20",
        "rate is none instead of 100/1s",
      ],
    });
    await applyToQueue();
    const shown = await lanes();
    expect(shown).toMatchObject({ code: 0, stderr: "" });
    expect(shown.stdout).toMatch(/^io +paused +0 +0 +0 +20 +100\/1s +500$/m);
    expect(shown.stdout).toMatch(/^cpu +running +0 +0 +0 +none +none +10000$/m);

    expect((await lanes("resume", "io")).stdout).toContain("io: running");
    expect((await lanes("set", "io", "--concurrency", "none", "--rate", "none")).stdout).toContain(
      "io: running, concurrency none, rate none, window 500",
    );
    const follows = await lanes();
    expect(follows.stderr).toContain("io: the queue does not follow yet (state is paused instead of running");
    const audit = await withDatabase((db) =>
      db.query<{ event: string; actor: string; details: Record<string, unknown> }>(
        "select event, actor, details from audit_events order by id",
      ),
    );
    expect(audit).toHaveLength(4);
    expect(audit[1]).toMatchObject({
      event: "audit.lane_change",
      actor: expect.stringMatching(/^cli:.+/),
      details: { lane: "io", before: { is_paused: false, rate: "100/1s" }, after: { is_paused: true } },
    });
  });

  test.each([
    [["pause", "gpu"], "io, cpu, media"],
    [["set", "io", "--rate", "fast"], "100/1s"],
    [["set", "io", "--concurrency", "0"], "a number from 1, or none"],
    [["set", "io", "--window", "none"], "a number of tickets from 1"],
    [["set", "io"], "Nothing to set"],
    [["paws"], "too many arguments"],
  ])("refuses %j and says the rule", async (args, rule) => {
    const { code, stderr } = await lanes(...args);
    expect(code).toBe(1);
    expect(stderr).toContain(rule);
    const settings = await withDatabase((db) => createJobStore(db).laneSettings());
    expect(
      settings.every(({ isPaused, concurrency, rateLimit }) => !isPaused && concurrency === null && rateLimit === null),
    ).toBe(true);
  });
});
