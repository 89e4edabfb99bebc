import type { RunRecord } from "./run-record.ts";

export interface Violation {
  readonly message: string;
  /** Whose history and log lines explain it. */
  readonly jobId?: string;
}

export interface Verdict {
  /** How many things were looked at: none is no proof. */
  readonly checked: number;
  readonly violations: readonly Violation[];
}

/** A sentence of the promise, and how to find out whether a run kept it. */
export interface Invariant {
  readonly name: string;
  readonly check: (run: RunRecord) => Verdict;
}
