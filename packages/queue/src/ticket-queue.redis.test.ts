import { missing, redisProblem, testRedis } from "@millrace/testing";
import { Redis } from "ioredis";
import { describe } from "vitest";
import { laneConsumerContract } from "./lane-consumer.contract.ts";
import { laneLimitsContract } from "./lane-limits.contract.ts";
import { ticketListContract } from "./ticket-list.contract.ts";
import { ticketQueueContract } from "./ticket-queue.contract.ts";
import type { QueuePlace } from "./use-queue.contract.ts";

async function place(): Promise<QueuePlace> {
  const redis = testRedis();
  const client = new Redis(redis.url);
  const key = (name: string): string => `${redis.prefix}:io:${name}`;
  return {
    address: { redisUrl: redis.url },
    prefix: redis.prefix,
    lockEndsAt: async (ticketId) => Date.now() + (await client.pttl(key(`${ticketId}:lock`))),
    async addForeign(id) {
      await client.hset(key(id), { name: "foreign", data: '"text"', opts: "{}", timestamp: 0 });
      await client.lpush(key("wait"), id);
    },
    async remove() {
      await client.quit();
      await redis.flush();
    },
  };
}

describe.skipIf(missing("redis", redisProblem()))("Redis", () => {
  ticketQueueContract("ticket queue", place);
  laneLimitsContract("lane limits", place);
  ticketListContract("ticket list", place);
  laneConsumerContract("lane consumer", place);
});
