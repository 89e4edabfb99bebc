/** How often a stage is tried and how long it waits in between. */
export interface RetryPolicy {
  /** Tries in all; 1 means no retry. */
  readonly attempts: number;
  /** Wait before the second try. */
  readonly baseMs: number;
  readonly factor: number;
  readonly maxMs: number;
  /** Share of the wait added at random, 0 to 1. */
  readonly jitter: number;
}

/** One try only (A-Q01: domain retries of content are an explicit reprocess). */
export const NO_RETRY: RetryPolicy = { attempts: 1, baseMs: 0, factor: 1, maxMs: 0, jitter: 0 };

/** Milliseconds to wait before try number `attempt` (2 is the first retry). `random` is in [0, 1). */
export function delayBeforeAttempt(policy: RetryPolicy, attempt: number, random: number): number {
  const exponent = Math.max(0, attempt - 2);
  const wait = Math.min(policy.maxMs, policy.baseMs * policy.factor ** exponent);
  return Math.round(wait * (1 + policy.jitter * random));
}
