import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { askRedis } from "@millrace/embedded";
import { collectLogs, missing, type OwnRedis, ownRedis, redisProblem, until } from "@millrace/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type ConnectedQueue, connectQueue } from "./index.ts";
import { FAST } from "./use-queue.contract.ts";

describe.skipIf(missing("redis", redisProblem()))("the incarnation of a Redis", () => {
  let redis: OwnRedis;
  let opened: ConnectedQueue[];
  let copies: string;

  async function connect(): Promise<ConnectedQueue> {
    const queue = await connectQueue(
      { redisUrl: redis.url() },
      { role: "producer", log: collectLogs().log, timings: FAST },
    );
    opened.push(queue);
    return queue;
  }

  /** As soon as Redis answers again. */
  const nameOf = (queue: ConnectedQueue): Promise<string> => until(() => queue.incarnation());

  async function dataFolder(): Promise<string> {
    const [reply] = await askRedis(redis.url(), [["CONFIG", "GET", "dir"]]);
    return String((reply as readonly unknown[])[1]);
  }

  /** Kills it and brings it back as it was when `snapshot` was copied. */
  async function rollBackTo(snapshot: string): Promise<void> {
    const folder = await dataFolder();
    await redis.kill();
    for (const name of ["appendonlydir", "appendonly.aof", "dump.rdb"]) {
      await rm(join(folder, name), { recursive: true, force: true });
    }
    await cp(snapshot, folder, { recursive: true, filter: (source) => !/\.(pid|log|sock|json|conf)$/.test(source) });
    await redis.restart();
  }

  beforeEach(async () => {
    redis = await ownRedis();
    // What was answered is on disk: what a kill leaves behind is known.
    await askRedis(redis.url(), [["CONFIG", "SET", "appendfsync", "always"]]);
    opened = [];
    copies = await mkdtemp(join(tmpdir(), "millrace-redis-copy-"));
  });

  afterEach(async () => {
    await Promise.all(opened.map((queue) => queue.close()));
    await redis.remove();
    await rm(copies, { recursive: true, force: true });
  });

  test("is the same for every caller and at every call while nothing happens", async () => {
    const [one, other] = [await connect(), await connect()];
    const names = new Set<string>();
    for (let i = 0; i < 5; i++) {
      for (const name of await Promise.all([one.incarnation(), other.incarnation(), one.incarnation()])) {
        names.add(name);
      }
    }
    expect(names.size).toBe(1);
  });

  test("is another one after FLUSHALL, and two who ask at the same time agree on it", async () => {
    const [one, other] = [await connect(), await connect()];
    const before = await one.incarnation();
    await other.incarnation();
    await redis.flushAll();
    const [now, too] = await Promise.all([one.incarnation(), other.incarnation()]);
    expect(now).not.toBe(before);
    expect(too).toBe(now);
    expect(await one.incarnation()).toBe(now);
  });

  test("is another one after a kill and a start with nothing", async () => {
    const queue = await connect();
    const before = await queue.incarnation();
    await redis.kill();
    await redis.restart();
    await redis.flushAll();
    expect(await nameOf(queue)).not.toBe(before);
  });

  test("is the same after a kill and a start with everything", async () => {
    const [one, other] = [await connect(), await connect()];
    const before = await one.incarnation();
    for (let i = 0; i < 3; i++) await Promise.all([one.incarnation(), other.incarnation()]);
    await redis.kill();
    await redis.restart();
    expect(await nameOf(one)).toBe(before);
    expect(await nameOf(other)).toBe(before);
  });

  test("is another one after a start from an old snapshot, and everybody agrees on it", async () => {
    const [one, other] = [await connect(), await connect()];
    const before = await one.incarnation();
    await cp(await dataFolder(), copies, { recursive: true });
    for (let i = 0; i < 3; i++) await Promise.all([one.incarnation(), other.incarnation()]);
    await rollBackTo(copies);

    const [now, too] = await Promise.all([nameOf(one), nameOf(other)]);
    expect(now).not.toBe(before);
    expect(too).toBe(now);
    expect(await one.incarnation()).toBe(now);
    // Who comes new learns the name; who knows nothing notices nothing.
    expect(await (await connect()).incarnation()).toBe(now);
  });

  test("a second return to the same snapshot is noticed, too", async () => {
    const queue = await connect();
    const names = [await queue.incarnation()];
    await cp(await dataFolder(), copies, { recursive: true });
    await queue.incarnation();
    for (let i = 0; i < 2; i++) {
      await rollBackTo(copies);
      const name = await nameOf(queue);
      expect(name).not.toBe(names.at(-1));
      names.push(name);
    }
  });
});
