import { setTimeout as pause } from "node:timers/promises";
import type { ReceivedTicket } from "@millrace/core";
import {
  collectLogs,
  missing,
  type OwnRedis,
  ownRedis,
  redisProblem,
  swallowingProxy,
  until,
  watchLeftovers,
} from "@millrace/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type ConnectedQueue, connectQueue } from "./index.ts";
import { FAST, someTicket, someTickets } from "./use-queue.contract.ts";

/** A refused add is answered in about a millisecond; the rest is a busy machine. */
const FAIL_FAST_MS = 20_000;

async function rejectionOf(call: Promise<unknown>): Promise<{ readonly code: unknown; readonly tookMs: number }> {
  const startedAt = performance.now();
  try {
    await call;
  } catch (error) {
    return { code: (error as { code?: unknown }).code, tookMs: performance.now() - startedAt };
  }
  throw new Error("It did not reject.");
}

describe.skipIf(missing("redis", redisProblem()))("when Redis goes away", () => {
  let redis: OwnRedis;
  let opened: ConnectedQueue[];
  let logs: ReturnType<typeof collectLogs>;

  async function connect(redisUrl = redis.url(), timings = FAST): Promise<ConnectedQueue> {
    const queue = await connectQueue({ redisUrl }, { role: "worker", log: logs.log, timings });
    opened.push(queue);
    return queue;
  }

  function record(queue: ConnectedQueue): ReceivedTicket[] {
    const seen: ReceivedTicket[] = [];
    queue.consume("io", {
      concurrency: 5,
      async work(ticket) {
        seen.push(ticket);
        return { kind: "done" };
      },
    });
    return seen;
  }

  beforeEach(async () => {
    redis = await ownRedis();
    opened = [];
    logs = collectLogs();
  });

  afterEach(async () => {
    await Promise.all(opened.map((queue) => queue.close()));
    await redis.remove();
  });

  test("FLUSHALL: every ticket is missing, and can be added again", async () => {
    const queue = await connect();
    const tickets = someTickets(50);
    await queue.add(tickets);
    await redis.flushAll();
    expect(await queue.states(tickets)).toEqual(tickets.map(() => "missing"));
    const seen = record(queue);
    await queue.add(tickets);
    await until(() => seen.length === tickets.length);
  });

  test("FLUSHALL under a worker's hands: what it holds ends quietly, and it goes on with the next", async () => {
    const queue = await connect();
    let release = (): void => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const seen: string[] = [];
    queue.consume("io", {
      concurrency: 1,
      async work(ticket) {
        seen.push(ticket.jobId);
        await held;
        return { kind: "done" };
      },
    });
    const [first, second] = [someTicket(), someTicket()];
    await queue.add([first]);
    await until(() => seen.length === 1);
    await redis.flushAll();
    release();
    await queue.add([second]);
    await until(async () => (await queue.states([second]))[0] === "finished");
    expect(seen).toEqual([first.jobId, second.jobId]);
  });

  test("a lost list is seen: a ticket no list knows is missing, though its hash is there", async () => {
    const queue = await connect();
    const tickets = someTickets(3);
    await queue.add(tickets);
    const { Redis } = await import("ioredis");
    const client = new Redis(redis.url());
    await client.del("{millrace}:io:wait");
    await client.quit();
    expect(await queue.states(tickets)).toEqual(["missing", "missing", "missing"]);
  });

  test("killed and started again empty: adds fail fast meanwhile, producer and worker recover without a restart", async () => {
    const [queue, worker] = [await connect(), await connect()];
    const seen = record(worker);
    await queue.add([someTicket()]);
    await until(() => seen.length === 1);

    await redis.kill();
    await until(async () => (await rejectionOf(queue.ping(100))).code === "STORE_UNAVAILABLE");
    for (const call of [
      () => queue.add([someTicket()]),
      () => queue.states([someTicket()]),
      () => queue.counts("io"),
      () => queue.ping(1_000),
    ]) {
      const { code, tookMs } = await rejectionOf(call());
      expect(code).toBe("STORE_UNAVAILABLE");
      expect(tookMs).toBeLessThan(FAIL_FAST_MS);
    }
    await queue.remove(someTicket());

    await redis.restart();
    await redis.flushAll();
    const ticket = someTicket();
    const back = performance.now();
    await until(() => queue.add([ticket]).then(() => true));
    // Reconnects at the latest after the longest pause between two attempts.
    expect(performance.now() - back).toBeLessThan(25_000);
    await until(() => seen.some((received) => received.jobId === ticket.jobId), { timeoutMs: 20_000 });
  });

  test("away at the start: connecting does not wait, adds fail fast, and both ends work once it is there", async () => {
    await redis.kill();
    const queue = await connect();
    const seen = record(queue);
    for (let i = 0; i < 3; i++) {
      const { code, tookMs } = await rejectionOf(queue.add([someTicket()]));
      expect(code).toBe("STORE_UNAVAILABLE");
      expect(tookMs).toBeLessThan(FAIL_FAST_MS);
    }
    await redis.restart();
    const ticket = someTicket();
    await until(() => queue.add([ticket]).then(() => true), { timeoutMs: 3_000 });
    await until(() => seen.some((received) => received.jobId === ticket.jobId), { timeoutMs: 20_000 });
  });

  test("production's timings: an add works again within about a second of its return", async () => {
    const queue = await connectQueue({ redisUrl: redis.url() }, { role: "producer", log: logs.log });
    opened.push(queue);
    await queue.add([someTicket()]);
    await redis.kill();
    // Long enough for the pauses between attempts to grow: doubling without a limit they would be 3.2 s by now.
    await pause(3_500);
    await redis.restart();
    const back = performance.now();
    await until(() => queue.add([someTicket()]).then(() => true));
    expect(performance.now() - back).toBeLessThan(25_000);
  });

  test("an outage is logged once per kind of error, not once per attempt", async () => {
    await connect();
    await redis.kill();
    await pause(1_500);
    const warnings = logs.lines.filter((line) => line.level === "warn");
    expect(warnings.length).toBeGreaterThan(0);
    expect(warnings.length).toBeLessThan(4);
  });

  test("a network that swallows packets: adds end at their limit, and a worker fetches again after it healed", async () => {
    const proxy = await swallowingProxy({ port: Number(new URL(redis.url()).port) });
    try {
      const queue = await connect(proxy.through(redis.url()));
      const seen = record(queue);
      await queue.add([someTicket()]);
      await until(() => seen.length === 1);
      await proxy.set("swallow");
      const { code, tookMs } = await rejectionOf(queue.add([someTicket()]));
      expect(code).toBe("STORE_UNAVAILABLE");
      expect(tookMs).toBeLessThan(25_000);
      await proxy.set("pass");
      const direct = await connect();
      const ticket = someTicket();
      await direct.add([ticket]);
      await until(() => seen.some((received) => received.jobId === ticket.jobId), {
        timeoutMs: FAST.socketTimeoutMs + FAST.idleReadMs + 5_000,
      });
      await until(() => queue.add([someTicket()]).then(() => true));
    } finally {
      await proxy.close();
    }
  });

  test.each(["killed", "swallowing"] as const)("closing is bounded while Redis is %s", async (how) => {
    const watch = watchLeftovers();
    const proxy = await swallowingProxy({ port: Number(new URL(redis.url()).port) });
    try {
      const queue = await connect(proxy.through(redis.url()));
      const taken: string[] = [];
      const consumer = queue.consume("io", {
        concurrency: 2,
        work(ticket) {
          taken.push(ticket.jobId);
          return new Promise(() => {});
        },
      });
      await queue.add(someTickets(2));
      await until(() => taken.length === 2);
      if (how === "killed") await redis.kill();
      else await proxy.set("swallow");
      const startedAt = performance.now();
      await consumer.pause();
      await consumer.close(300);
      await queue.close();
      expect(performance.now() - startedAt).toBeLessThan(25_000);

      // Nobody is left who would connect again. That something does not happen can only be seen by waiting for it.
      await proxy.set("cut");
      await proxy.set("swallow");
      await pause(3 * FAST.reconnectMaxMs);
      expect(proxy.connections()).toBe(0);
    } finally {
      await proxy.close();
    }
    await watch.expectNothingLeft();
    if (how === "killed") await redis.restart();
  });
});
