import { askRedis } from "@millrace/embedded";
import { collectLogs, missing, type OwnRedis, ownRedis, redisProblem } from "@millrace/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ConnectedQueue, connectQueue } from "./connect-queue.ts";
import { refuseUnfitServer } from "./refuse-unfit-server.ts";

describe.skipIf(missing("redis", redisProblem()))("at a program's start", () => {
  let redis: OwnRedis;
  let queue: ConnectedQueue;
  beforeAll(async () => {
    redis = await ownRedis();
    queue = await connectQueue({ redisUrl: redis.url() }, { role: "producer", log: collectLogs().log });
  });
  afterAll(async () => {
    await queue.close();
    await redis.remove();
  });

  test("a Redis that would evict tickets is refused unless that is overridden, one that would not is taken", async () => {
    const { log, lines } = collectLogs();
    await refuseUnfitServer(queue, log);
    expect(lines).toEqual([]);

    await askRedis(redis.url(), [["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]]);
    await expect(refuseUnfitServer(queue, log)).rejects.toThrow(/redis_eviction_policy: .*allkeys-lru.*noeviction/);

    await refuseUnfitServer(queue, log, true);
    expect(lines).toMatchObject([{ level: "error", fields: { check: "redis_eviction_policy" } }]);
  });

  test("a Redis that is away is not judged, and the log says so", async () => {
    const { log, lines } = collectLogs();
    await redis.kill();
    await refuseUnfitServer(queue, log);
    expect(lines).toMatchObject([{ level: "warn", message: expect.stringContaining("could not be checked") }]);
    await redis.restart();
  });
});
