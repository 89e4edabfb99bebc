import { type Log, StoreUnavailableError } from "@millrace/core";
import { cappedBackoff, pause } from "./backoff.ts";

/** Longest wait between two tries while Postgres is away. */
const CAP_MS = 1_000;

/** Told when the store goes away and when it answers again. */
export interface StoreWatch {
  lost(): void;
  found(): void;
}

export type Persist = <T>(write: () => Promise<T>, until: AbortSignal) => Promise<T | undefined>;

/**
 * Repeats a store call until the store answers; every other error passes through. Undefined means `until` aborted first,
 * and nothing is known about the write. Safe because every statement of the store is.
 */
export function createPersist(log: Log, watch: StoreWatch): Persist {
  return async (write, until) => {
    for (let attempt = 0; ; attempt++) {
      try {
        const answer = await write();
        if (attempt > 0) watch.found();
        return answer;
      } catch (error) {
        if (!(error instanceof StoreUnavailableError)) throw error;
        if (attempt === 0) {
          watch.lost();
          log.warn({ err: error }, "Postgres does not answer; holding the work");
        }
        if (until.aborted) return undefined;
        await pause(cappedBackoff(attempt, CAP_MS), until);
      }
    }
  };
}
