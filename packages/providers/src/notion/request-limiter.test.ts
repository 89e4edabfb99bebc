import { settableClock } from "@millrace/testing";
import fc from "fast-check";
import { expect, it } from "vitest";
import { createRequestLimiter } from "./request-limiter.ts";

/** Time that passes only while somebody waits. */
function line(perSecond = 3) {
  const clock = settableClock();
  const start = clock.now().getTime();
  const elapsed = (): number => clock.now().getTime() - start;
  const limiter = createRequestLimiter({
    perSecond,
    clock,
    wait: async (ms) => {
      clock.advance(ms);
    },
  });
  return { clock, limiter, elapsed };
}

it("C2.5 lets three begin at once and queues the others, in their order", async () => {
  const { limiter, elapsed } = line();
  const turns: [number, number][] = [];
  await Promise.all([0, 1, 2, 3, 4, 5, 6].map((who) => limiter.enter().then(() => turns.push([who, elapsed()]))));
  expect(turns).toEqual([
    [0, 0],
    [1, 0],
    [2, 0],
    [3, 1_000],
    [4, 1_000],
    [5, 1_000],
    [6, 2_000],
  ]);
});

it("C2.5 never lets more than three begin within any second, whenever they come", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 900 }), { maxLength: 30 }), async (gaps) => {
      const { clock, limiter, elapsed } = line();
      const begun: number[] = [];
      for (const gap of gaps) {
        clock.advance(gap);
        await limiter.enter();
        begun.push(elapsed());
      }
      begun.forEach((at, i) => {
        expect(at - (begun[i - 3] ?? Number.NEGATIVE_INFINITY)).toBeGreaterThanOrEqual(1_000);
      });
    }),
  );
});

it("holds everybody back during a pause, and keeps the longer of two", async () => {
  const { limiter, elapsed } = line();
  limiter.pause(5_000);
  limiter.pause(2_000);
  expect(limiter.pausedMs()).toBe(5_000);
  await limiter.enter();
  expect(elapsed()).toBe(5_000);
  expect(limiter.pausedMs()).toBe(0);
});

it("gives the turn of somebody who left to the next one", async () => {
  const { limiter, elapsed } = line(1);
  await limiter.enter();
  const left = limiter.enter(AbortSignal.abort(new Error("gone")));
  const next = limiter.enter();
  await expect(left).rejects.toThrow("gone");
  await next;
  expect(elapsed()).toBe(1_000);
});
