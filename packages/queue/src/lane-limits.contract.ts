import { setTimeout as pause } from "node:timers/promises";
import type { LaneLimits, TicketAnswer } from "@millrace/core";
import { until } from "@millrace/testing";
import { describe, expect, test } from "vitest";
import {
  FAST,
  heldBack,
  LONG_LOCKS,
  type QueuePlace,
  someTicket,
  someTickets,
  useQueue,
} from "./use-queue.contract.ts";

const NO_LIMITS: LaneLimits = { lane: "io", isPaused: false, concurrency: null, rateLimit: null };
const paused: LaneLimits = { ...NO_LIMITS, isPaused: true };
const never = (): Promise<TicketAnswer> => new Promise(() => {});

/** That nothing is fetched can only be seen by waiting for it: idle workers have asked twice by then. */
const untilAskedAgain = (): Promise<void> => pause(2.5 * FAST.idleReadMs);

/** What an operator's limits must do to all workers of a lane. */
export function laneLimitsContract(title: string, place: () => Promise<QueuePlace>): void {
  describe(title, () => {
    const { current, connect, record, isIdle } = useQueue(place);

    test("a lane has none at first, tells what was applied however often, and null removes it", async () => {
      const { queue } = current();
      expect(await queue.limits("io")).toEqual(NO_LIMITS);
      const limits: LaneLimits = {
        lane: "io",
        isPaused: true,
        concurrency: 3,
        rateLimit: { max: 100, durationMs: 1_000 },
      };
      for (let i = 0; i < 3; i++) await queue.applyLimits(limits);
      expect(await queue.limits("io")).toEqual(limits);
      expect(await queue.limits("cpu")).toEqual({ ...NO_LIMITS, lane: "cpu" });

      await queue.applyLimits({ ...limits, isPaused: false, concurrency: 4 });
      expect(await queue.limits("io")).toEqual({ ...limits, isPaused: false, concurrency: 4 });
      for (let i = 0; i < 2; i++) await queue.applyLimits(NO_LIMITS);
      expect(await queue.limits("io")).toEqual(NO_LIMITS);
    });

    test.each([
      ["concurrency", { concurrency: 0 }],
      ["concurrency", { concurrency: 1.5 }],
      ["rateLimit.max", { rateLimit: { max: -1, durationMs: 1_000 } }],
      ["rateLimit.durationMs", { rateLimit: { max: 1, durationMs: 0 } }],
    ])("a limit that is no whole number above 0 is refused by the name of %s", async (field, wrong) => {
      const { queue } = current();
      const refusal = queue.applyLimits({ ...NO_LIMITS, ...wrong });
      await expect(refusal).rejects.toMatchObject({ code: "VALIDATION_FAILED", details: { field } });
      expect(await queue.limits("io")).toEqual(NO_LIMITS);
    });

    test("a paused lane gives out nothing of what waits or is added, and shows it as waiting; resumed it goes on", async () => {
      const { queue } = current();
      const [before, meanwhile] = [someTicket(), someTicket()];
      await queue.add([before]);
      await queue.applyLimits(paused);
      const { seen } = record(queue);
      await queue.add([meanwhile]);
      await untilAskedAgain();
      expect(seen).toEqual([]);
      expect(await queue.counts("io")).toEqual({ waiting: 2, active: 0, delayed: 0 });
      expect(await queue.states([before, meanwhile])).toEqual(["waiting", "waiting"]);

      await queue.applyLimits(NO_LIMITS);
      await until(isIdle);
      expect(seen).toHaveLength(2);
    });

    test("a worker that ends a ticket in a paused lane gets no other, and an idle one hears of the resume", async () => {
      const { queue } = current();
      const { answer, release } = heldBack();
      const { seen } = record(queue, () => answer, 1);
      await queue.add(someTickets(3));
      await until(() => seen.length === 1);
      await queue.applyLimits(paused);
      release();
      await until(async () => (await queue.counts("io")).active === 0);
      await untilAskedAgain();
      expect(seen).toHaveLength(1);

      await queue.applyLimits(NO_LIMITS);
      await until(isIdle);
      expect(seen).toHaveLength(3);
    });

    test("a paused lane's workers go on asking", async () => {
      const { queue } = current();
      await queue.add([someTicket()]);
      await queue.applyLimits(paused);
      const { consumer } = record(queue);
      await untilAskedBack(consumer.state);
    });

    test("the limit of tickets in hand holds over all workers; wider, more come, and null lets the rest through", async () => {
      const { queue } = current();
      await queue.applyLimits({ ...NO_LIMITS, concurrency: 2 });
      await queue.add(someTickets(6));
      const workers = [record(await connect(LONG_LOCKS), never, 5), record(await connect(LONG_LOCKS), never, 5)];
      const inHand = (): number => workers.reduce((sum, { seen }) => sum + seen.length, 0);
      await until(() => inHand() === 2);
      await untilAskedAgain();
      expect(inHand()).toBe(2);

      await queue.applyLimits({ ...NO_LIMITS, concurrency: 4 });
      await until(() => inHand() === 4);
      await untilAskedAgain();
      expect(inHand()).toBe(4);

      await queue.applyLimits(NO_LIMITS);
      await until(() => inHand() === 6);
    });

    test("a lane at its limit goes on as tickets end", async () => {
      const { queue } = current();
      await queue.applyLimits({ ...NO_LIMITS, concurrency: 1 });
      const workers = [record(queue), record(await connect())];
      await queue.add(someTickets(20));
      await until(isIdle);
      expect(workers[0]!.seen.length + workers[1]!.seen.length).toBe(20);
    });

    test("no more tickets than the rate allows are fetched, until it is lifted", async () => {
      const { queue } = current();
      await queue.applyLimits({ ...NO_LIMITS, rateLimit: { max: 3, durationMs: 3_600_000 } });
      await queue.add(someTickets(8));
      const { seen, consumer } = record(await connect(LONG_LOCKS), never);
      await until(() => seen.length === 3);
      await untilAskedAgain();
      expect(seen).toHaveLength(3);
      await untilAskedBack(consumer.state);

      await queue.applyLimits({ ...NO_LIMITS, rateLimit: { max: 2, durationMs: 3_600_000 } });
      await until(() => seen.length === 5);
      await queue.applyLimits(NO_LIMITS);
      await until(() => seen.length === 8);
    });

    test("the next window's tickets come although none in hand ends", async () => {
      const { queue } = current();
      await queue.applyLimits({ ...NO_LIMITS, rateLimit: { max: 2, durationMs: 200 } });
      await queue.add(someTickets(6));
      const { seen } = record(await connect(LONG_LOCKS), never);
      await until(() => seen.length === 6);
    });
  });
}

/** The fetch loop comes back from the queue again and again. */
async function untilAskedBack(state: () => { readonly msSinceFetch: number }): Promise<void> {
  let last = 0;
  let times = 0;
  await until(() => {
    const { msSinceFetch } = state();
    if (msSinceFetch < last) times += 1;
    last = msSinceFetch;
    return times >= 3;
  });
}
