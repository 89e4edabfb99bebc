import type { JobStore, Log, TicketQueue } from "@millrace/core";

export interface Reconciler {
  /** Looks at one page of jobs that should have a live ticket and gives new ones to those that have none. `isLast` ends a pass. */
  step(): Promise<{ readonly seen: number; readonly repaired: number; readonly isLast: boolean }>;
}

export interface ReconcilerNeeds {
  readonly store: JobStore;
  readonly queue: TicketQueue;
  readonly log: Log;
  readonly pageSize: number;
  /** A ticket younger than this may still be on its way into the queue. */
  readonly graceMs: number;
}

/**
 * Compares levels: a row says it should have a ticket, the queue says whether it has one. It does not matter why one is
 * missing (an add that failed, a worker that died, an emptied Redis). A ticket the queue keeps as finished counts as
 * missing, since the row is not finished.
 */
export function createReconciler({ store, queue, log, pageSize, graceMs }: ReconcilerNeeds): Reconciler {
  let afterSeq = 0;
  return {
    async step() {
      const due = await store.listTicketsDue({ afterSeq, limit: pageSize, graceMs });
      const isLast = due.length < pageSize;
      afterSeq = isLast ? 0 : (due.at(-1)?.ticket.seq ?? 0);
      if (due.length === 0) return { seen: 0, repaired: 0, isLast };
      const states = await queue.states(due.map((d) => d.ticket));
      const lost = due.filter((_, i) => states[i] !== "live");
      if (lost.length === 0) return { seen: due.length, repaired: 0, isLast };
      const tickets = await store.redispatch(lost);
      await queue.add(tickets);
      log.warn({ seen: due.length, repaired: tickets.length }, "reconciled: tickets were missing");
      return { seen: due.length, repaired: tickets.length, isLast };
    },
  };
}
