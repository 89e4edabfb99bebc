import { type Clock, type JobStore, type Log, StoreUnavailableError, type TicketQueue } from "@millrace/core";
import { pause } from "./backoff.ts";
import { createDispatcher, MAX_PER_TICK } from "./dispatcher.ts";
import { createReconciler } from "./reconciler.ts";

export interface LeaderTimings {
  /** Between two dispatcher rounds. */
  readonly tickMs: number;
  /** How long leadership lasts without being renewed. */
  readonly leaseMs: number;
  /** Between the end of one reconciler pass and the next. */
  readonly reconcileEveryMs: number;
  /** A ticket younger than this may still be on its way. */
  readonly reconcileGraceMs: number;
  readonly sweepCancelsEveryMs: number;
}

export const LEADER_TIMINGS: LeaderTimings = {
  tickMs: 250,
  leaseMs: 6_000,
  reconcileEveryMs: 2_000,
  reconcileGraceMs: 5_000,
  sweepCancelsEveryMs: 2_000,
};

const LEASE_NAME = "leader";
const RECONCILE_PAGE = 500;
const CANCEL_SWEEP = 200;

export interface Leader {
  /** Whether this process did the duties in its last round. */
  isLeading(): boolean;
  stop(): Promise<void>;
}

export interface LeaderNeeds {
  readonly store: JobStore;
  readonly queue: TicketQueue;
  readonly clock: Clock;
  readonly log: Log;
  /** Who leads, for the lease row. */
  readonly name: string;
  readonly timings: LeaderTimings;
}

/**
 * The duties somebody has to do once: dispatch, reconcile, finish cancels whose worker died. Whoever holds the lease row
 * does them; every statement stays correct if two do for a moment.
 */
export function startLeader({ store, queue, clock, log, name, timings }: LeaderNeeds): Leader {
  const stopping = new AbortController();
  const dispatcher = createDispatcher({ store, queue, log });
  const reconciler = createReconciler({
    store,
    queue,
    log,
    pageSize: RECONCILE_PAGE,
    graceMs: timings.reconcileGraceMs,
  });
  const isDue = {
    renew: every(timings.leaseMs / 3),
    reconcile: every(timings.reconcileEveryMs),
    cancels: every(timings.sweepCancelsEveryMs),
  };
  let epoch: number | undefined;

  /** Resolves with whether there is more to dispatch right now. */
  const round = async (): Promise<boolean> => {
    const now = clock.now();
    if (isDue.renew(now)) {
      const held = await store.acquireLeadership(LEASE_NAME, name, timings.leaseMs);
      if (held !== undefined && epoch === undefined) log.info({ epoch: held }, "leading");
      if (held === undefined && epoch !== undefined) log.info({}, "no longer leading");
      epoch = held;
    }
    if (epoch === undefined) return false;
    const given = await dispatcher.tick(now);
    if (isDue.cancels(now)) await store.finishExpiredCancels(CANCEL_SWEEP);
    if (isDue.reconcile(now)) await reconcilePass();
    return given >= MAX_PER_TICK;
  };

  /** A whole pass, page by page, as long as this process leads. */
  const reconcilePass = async (): Promise<void> => {
    for (;;) {
      const { isLast } = await reconciler.step();
      if (isLast || stopping.signal.aborted) return;
      epoch = await store.acquireLeadership(LEASE_NAME, name, timings.leaseMs);
      if (epoch === undefined) return;
      await dispatcher.tick(clock.now());
    }
  };

  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        if (await round()) continue;
      } catch (error) {
        if (error instanceof StoreUnavailableError) epoch = undefined;
        log.warn({ err: error }, "leader round failed");
      }
      await pause(timings.tickMs, stopping.signal);
    }
  };
  const running = loop();

  return {
    isLeading: () => epoch !== undefined,
    async stop() {
      stopping.abort();
      await running;
      if (epoch === undefined) return;
      epoch = undefined;
      await store
        .releaseLeadership(LEASE_NAME, name)
        .catch((error: unknown) => log.debug({ err: error }, "leadership left to run out"));
    },
  };
}

/** True at most once per `ms`. */
function every(ms: number): (now: Date) => boolean {
  let last = Number.NEGATIVE_INFINITY;
  return (now) => {
    if (now.getTime() - last < ms) return false;
    last = now.getTime();
    return true;
  };
}
