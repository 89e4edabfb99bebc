/** Resolves after `ms`, or at once when `signal` aborts (it does not reject). */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const finish = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", finish);
      resolve();
    };
    const timer = setTimeout(finish, ms);
    signal?.addEventListener("abort", finish, { once: true });
  });
}

/** Waits of 50 ms, 100 ms … capped: for things that must succeed sometime, like a stage commit while Postgres is away. */
export function cappedBackoff(attempt: number, capMs: number): number {
  return Math.min(capMs, 50 * 2 ** Math.min(attempt, 16));
}
