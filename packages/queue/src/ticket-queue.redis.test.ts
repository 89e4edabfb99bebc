import { missing, redisProblem, testRedis } from "@millrace/testing";
import { describe } from "vitest";
import { ticketQueueContract } from "./ticket-queue.contract.ts";

describe.skipIf(missing("redis", redisProblem()))("Redis", () => {
  ticketQueueContract("ticket queue", async () => {
    const redis = testRedis();
    return { address: { redisUrl: redis.url }, prefix: redis.prefix, remove: () => redis.flush() };
  });
});
