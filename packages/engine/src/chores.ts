import type { Log } from "@millrace/core";

/** Something that has to be done now and then, by one process, and is right when two do it at once. */
export interface Chore {
  readonly name: string;
  readonly everyMs: number;
  /** Ends soon after `signal` aborts; the rest is for the next time. */
  readonly run: (signal: AbortSignal) => Promise<void>;
}

export interface Chores {
  /** Starts what is due and not under way; never waits, never rejects. */
  startDue(now: number): void;
  /** Resolves when nothing is under way any more. */
  stop(): Promise<void>;
}

/** Runs chores beside the leader's round, which they must not hold up. */
export function createChores(chores: readonly Chore[], log: Log): Chores {
  const stopping = new AbortController();
  const dueAt = new Map(chores.map((chore) => [chore, 0]));
  const underWay = new Map<Chore, Promise<void>>();

  const run = async (chore: Chore): Promise<void> => {
    try {
      await chore.run(stopping.signal);
    } catch (error) {
      log.warn({ err: error, chore: chore.name }, "a chore failed; it is tried again next time");
    } finally {
      underWay.delete(chore);
    }
  };

  return {
    startDue(now) {
      for (const chore of chores) {
        if (stopping.signal.aborted || underWay.has(chore) || now < (dueAt.get(chore) ?? 0)) continue;
        dueAt.set(chore, now + chore.everyMs);
        underWay.set(chore, run(chore));
      }
    },
    async stop() {
      stopping.abort();
      await Promise.all(underWay.values());
    },
  };
}
