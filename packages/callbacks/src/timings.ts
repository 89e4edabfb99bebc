import type { DeliveryLimits, RetryPolicy } from "@millrace/core";

export interface DeliveryTimings {
  /** Between two looks for due deliveries when there were none. */
  readonly pollMs: number;
  /** How long a taken delivery stays this pump's; longer than `timeoutMs` by what recording may take. */
  readonly leaseMs: number;
  /** For one attempt, from the look-up of the name to the end of the answer. */
  readonly timeoutMs: number;
  /** Attempts under way in this process. */
  readonly concurrency: number;
  /** And to one endpoint; a failing one gets one at a time. */
  readonly perEndpoint: number;
  readonly retry: RetryPolicy;
  /** A longer Retry-After is cut to this. */
  readonly maxRetryAfterMs: number;
  readonly disableAfter: DeliveryLimits["disableAfter"];
}

/** 3 attempts: at once, after 1 s, after 4 s more, 10 s each (A-Q12). */
export const DELIVERY_TIMINGS: DeliveryTimings = {
  pollMs: 250,
  leaseMs: 30_000,
  timeoutMs: 10_000,
  concurrency: 64,
  perEndpoint: 8,
  retry: { attempts: 3, baseMs: 1_000, factor: 4, maxMs: 60_000, jitter: 0.25 },
  maxRetryAfterMs: 3_600_000,
  disableAfter: { failures: 20, spanMs: 3_600_000 },
};
