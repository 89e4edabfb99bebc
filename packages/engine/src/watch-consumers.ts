import type { LaneConsumer, Log, TicketQueue } from "@millrace/core";

export interface WatchdogTimings {
  readonly everyMs: number;
  /** A loop with free slots that has not come back from the queue for this long is looked into. */
  readonly stallMs: number;
}

/** A healthy loop comes back at least every ten seconds, with or without a ticket. */
export const WATCHDOG_TIMINGS: WatchdogTimings = { everyMs: 5_000, stallMs: 30_000 };

export interface WatchdogNeeds {
  readonly consumers: readonly LaneConsumer[];
  readonly queue: Pick<TicketQueue, "counts" | "limits">;
  readonly log: Log;
  readonly timings: WatchdogTimings;
  /** A loop stays stuck although it was made anew: this process is of no use any more. */
  readonly onWedged: (lane: string) => void;
}

/**
 * Looks after fetch loops: work waits, slots are free, the queue answers others, and yet nothing is fetched. Such a loop
 * is made anew once; if that does not help, the process is given up. Call it every `everyMs`.
 */
export function watchConsumers({ consumers, queue, log, timings, onWedged }: WatchdogNeeds): () => Promise<void> {
  const rebuilt = new Set<LaneConsumer>();

  const look = async (consumer: LaneConsumer): Promise<void> => {
    if (!looksStuck(consumer, timings.stallMs)) {
      rebuilt.delete(consumer);
      return;
    }
    if (!(await hasWork(queue, consumer, timings.stallMs))) return;
    const fields = { lane: consumer.lane, ...consumer.state() };
    if (rebuilt.has(consumer)) {
      log.error(fields, "the fetch loop is still stuck");
      onWedged(consumer.lane);
    } else {
      log.error(fields, "work waits and nothing is fetched; the fetch loop is made anew");
      rebuilt.add(consumer);
      consumer.rebuild();
    }
  };

  return async () => {
    for (const consumer of consumers) {
      try {
        await look(consumer);
      } catch (error) {
        // a queue that answers nobody is an outage, and nothing to be mended here
        log.debug({ err: error, lane: consumer.lane }, "the lane could not be looked at");
      }
    }
  };
}

/** Whether the loop fetches, as far as can be seen from here. */
export function looksStuck(consumer: LaneConsumer, stallMs: number): boolean {
  const { isPaused, inHand, concurrency, msSinceFetch } = consumer.state();
  return !isPaused && inHand < concurrency && msSinceFetch >= stallMs;
}

/** Whether the queue would give this consumer something now, were it asked. */
async function hasWork(queue: WatchdogNeeds["queue"], consumer: LaneConsumer, stallMs: number): Promise<boolean> {
  const { waiting, active } = await queue.counts(consumer.lane);
  if (waiting === 0) return false;
  const { isPaused, concurrency, rateLimit } = await queue.limits(consumer.lane);
  if (isPaused || (concurrency !== null && active >= concurrency)) return false;
  return rateLimit === null || consumer.state().msSinceFetch >= stallMs + rateLimit.durationMs;
}
