import type { JobStore, Log, TicketDue, TicketQueue } from "@millrace/core";

export interface ReconcileStep {
  /** Tickets younger than this may still be on their way into the queue. */
  readonly graceMs: number;
  /** False right after an outage of Postgres: live workers have not had the time to extend their leases. */
  readonly withLeasesOver: boolean;
  readonly now: Date;
}

export interface Reconciler {
  /** Looks at one page of jobs that should have a live ticket and gives new ones to those that have none. `isLast` ends a pass. */
  step(how: ReconcileStep): Promise<{ readonly seen: number; readonly repaired: number; readonly isLast: boolean }>;
  /** The next step begins a new pass. */
  restart(): void;
}

export interface ReconcilerNeeds {
  readonly store: JobStore;
  readonly queue: TicketQueue;
  readonly log: Log;
  readonly pageSize: number;
  /** A ticket that a worker took and has not made a claim of for this long will not become one. */
  readonly unclaimedMs: number;
}

/**
 * Compares levels: a row says it should have a ticket, the queue says whether it has one. It does not matter why one is
 * missing (an add that failed, a worker that died, an emptied Redis). A ticket the queue keeps as finished counts as
 * missing, since the row is not finished; and one in the hands of a worker whose lease is over counts as missing, since
 * that worker is dead or cut off from Postgres, however well it gets on with the queue.
 */
export function createReconciler({ store, queue, log, pageSize, unclaimedMs }: ReconcilerNeeds): Reconciler {
  let afterSeq = 0;
  /** When a ticket was first seen in a worker's hands without a claim. */
  let unclaimed = new Map<string, number>();
  let stillUnclaimed = new Map<string, number>();

  const isLost = (due: TicketDue, state: string | undefined, now: number): boolean => {
    if (state === "waiting") return false;
    if (state !== "held" || due.isLeaseOver) return true;
    const id = `${due.ticket.jobId} ${due.ticket.dispatchNo}`;
    const since = unclaimed.get(id) ?? now;
    stillUnclaimed.set(id, since);
    return now - since >= unclaimedMs;
  };

  const beginPass = (): void => {
    afterSeq = 0;
    unclaimed = stillUnclaimed;
    stillUnclaimed = new Map();
  };

  return {
    restart: beginPass,
    async step({ graceMs, withLeasesOver, now }) {
      const due = await store.listTicketsDue({ afterSeq, limit: pageSize, graceMs, withLeasesOver });
      const states = due.length === 0 ? [] : await queue.states(due.map((d) => d.ticket));
      const lost = due.filter((d, i) => isLost(d, states[i], now.getTime()));
      const isLast = due.length < pageSize;
      if (isLast) beginPass();
      else afterSeq = due.at(-1)?.ticket.seq ?? 0;
      if (lost.length === 0) return { seen: due.length, repaired: 0, isLast };
      const tickets = await store.redispatch(lost);
      await queue.add(tickets);
      log.warn({ seen: due.length, repaired: tickets.length }, "reconciled: tickets were missing");
      return { seen: due.length, repaired: tickets.length, isLast };
    },
  };
}
