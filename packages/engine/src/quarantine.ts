/** What holds the only place there is for it, until it leaves. */
export interface Quarantine {
  /** Whether there was room. */
  enter(jobId: string): boolean;
  leave(jobId: string): void;
}

/**
 * At most one stage that lost its worker before runs in a process. When the process dies again, the one that ran is the
 * suspect: the others were not there, and are not failed with `WORKER_LOST` for what it does.
 */
export function createQuarantine(): Quarantine {
  let inside: string | undefined;
  return {
    enter(jobId) {
      if (inside !== undefined && inside !== jobId) return false;
      inside = jobId;
      return true;
    },
    leave(jobId) {
      if (inside === jobId) inside = undefined;
    },
  };
}
