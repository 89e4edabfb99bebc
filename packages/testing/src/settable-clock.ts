import type { Clock } from "@millrace/core";

export interface SettableClock extends Clock {
  set(instant: Date | string): void;
  advance(ms: number): void;
}

/** A clock that stands still until it is told otherwise. */
export function settableClock(start: Date | string = "2026-01-01T00:00:00.000Z"): SettableClock {
  let now = new Date(start).getTime();
  return {
    now: () => new Date(now),
    set: (instant) => {
      now = new Date(instant).getTime();
    },
    advance: (ms) => {
      now += ms;
    },
  };
}
