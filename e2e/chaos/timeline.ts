import type { LinkMode, Store } from "./plan-faults.ts";

/** One process from its start to its end. Times are milliseconds of the machine's clock. */
export interface Life {
  readonly member: string;
  readonly pid: number;
  readonly startedAt: number;
  readyAt: number | undefined;
  endedAt: number | undefined;
  /** `kill`: by the harness. `stop`: asked to by the harness. `exit`: by itself, or by a stage. */
  endedBy: "kill" | "stop" | "exit" | undefined;
  exitCode: number | NodeJS.Signals | null;
  readonly frozen: Span[];
}

export interface Span {
  readonly from: number;
  to: number;
}

export interface LinkTrouble extends Span {
  readonly member: string;
  readonly store: Store;
  readonly mode: LinkMode;
}

export interface Outage extends Span {
  readonly store: Store;
}

/** What really went wrong, and when: the invariants ask it what a repeated stage may be blamed on. */
export interface Timeline {
  readonly lives: Life[];
  readonly links: LinkTrouble[];
  readonly outages: Outage[];
  /** When Redis forgot something: everything, the time since an old copy, or the last second. */
  readonly redisLosses: number[];
}

export const emptyTimeline = (): Timeline => ({ lives: [], links: [], outages: [], redisLosses: [] });

export const overlaps = (span: Span, from: number, to: number): boolean => span.from <= to && span.to >= from;
