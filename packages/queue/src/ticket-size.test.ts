import { silentLog, type Ticket } from "@millrace/core";
import { missing, type OwnRedis, ownRedis, redisProblem } from "@millrace/testing";
import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type ConnectedQueue, connectQueue } from "./index.ts";
import { someTickets } from "./use-queue.contract.ts";

const COUNT = 5_000;
const MAX_BYTES = 512;

describe.skipIf(missing("redis", redisProblem()))("a waiting ticket in Redis", () => {
  let redis: OwnRedis;
  let client: Redis;
  let queue: ConnectedQueue;

  beforeEach(async () => {
    redis = await ownRedis();
    client = new Redis(redis.url());
    queue = await connectQueue({ redisUrl: redis.url() }, { role: "producer", log: silentLog });
  });

  afterEach(async () => {
    await queue.close();
    await client.quit();
    await redis.remove();
  });

  const usedMemory = async (): Promise<number> => {
    const info = await client.info("memory");
    return Number(/used_memory:(\d+)/.exec(info)?.[1]);
  };

  test.each<{ title: string; listpackLimit: number; ticket: Partial<Ticket> }>([
    { title: "with Redis' defaults", listpackLimit: 64, ticket: { stage: "resolve" } },
    {
      title: "with long stage names, on a Redis set up as advised",
      listpackLimit: 512,
      ticket: { stage: "generate_composites", resourceKey: "cid:0198c5f0-1234-7abc-8def-0123456789ab" },
    },
    {
      title: "with the longest id there is, on a Redis set up as advised",
      listpackLimit: 512,
      ticket: { stage: "generate_composites", resourceKey: "k".repeat(2_000) },
    },
  ])("takes at most 512 bytes $title", async ({ listpackLimit, ticket }) => {
    await client.config("SET", "hash-max-ziplist-value", listpackLimit);
    await queue.add(someTickets(500, ticket));
    const before = await usedMemory();
    await queue.add(someTickets(COUNT, ticket));
    const bytes = ((await usedMemory()) - before) / COUNT;
    expect(bytes).toBeGreaterThan(100);
    expect(bytes).toBeLessThanOrEqual(MAX_BYTES);
  });
});
