import type { LaneLimits, LaneSetting, Log, TicketQueue } from "@millrace/core";

export interface LimitsKeeper {
  /** Makes the queue enforce what the rows say where it does not. `isFresh`: whatever it enforced may be gone. */
  apply(settings: readonly LaneSetting[], isFresh: boolean): Promise<void>;
}

/** Lane limits live in Postgres; the queue only enforces them, and forgets them when it is emptied. */
export function createLimitsKeeper({ queue, log }: { readonly queue: TicketQueue; readonly log: Log }): LimitsKeeper {
  const applied = new Map<string, string>();
  return {
    async apply(settings, isFresh) {
      if (isFresh) applied.clear();
      for (const setting of settings) {
        const wanted = limitsOf(setting);
        const text = JSON.stringify(wanted);
        if (applied.get(wanted.lane) === text) continue;
        await queue.applyLimits(wanted);
        applied.set(wanted.lane, text);
        log.info({ ...wanted }, "lane limits applied");
      }
    },
  };
}

function limitsOf({ lane, isPaused, concurrency, rateLimit }: LaneSetting): LaneLimits {
  return { lane, isPaused, concurrency, rateLimit };
}
