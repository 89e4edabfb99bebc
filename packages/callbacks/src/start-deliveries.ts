import { setMaxListeners } from "node:events";
import { type DeliveryStore, type Log, StoreUnavailableError, type TakenDelivery } from "@millrace/core";
import { createAlarm } from "./alarm.ts";
import { type AttemptNeeds, attemptDelivery } from "./attempt.ts";
import { persistRecord } from "./persist-record.ts";
import { DELIVERY_TIMINGS, type DeliveryTimings } from "./timings.ts";

export interface DeliveriesNeeds extends Omit<AttemptNeeds, "timings"> {
  readonly store: DeliveryStore;
  readonly log: Log;
  readonly timings?: DeliveryTimings;
}

export interface DeliveriesState {
  readonly underWay: number;
  readonly delivered: number;
  /** Attempts that failed, the last of a delivery included. */
  readonly failed: number;
  readonly exhausted: number;
  /** Whether the last look for due deliveries got an answer. */
  readonly isStoreUp: boolean;
}

export interface Deliveries {
  /**
   * Takes nothing more, gives attempts under way `softMs` to end and breaks the rest off, which others may repeat at
   * once. Resolves `hardMs` later at the latest; false when something was broken off.
   */
  stop(limits: { readonly softMs: number; readonly hardMs: number }): Promise<boolean>;
  state(): DeliveriesState;
}

/** Longest wait between two looks while Postgres is away. */
const MAX_OUTAGE_WAIT_MS = 5_000;

/**
 * Hands callbacks over to their receivers until stopped. Any number of pumps may run: rows are taken under a lease that
 * nobody else takes, and a pump that dies leaves its attempts to the others.
 */
export function startDeliveries(needs: DeliveriesNeeds): Deliveries {
  const { store, log } = needs;
  const timings = needs.timings ?? DELIVERY_TIMINGS;
  const stopping = new AbortController();
  const cutting = new AbortController();
  // one for each attempt under way
  setMaxListeners(0, cutting.signal);
  const alarm = createAlarm();
  const tasks = new Set<Promise<void>>();
  const perEndpoint = new Map<string, number>();
  const counts = { delivered: 0, failed: 0, exhausted: 0, brokenOff: 0 };
  let isStoreUp = true;

  const deliver = async (delivery: TakenDelivery): Promise<void> => {
    const record = stopping.signal.aborted
      ? undefined
      : await attemptDelivery(delivery, { ...needs, timings }, cutting.signal);
    if (record === undefined) {
      counts.brokenOff++;
      return store.giveBack([delivery]);
    }
    const limits = { maxAttempts: timings.retry.attempts, disableAfter: timings.disableAfter };
    const answer = await persistRecord(() => store.record(record, limits), { log, signal: cutting.signal });
    if (answer === undefined) {
      counts.brokenOff++;
      return;
    }
    if (record.outcome === "delivered") counts.delivered++;
    else counts.failed++;
    if (answer.status === "exhausted") counts.exhausted++;
    note(delivery, record.error, answer);
  };

  const note = (
    { id, job, endpointId, attempt }: TakenDelivery,
    error: string | null,
    { status, isEndpointDisabled }: Awaited<ReturnType<DeliveryStore["record"]>>,
  ): void => {
    const about = { job_id: job.id, delivery_id: id, endpoint_id: endpointId, attempt };
    if (error === null) log.debug(about, "callback delivered");
    else
      log.warn({ ...about, error, status }, status === "exhausted" ? "callback exhausted" : "callback attempt failed");
    if (isEndpointDisabled) log.error({ endpoint_id: endpointId, error }, "callback endpoint disabled");
  };

  const begin = (delivery: TakenDelivery): void => {
    const { endpointId } = delivery;
    perEndpoint.set(endpointId, (perEndpoint.get(endpointId) ?? 0) + 1);
    const task = deliver(delivery)
      .catch((err: unknown) => log.warn({ err, delivery_id: delivery.id }, "callback left to the end of its lease"))
      .finally(() => {
        const left = (perEndpoint.get(endpointId) ?? 1) - 1;
        if (left === 0) perEndpoint.delete(endpointId);
        else perEndpoint.set(endpointId, left);
        tasks.delete(task);
        alarm.ring();
      });
    tasks.add(task);
  };

  const look = async (): Promise<void> => {
    const room = timings.concurrency - tasks.size;
    if (room <= 0) return;
    const taken = await store.take({
      limit: room,
      perEndpoint: timings.perEndpoint,
      underWay: new Map(perEndpoint),
      leaseMs: timings.leaseMs,
    });
    for (const delivery of taken) begin(delivery);
  };

  const loop = async (): Promise<void> => {
    for (let failures = 0; !stopping.signal.aborted; ) {
      let waitMs = timings.pollMs;
      try {
        await look();
        failures = 0;
        isStoreUp = true;
      } catch (err) {
        failures++;
        isStoreUp = !(err instanceof StoreUnavailableError);
        waitMs = Math.min(MAX_OUTAGE_WAIT_MS, timings.pollMs * 2 ** Math.min(failures, 10));
        log.warn({ err }, "looking for due callbacks failed");
      }
      await alarm.wait(waitMs);
    }
  };
  const running = loop();

  const ended = async (): Promise<void> => {
    await running;
    while (tasks.size > 0) await Promise.all(tasks);
  };

  return {
    state: () => {
      const { delivered, failed, exhausted } = counts;
      return { underWay: tasks.size, delivered, failed, exhausted, isStoreUp };
    },
    async stop({ softMs, hardMs }) {
      stopping.abort();
      alarm.ring();
      const over = ended();
      if (!(await isWithin(over, softMs))) {
        cutting.abort(new Error("the pump stops"));
        await isWithin(over, hardMs);
      }
      return counts.brokenOff === 0 && tasks.size === 0;
    },
  };
}

async function isWithin(work: Promise<void>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, ms, false);
  });
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
