import {
  type Clock,
  type JobStore,
  type LaneSetting,
  type Log,
  QueueUnavailableError,
  StoreUnavailableError,
  type TicketQueue,
} from "@millrace/core";
import { createLimitsKeeper } from "./apply-limits.ts";
import { pause } from "./backoff.ts";
import { type Chore, createChores } from "./chores.ts";
import { createDispatcher, MAX_PER_TICK } from "./dispatcher.ts";
import type { LeaderTimings } from "./leader-timings.ts";
import { type QueueMemory, watchQueueMemory } from "./queue-memory.ts";
import { createReconciler } from "./reconciler.ts";

const LEASE_NAME = "leader";
const RECONCILE_PAGE = 500;
const CANCEL_SWEEP = 200;
const GATE_SWEEP = 100;
const GATES_EVERY_MS = 1_000;

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
  readonly chores?: readonly Chore[];
}

/**
 * The duties somebody has to do once: dispatch, reconcile, apply lane limits, finish cancels whose worker died, chores. Whoever
 * holds the lease row does them; every statement stays correct if two do for a moment.
 */
export function startLeader(needs: LeaderNeeds): Leader {
  const { store, queue, clock, log, name, timings } = needs;
  const stopping = new AbortController();
  const dispatcher = createDispatcher({ store, queue, log });
  const limits = createLimitsKeeper({ queue, log });
  const chores = createChores(needs.chores ?? [], log);
  const lookAtQueue = watchQueueMemory(queue, log);
  const { unclaimedMs } = timings;
  const reconciler = createReconciler({ store, queue, log, pageSize: RECONCILE_PAGE, unclaimedMs });
  const isDue = {
    reconcile: every(timings.reconcileEveryMs),
    cancels: every(timings.sweepCancelsEveryMs),
    gates: every(GATES_EVERY_MS),
    limits: every(timings.reapplyLimitsEveryMs),
  };
  let epoch: number | undefined;
  let renewAt = 0;
  let leasesCountFrom = 0;
  let queueLastSeenAt = 0;
  let isBarredUntil = 0;

  const renew = async (now: number): Promise<void> => {
    renewAt = now + timings.leaseMs / 3;
    const held = now < isBarredUntil ? undefined : await store.acquireLeadership(LEASE_NAME, name, timings.leaseMs);
    if (held !== undefined && epoch === undefined) {
      log.info({ epoch: held }, "leading");
      // this process may not know of an outage that has just ended
      leasesCountFrom = now + timings.outageGraceMs;
      queueLastSeenAt = now;
    }
    if (held === undefined && epoch !== undefined) log.info({}, "no longer leading");
    epoch = held;
  };

  /** A leader that is cut off from the queue lets somebody else try. */
  const stepDown = async (now: number): Promise<void> => {
    isBarredUntil = now + 2 * timings.leaseMs;
    epoch = undefined;
    log.warn({}, "the queue has been away for too long; somebody else may lead");
    await store.releaseLeadership(LEASE_NAME, name);
  };

  /** Resolves with whether there is more to dispatch right now. */
  const round = async (): Promise<boolean> => {
    const now = clock.now().getTime();
    if (now >= renewAt) await renew(now);
    if (epoch === undefined) return false;
    const settings = await store.laneSettings();
    const memory = await lookAtQueue();
    if (memory !== "away") {
      queueLastSeenAt = now;
      await followQueue(memory, settings, now);
    } else if (now - queueLastSeenAt > timings.leaseMs) {
      await stepDown(now);
      return false;
    }
    const given = await dispatcher.tick(clock.now(), settings);
    chores.startDue(now);
    const areLeasesTrusted = now >= leasesCountFrom;
    if (areLeasesTrusted && isDue.cancels(now)) await store.finishExpiredCancels(CANCEL_SWEEP);
    if (isDue.gates(now)) await store.expireGates(GATE_SWEEP);
    if (memory !== "away" && isDue.reconcile(now)) await reconcilePass(timings.reconcileGraceMs, settings);
    return given >= MAX_PER_TICK;
  };

  const followQueue = async (memory: QueueMemory, settings: readonly LaneSetting[], now: number): Promise<void> => {
    await limits.apply(settings, memory !== "same" || isDue.limits(now));
    if (memory === "same") return;
    reconciler.restart();
    // in an emptied queue a ticket that is still on its way is at worst given twice, and the older one means nothing
    await reconcilePass(memory === "new" ? 0 : Math.min(500, timings.reconcileGraceMs), settings);
  };

  /** A whole pass, page by page, as long as this process leads. */
  const reconcilePass = async (graceMs: number, settings: readonly LaneSetting[]): Promise<void> => {
    for (;;) {
      const now = clock.now();
      const withLeasesOver = now.getTime() >= leasesCountFrom;
      const { isLast } = await reconciler.step({ graceMs, withLeasesOver, now });
      if (isLast || stopping.signal.aborted) return;
      epoch = await store.acquireLeadership(LEASE_NAME, name, timings.leaseMs);
      if (epoch === undefined) return;
      await dispatcher.tick(clock.now(), settings);
    }
  };

  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        if (await round()) continue;
      } catch (error) {
        if (isPostgresAway(error)) {
          // taken anew when it is back, with the grace that goes with that
          epoch = undefined;
          renewAt = 0;
        }
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
      await Promise.all([running, chores.stop()]);
      if (epoch === undefined) return;
      epoch = undefined;
      await store
        .releaseLeadership(LEASE_NAME, name)
        .catch((error: unknown) => log.debug({ err: error }, "leadership left to run out"));
    },
  };
}

const isPostgresAway = (error: unknown): boolean =>
  error instanceof StoreUnavailableError && !(error instanceof QueueUnavailableError);

/** True at most once per `ms`. */
function every(ms: number): (now: number) => boolean {
  let last = Number.NEGATIVE_INFINITY;
  return (now) => {
    if (now - last < ms) return false;
    last = now;
    return true;
  };
}
