/** Counts work in hand: at most `size` at a time, first come, first served. */
export interface Slots {
  /** Calls `start` when a slot is free, at once if one is. Returns what takes a waiting call out of the queue. */
  take(start: (release: () => void) => void): () => void;
  /** Resolves when no work is in hand, at the latest after `timeoutMs`. */
  whenIdle(timeoutMs: number): Promise<void>;
}

export function slots(size: number): Slots {
  const waiting = new Set<(release: () => void) => void>();
  const watchers = new Set<() => void>();
  let taken = 0;

  function releaser(): () => void {
    let isReleased = false;
    return () => {
      if (isReleased) return;
      isReleased = true;
      taken -= 1;
      const [next] = waiting;
      if (next !== undefined) {
        waiting.delete(next);
        taken += 1;
        next(releaser());
      } else if (taken === 0) {
        for (const watcher of watchers) watcher();
      }
    };
  }

  return {
    take(start) {
      if (taken < size) {
        taken += 1;
        start(releaser());
        return () => {};
      }
      waiting.add(start);
      return () => waiting.delete(start);
    },

    whenIdle: (timeoutMs) =>
      new Promise((resolve) => {
        if (taken === 0) return resolve();
        const timer = setTimeout(done, timeoutMs);
        function done(): void {
          clearTimeout(timer);
          watchers.delete(done);
          resolve();
        }
        watchers.add(done);
      }),
  };
}
