/** How often a stage is tried and how long it waits in between. */
export interface RetryPolicy {
  /** Tries in all; 1 means no retry. */
  readonly attempts: number;
  /** Wait before the second try. */
  readonly baseMs: number;
  readonly factor: number;
  readonly maxMs: number;
  /** Instead of base and factor: the wait before each retry; the last one repeats. */
  readonly waitsMs?: readonly number[];
  /** Share of the wait added at random, 0 to 1. */
  readonly jitter: number;
  /** Share of the wait taken away at random, 0 to 1; 0 unless said. */
  readonly jitterDown?: number;
}

/** One try only (A-Q01: domain retries of content are an explicit reprocess). */
export const NO_RETRY: RetryPolicy = { attempts: 1, baseMs: 0, factor: 1, maxMs: 0, jitter: 0 };

/** Milliseconds to wait before try number `attempt` (2 is the first retry). `random` is in [0, 1). */
export function delayBeforeAttempt(policy: RetryPolicy, attempt: number, random: number): number {
  const retry = Math.max(0, attempt - 2);
  const listed = policy.waitsMs?.[Math.min(retry, policy.waitsMs.length - 1)];
  const wait = Math.min(policy.maxMs, listed ?? policy.baseMs * policy.factor ** retry);
  const down = policy.jitterDown ?? 0;
  return Math.round(wait * (1 - down + (down + policy.jitter) * random));
}
