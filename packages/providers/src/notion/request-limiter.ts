import type { Clock } from "@millrace/core";

/** Resolves after that time, at once when the signal is aborted. */
export type Wait = (ms: number, signal?: AbortSignal) => Promise<void>;

export interface RequestLimiterOptions {
  /** Requests that may begin within any second. */
  readonly perSecond: number;
  readonly clock: Clock;
  readonly wait: Wait;
}

/** One for everything in a process that speaks with the same account. */
export interface RequestLimiter {
  /** Resolves when it is the caller's turn, first come, first served; rejects with the signal's reason. */
  enter(signal?: AbortSignal): Promise<void>;
  /** Nobody's turn comes before that time is over; a longer pause that is under way stays. */
  pause(ms: number): void;
  /** Milliseconds left of the pause. */
  pausedMs(): number;
}

export function createRequestLimiter({ perSecond, clock, wait }: RequestLimiterOptions): RequestLimiter {
  /** When the last turns began, at most `perSecond` of them. */
  const begun: number[] = [];
  let pausedUntil = 0;
  let lastInLine: Promise<void> = Promise.resolve();
  const now = (): number => clock.now().getTime();

  function nextTurnAt(): number {
    const [oldest] = begun;
    return Math.max(pausedUntil, oldest === undefined || begun.length < perSecond ? 0 : oldest + 1_000);
  }

  async function takeTurn(signal: AbortSignal | undefined): Promise<void> {
    // A timer may fire early, and a pause may come while one waits.
    for (let ms = nextTurnAt() - now(); ms > 0; ms = nextTurnAt() - now()) {
      signal?.throwIfAborted();
      await wait(ms, signal);
    }
    signal?.throwIfAborted();
    begun.push(now());
    if (begun.length > perSecond) begun.shift();
  }

  return {
    enter(signal) {
      const turn = lastInLine.then(() => takeTurn(signal));
      lastInLine = turn.catch(() => undefined);
      return turn;
    },
    pause(ms) {
      pausedUntil = Math.max(pausedUntil, now() + ms);
    },
    pausedMs: () => Math.max(0, pausedUntil - now()),
  };
}
