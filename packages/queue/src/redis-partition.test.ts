import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { ticketId } from "@millrace/core";
import {
  collectLogs,
  missing,
  type OwnRedis,
  ownRedis,
  redisProblem,
  type SwallowingProxy,
  swallowingProxy,
  until,
  watchLeftovers,
} from "@millrace/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type ConnectedQueue, connectQueue } from "./index.ts";
import { done, FAST, heldBack, someTicket, someTickets } from "./use-queue.contract.ts";

/** Above the limit set here (3 s a command) and far below "for ever". */
const BOUNDED_MS = 20_000;
const BUSY = { ...FAST, commandTimeoutMs: 3_000, socketTimeoutMs: 4_000 };
/** Nothing mends itself while a test looks. */
const PATIENT = { ...FAST, socketTimeoutMs: 120_000, lockMs: 30_000 };

const entry = { jobId: randomUUID(), stage: "fetch", fence: 1, settlement: {} };
const limits = { lane: "io", isPaused: false, concurrency: 7, rateLimit: null } as const;

const CALLS: Record<string, (queue: ConnectedQueue) => Promise<unknown>> = {
  ping: (queue) => queue.ping(1_000),
  add: (queue) => queue.add(someTickets(3)),
  "add many": (queue) => queue.add(someTickets(1_500)),
  states: (queue) => queue.states(someTickets(3)),
  counts: (queue) => queue.counts("io"),
  list: (queue) => queue.list("io")[Symbol.asyncIterator]().next(),
  discard: (queue) => queue.discard([{ id: ticketId(someTicket()), lane: "io", state: "waiting", body: null }]),
  incarnation: (queue) => queue.incarnation(),
  limits: (queue) => queue.limits("io"),
  applyLimits: (queue) => queue.applyLimits(limits),
  "spool.put": (queue) => queue.spool!.put(entry),
  "spool.find": (queue) => queue.spool!.find(entry.jobId, entry.stage),
  "spool.remove": (queue) => queue.spool!.remove(entry.jobId, entry.stage),
  checkServer: (queue) => queue.checkServer(),
};

/** How each call ends: `answered`, `refused`, or `hangs` when it does not end in time. */
async function endings(queue: ConnectedQueue): Promise<Record<string, string>> {
  const endingOf = async (call: (queue: ConnectedQueue) => Promise<unknown>): Promise<string> => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<string>((resolve) => {
      timer = setTimeout(resolve, BOUNDED_MS, "hangs");
    });
    const ended = call(queue).then(
      () => "answered",
      () => "refused",
    );
    const ending = await Promise.race([ended, late]);
    clearTimeout(timer);
    return ending;
  };
  const found = await Promise.all(
    Object.entries(CALLS).map(async ([name, call]) => [name, await endingOf(call)] as const),
  );
  return Object.fromEntries(found);
}

const all = (ending: string): Record<string, string> =>
  Object.fromEntries(Object.keys(CALLS).map((name) => [name, ending]));

async function untilAll(queue: ConnectedQueue, ending: string): Promise<void> {
  let found: Record<string, string> = {};
  const isSo = async (): Promise<boolean> => {
    found = await endings(queue);
    return isDeepStrictEqual(found, all(ending));
  };
  await until(isSo, { timeoutMs: 45_000, message: () => `every call being ${ending}: ${JSON.stringify(found)}` });
}

describe.skipIf(missing("redis", redisProblem()))("between the queue and Redis", () => {
  let redis: OwnRedis;
  let proxy: SwallowingProxy;
  let opened: ConnectedQueue[];

  async function connect(redisUrl: string, timings = FAST): Promise<ConnectedQueue> {
    const queue = await connectQueue({ redisUrl }, { role: "worker", log: collectLogs().log, timings });
    opened.push(queue);
    return queue;
  }

  const connectThrough = (timings = FAST): Promise<ConnectedQueue> => connect(proxy.through(redis.url()), timings);

  beforeEach(async () => {
    redis = await ownRedis();
    proxy = await swallowingProxy({ port: Number(new URL(redis.url()).port) });
    opened = [];
  });

  afterEach(async () => {
    await Promise.all(opened.map((queue) => queue.close()));
    await proxy.close();
    await redis.remove();
  });

  test.each(["swallow", "half_open", "refuse", "cut"] as const)(
    "%s: every call ends within its limit, and all work again when it has healed",
    async (mode) => {
      const queue = await connectThrough(BUSY);
      await untilAll(queue, "answered");
      await proxy.set(mode);
      expect(await endings(queue)).toEqual(all("refused"));
      await proxy.set("pass");
      await untilAll(queue, "answered");
      expect(await queue.limits("io")).toEqual(limits);
    },
    120_000,
  );

  test("connecting through a network that swallows packets does not wait for it, and works when it has healed", async () => {
    await proxy.set("swallow");
    const queue = await connectThrough(BUSY);
    expect(await endings(queue)).toEqual(all("refused"));
    await proxy.set("pass");
    await untilAll(queue, "answered");
  }, 120_000);

  test("a loop whose connections are dead says so; made anew it fetches, with the old one's tickets in hand", async () => {
    const direct = await connect(redis.url());
    const queue = await connectThrough(PATIENT);
    const seen: string[] = [];
    const held = someTicket();
    const { answer, release } = heldBack();
    const consumer = queue.consume("io", {
      concurrency: 5,
      async work({ jobId }) {
        seen.push(jobId);
        return jobId === held.jobId ? answer : done;
      },
    });
    await direct.add([held]);
    await until(() => seen.length === 1);
    await proxy.set("swallow");
    await until(() => consumer.state().msSinceFetch > 6 * PATIENT.idleReadMs, { timeoutMs: 20_000 });
    await proxy.set("pass");
    const next = someTicket();
    await direct.add([next]);
    await until(() => consumer.state().msSinceFetch > 9 * PATIENT.idleReadMs, { timeoutMs: 20_000 });
    expect(seen).toEqual([held.jobId]);

    consumer.rebuild();
    await until(() => seen.includes(next.jobId));
    await until(() => consumer.state().msSinceFetch < 2 * PATIENT.idleReadMs);
    expect(consumer.state().inHand).toBe(1);
    release();
    await until(() => consumer.state().inHand === 0);
    await until(async () => (await direct.states([next]))[0] === "finished");
  }, 60_000);

  test("loops made anew while Redis is away wait for it and leave nothing behind", async () => {
    const watch = watchLeftovers();
    const queue = await connectThrough();
    const seen: string[] = [];
    const consumer = queue.consume("io", {
      concurrency: 2,
      async work({ jobId }) {
        seen.push(jobId);
        return done;
      },
    });
    await queue.add([someTicket()]);
    await until(() => seen.length === 1);
    for (const mode of ["refuse", "swallow", "cut"] as const) {
      await proxy.set(mode);
      await until(() => consumer.state().msSinceFetch > 4 * FAST.idleReadMs, { timeoutMs: 20_000 });
      consumer.rebuild();
      consumer.rebuild();
      await proxy.set("pass");
      await until(() => consumer.state().msSinceFetch < FAST.idleReadMs, { timeoutMs: 20_000 });
      const ticket = someTicket();
      await until(() => queue.add([ticket]).then(() => true), { timeoutMs: 20_000 });
      await until(() => seen.includes(ticket.jobId), { timeoutMs: 20_000 });
    }
    await proxy.set("refuse");
    consumer.rebuild();
    await queue.close();
    await proxy.close();
    // Timers of connections that were given up run out by themselves, at the latest with the socket's time limit.
    await watch.expectNothingLeft(20_000);
  }, 120_000);
});
