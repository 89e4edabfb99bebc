import { randomUUID } from "node:crypto";
import { collectLogs, missing, redisProblem, type TestRedis, testRedis } from "@millrace/testing";
import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { redisSpool } from "./redis-spool.ts";

describe.skipIf(missing("redis", redisProblem()))("the spool in Redis", () => {
  let at: TestRedis;
  let client: Redis;
  let logs: ReturnType<typeof collectLogs>;
  const jobId = randomUUID();

  const spoolOn = () => redisSpool({ client, prefix: at.prefix, timeoutMs: 10_000, log: logs.log });
  const keyOf = (stage: string): string => `${at.prefix}:spool:${jobId}:${stage}`;
  const result = (stage: string, fence = 1) => ({
    jobId,
    stage,
    fence,
    settlement: { event: "complete", stageResult: { output: { text: "für 日本", list: [1, null, true] } } },
  });

  beforeEach(() => {
    at = testRedis();
    client = new Redis(at.url);
    logs = collectLogs();
  });

  afterEach(async () => {
    await client.quit();
    await at.flush();
  });

  test("gives back what was put, to anybody, one per job and stage", async () => {
    await spoolOn().put(result("fetch"));
    await spoolOn().put(result("analyse", 7));
    expect(await spoolOn().find(jobId, "fetch")).toEqual(result("fetch"));
    expect(await spoolOn().find(jobId, "analyse")).toEqual(result("analyse", 7));
    expect(await spoolOn().find(jobId, "resolve")).toBeUndefined();
    expect(await spoolOn().find(randomUUID(), "fetch")).toBeUndefined();
  });

  test("a later result of a stage replaces the older one", async () => {
    await spoolOn().put(result("fetch", 1));
    await spoolOn().put(result("fetch", 2));
    expect(await spoolOn().find(jobId, "fetch")).toEqual(result("fetch", 2));
  });

  test("what was removed is gone, and removing it again is no error", async () => {
    await spoolOn().put(result("fetch"));
    for (let i = 0; i < 2; i++) await spoolOn().remove(jobId, "fetch");
    expect(await spoolOn().find(jobId, "fetch")).toBeUndefined();
  });

  test("keeps an entry for a week", async () => {
    await spoolOn().put(result("fetch"));
    const seconds = await client.ttl(keyOf("fetch"));
    expect(seconds).toBeGreaterThan(6.9 * 86_400);
    expect(seconds).toBeLessThanOrEqual(7 * 86_400);
  });

  test("takes a result of several megabytes", async () => {
    const large = { ...result("fetch"), settlement: { text: "x".repeat(4_000_000) } };
    await spoolOn().put(large);
    expect(await spoolOn().find(jobId, "fetch")).toEqual(large);
  });

  test.each([
    ["cut text", '{"jobId":"'],
    ["another shape", '{"fence":1}'],
    ["no object", "7"],
    ["null", "null"],
    ["nothing", ""],
    ["another job", JSON.stringify({ ...result("fetch"), jobId: randomUUID() })],
    ["a fence that is no number", JSON.stringify({ ...result("fetch"), fence: "1" })],
    ["a settlement that is a list", JSON.stringify({ ...result("fetch"), settlement: [] })],
  ])("an entry with %s counts as none, and the log says so", async (_what, text) => {
    await client.set(keyOf("fetch"), text);
    expect(await spoolOn().find(jobId, "fetch")).toBeUndefined();
    expect(logs.lines).toMatchObject([{ level: "warn", fields: { job_id: jobId, stage: "fetch" } }]);
  });

  test("a key of another kind counts as unreadable, and a new result takes its place", async () => {
    await client.lpush(keyOf("fetch"), "a");
    expect(await spoolOn().find(jobId, "fetch")).toBeUndefined();
    expect(logs.lines).toHaveLength(1);
    await spoolOn().put(result("fetch"));
    expect(await spoolOn().find(jobId, "fetch")).toEqual(result("fetch"));
  });
});
