import { setTimeout as sleep } from "node:timers/promises";
import { type Log, MillraceError } from "@millrace/core";

/**
 * Does again what failed because a store is away, for about `patienceMs` in all (A-Q01: that is no retry of the job).
 * Any other error, and the last one, comes back as it is.
 */
export async function whileAway<T>(
  act: () => Promise<T>,
  options: {
    readonly waitsMs: readonly number[];
    readonly patienceMs: number;
    readonly signal: AbortSignal;
    readonly log: Log;
    readonly jobId: string;
  },
): Promise<T> {
  const startedAt = performance.now();
  for (const waitMs of options.waitsMs) {
    try {
      return await act();
    } catch (error) {
      options.signal.throwIfAborted();
      const isPassing = error instanceof MillraceError && error.retry === "backoff";
      if (!isPassing || performance.now() - startedAt + waitMs > options.patienceMs) throw error;
      options.log.warn({ job_id: options.jobId, wait_ms: waitMs, code: error.code }, "the store is away, asking again");
      await sleep(waitMs, undefined, { signal: options.signal });
    }
  }
  return act();
}
