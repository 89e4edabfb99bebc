import type { WorkerOptions } from "bullmq";
import type { QueueTimings } from "./queue-timings.ts";

interface LaneWorkerSettings {
  readonly timings: QueueTimings;
  readonly concurrency: number;
  /** How many completed tickets are kept for the board. */
  readonly completedKept: number;
}

/** Settings of a lane's worker. */
export function laneWorkerOptions(settings: LaneWorkerSettings): Omit<WorkerOptions, "connection"> {
  const { timings, concurrency, completedKept } = settings;
  return {
    concurrency,
    lockDuration: timings.lockMs,
    stalledInterval: timings.stalledCheckMs,
    drainDelay: timings.idleReadMs / 1_000,
    // While a rate limit holds: how soon it is looked at again, since it may be lifted.
    maximumRateLimitDelay: timings.idleReadMs,
    runRetryDelay: timings.retryMs,
    // Crashes are counted in Postgres. With BullMQ's default of 1 the second lost worker would fail the ticket for good.
    maxStalledCount: 1_000_000,
    // For the board only: history is in Postgres. Ages are in seconds.
    removeOnComplete: { age: 3_600, count: completedKept },
    removeOnFail: { age: 86_400, count: 2_000 },
  };
}
