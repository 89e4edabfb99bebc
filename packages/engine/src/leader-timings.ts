export interface LeaderTimings {
  /** Between two rounds. */
  readonly tickMs: number;
  /** How long leadership lasts without being renewed. */
  readonly leaseMs: number;
  /** Between the end of one reconciler pass and the next. */
  readonly reconcileEveryMs: number;
  /** A ticket younger than this may still be on its way. */
  readonly reconcileGraceMs: number;
  readonly sweepCancelsEveryMs: number;
  /** After an outage of Postgres, how long live workers have to extend their leases before one that is over counts. */
  readonly outageGraceMs: number;
  /** How long a worker may hold a ticket without making a claim of it. */
  readonly unclaimedMs: number;
  /** How often limits are put to the queue again although nothing is known to have changed. */
  readonly reapplyLimitsEveryMs: number;
}

/** The leader's timings follow the claims' lease: nothing can be taken from a dead worker before that is over. */
export function leaderTimings(claimLeaseMs: number): LeaderTimings {
  const quarter = claimLeaseMs / 4;
  return {
    tickMs: 250,
    leaseMs: Math.min(6_000, Math.max(1_500, 2 * quarter)),
    reconcileEveryMs: Math.min(2_000, quarter),
    reconcileGraceMs: Math.min(5_000, claimLeaseMs),
    sweepCancelsEveryMs: Math.min(2_000, quarter),
    // two heartbeats and the pause after a failed one
    outageGraceMs: 2 * quarter + 500,
    unclaimedMs: Math.max(5_000, 6 * quarter),
    reapplyLimitsEveryMs: 30_000,
  };
}
