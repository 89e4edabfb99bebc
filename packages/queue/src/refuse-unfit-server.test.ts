import { askRedis } from "@millrace/embedded";
import { collectLogs, type OwnRedis, ownRedis } from "@millrace/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ConnectedQueue, connectQueue } from "./connect-queue.ts";
import { refuseUnfitServer } from "./refuse-unfit-server.ts";

const { log, lines } = collectLogs();
let redis: OwnRedis;
let queue: ConnectedQueue;
beforeAll(async () => {
  redis = await ownRedis();
  queue = await connectQueue({ redisUrl: redis.url() }, { role: "producer", log });
});
afterAll(async () => {
  await queue.close();
  await redis.remove();
});

test("a Redis that would evict tickets is refused, one that would not is taken", async () => {
  await refuseUnfitServer(queue, log);
  await askRedis(redis.url(), [["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]]);
  await expect(refuseUnfitServer(queue, log)).rejects.toThrow(/cannot carry the queue:\n.*noeviction/);
});

test("a Redis that is away is not judged, and the log says so", async () => {
  await redis.kill();
  await refuseUnfitServer(queue, log);
  expect(JSON.stringify(lines)).toContain("it could not be checked");
});
