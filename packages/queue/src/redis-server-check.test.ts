import { missing, type OwnRedis, ownRedis, redisProblem } from "@millrace/testing";
import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { checkRedisServer } from "./redis-server-check.ts";

describe.skipIf(missing("redis", redisProblem()))("asking a Redis about itself", () => {
  let redis: OwnRedis;
  let client: Redis;

  beforeEach(async () => {
    redis = await ownRedis();
    client = new Redis(redis.url());
  });

  afterEach(async () => {
    await client.quit();
    await redis.remove();
  });

  async function complaints(now?: () => number): Promise<string[]> {
    const { findings } = await checkRedisServer({ client, prefix: "{millrace}", ...(now && { now }) });
    expect(findings).toHaveLength(7);
    return findings.filter(({ severity }) => severity !== "ok").map(({ check, severity }) => `${check}: ${severity}`);
  }

  test("the private one of npm start has nothing to complain about", async () => {
    expect(await complaints()).toEqual([]);
  });

  test("sees the settings that matter", async () => {
    await client.config("SET", "appendonly", "no");
    await client.config("SET", "maxmemory-policy", "allkeys-lru");
    await client.config("SET", "hash-max-ziplist-value", "64");
    expect(await complaints()).toEqual([
      "redis_eviction_policy: fatal",
      "redis_persistence: warning",
      "redis_listpack: warning",
    ]);
  });

  test("sees memory that runs short", async () => {
    const info = await client.info("memory");
    const used = Number(/used_memory:(\d+)/.exec(info)?.[1]);
    await client.config("SET", "maxmemory", Math.round(used * 1.1));
    expect(await complaints()).toEqual([expect.stringMatching(/^redis_memory: (warning|fatal)$/)]);
    await client.config("SET", "maxmemory", 0);
  });

  test("sees clocks that differ, either way, but not a slow answer", async () => {
    expect(await complaints(() => Date.now() + 60_000)).toEqual(["redis_clock: warning"]);
    expect(await complaints(() => Date.now() - 60_000)).toEqual(["redis_clock: warning"]);
    const askedAt = Date.now() - 30_000;
    const clock = [askedAt, askedAt + 60_000];
    expect(await complaints(() => clock.shift()!)).toEqual([]);
  });

  test("sees a replica", async () => {
    // The primary need not exist for it to call itself a replica.
    await client.replicaof("127.0.0.1", 1);
    expect(await complaints()).toEqual(["redis_role: fatal"]);
    await client.replicaof("NO", "ONE");
  });
});
