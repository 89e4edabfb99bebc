import { setTimeout as sleep } from "node:timers/promises";
import { type Log, MillraceError } from "@millrace/core";
import type { TaskRecords, VideoNeeds } from "./needs.ts";

interface Limits {
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** About a minute: what was paid for is not thrown away because a store is away for a moment. */
const WAITS_MS = [250, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 20_000];

/** Does again what failed because a store is away. */
export async function patiently<T>(act: () => Promise<T>, { signal, log }: Limits): Promise<T> {
  for (const waitMs of WAITS_MS) {
    try {
      return await act();
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof MillraceError) || error.retry !== "backoff") throw error;
      log.warn({ err: error, wait_ms: waitMs }, "the store is away, asking again");
      await sleep(waitMs, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }
  return act();
}

/** The same needs, whose records are asked patiently: a Postgres that restarts costs no try of a step. */
export function patientNeeds(needs: VideoNeeds, limits: Limits): VideoNeeds {
  const patient =
    <Asked extends readonly unknown[], Answer>(ask: (...asked: Asked) => Promise<Answer>) =>
    (...asked: Asked): Promise<Answer> =>
      patiently(() => ask(...asked), limits);
  const { tasks } = needs;
  const records: TaskRecords = {
    openTask: patient(tasks.openTask),
    unitsOf: patient(tasks.unitsOf),
    keepUnit: patient(tasks.keepUnit),
    findOrder: patient(tasks.findOrder),
    keepOrder: patient(tasks.keepOrder),
    keepCost: patient(tasks.keepCost),
    keepStep: patient(tasks.keepStep),
    keepFinalVideo: patient(tasks.keepFinalVideo),
    keepPublished: patient(tasks.keepPublished),
    budgetOf: patient(tasks.budgetOf),
    uploadsToday: patient(tasks.uploadsToday),
    publishedElsewhere: patient(tasks.publishedElsewhere),
  };
  return { ...needs, tasks: records, pause: patient(needs.pause), useQuota: patient(needs.useQuota) };
}
