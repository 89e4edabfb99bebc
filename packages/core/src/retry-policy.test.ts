import fc from "fast-check";
import { expect, test } from "vitest";
import { delayBeforeAttempt, NO_RETRY, type RetryPolicy } from "./retry-policy.ts";

const policies: fc.Arbitrary<RetryPolicy> = fc.record({
  attempts: fc.integer({ min: 1, max: 50 }),
  baseMs: fc.integer({ min: 0, max: 3_600_000 }),
  factor: fc.double({ min: 1, max: 10, noNaN: true }),
  maxMs: fc.integer({ min: 0, max: 86_400_000 }),
  jitter: fc.double({ min: 0, max: 1, noNaN: true }),
});
const attempts = fc.integer({ min: 2, max: 50 });
const randoms = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test("D-3 waits 30 s, 2 min, 8 min before tries 2, 3 and 4 of the documented policy", () => {
  const policy: RetryPolicy = { attempts: 4, baseMs: 30_000, factor: 4, maxMs: 480_000, jitter: 0 };
  expect([2, 3, 4].map((attempt) => delayBeforeAttempt(policy, attempt, 0))).toEqual([30_000, 120_000, 480_000]);
});

test("A-Q01 D-3 the content policy tries once", () => {
  expect(NO_RETRY.attempts).toBe(1);
});

test("a wait is a whole number between nothing and the maximum plus its jitter", () => {
  fc.assert(
    fc.property(policies, attempts, randoms, (policy, attempt, random) => {
      const wait = delayBeforeAttempt(policy, attempt, random);
      expect(Number.isInteger(wait)).toBe(true);
      expect(wait).toBeGreaterThanOrEqual(0);
      expect(wait).toBeLessThanOrEqual(Math.ceil(policy.maxMs * (1 + policy.jitter)));
    }),
  );
});

test("without jitter a later try never waits less", () => {
  fc.assert(
    fc.property(policies, attempts, (policy, attempt) => {
      expect(delayBeforeAttempt(policy, attempt + 1, 0)).toBeGreaterThanOrEqual(delayBeforeAttempt(policy, attempt, 0));
    }),
  );
});

test("jitter only ever adds", () => {
  fc.assert(
    fc.property(policies, attempts, randoms, (policy, attempt, random) => {
      expect(delayBeforeAttempt(policy, attempt, random)).toBeGreaterThanOrEqual(
        delayBeforeAttempt(policy, attempt, 0),
      );
    }),
  );
});

test("C-Q14 listed waits of 1, 5, 15 and 60 minutes, each up to a tenth more or less", () => {
  const waitsMs = [1, 5, 15, 60].map((minutes) => minutes * 60_000);
  const policy: RetryPolicy = {
    attempts: 5,
    baseMs: 0,
    factor: 1,
    maxMs: 3_600_000,
    waitsMs,
    jitter: 0.1,
    jitterDown: 0.1,
  };
  expect([2, 3, 4, 5].map((attempt) => delayBeforeAttempt(policy, attempt, 0.5))).toEqual(waitsMs);
  expect(delayBeforeAttempt(policy, 9, 0.5)).toBe(3_600_000);
  fc.assert(
    fc.property(attempts, randoms, (attempt, random) => {
      const share = delayBeforeAttempt(policy, attempt, random) / delayBeforeAttempt(policy, attempt, 0.5);
      expect(share).toBeGreaterThanOrEqual(0.9);
      expect(share).toBeLessThanOrEqual(1.1);
    }),
  );
});
