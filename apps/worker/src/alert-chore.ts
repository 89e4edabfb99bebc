import type { Clock, Log } from "@millrace/core";
import type { AlertBatch, AlertStore } from "@millrace/db";
import type { Chore } from "@millrace/engine";
import type { AlertSender } from "@millrace/providers";
import { alertsOf } from "./alerts-of.ts";

const EVERY_MS = 15_000;
/** Who has looked in vain for so long may have missed others' signs of life as well. */
const STEADY_MS = 60_000;
const KEPT_MS = 90 * 86_400_000;

/**
 * C2.8: what has happened is kept as alerts, and sent where there is an address. A failure to send is logged and kept,
 * tried again twice, and never holds anything up.
 */
export function alertChore(options: {
  readonly alerts: AlertStore;
  /** undefined: alerts are only kept. */
  readonly send: AlertSender | undefined;
  readonly clock: Clock;
  readonly log: Log;
}): Chore {
  const { alerts, send, clock, log } = options;
  let lookedAt = Number.NEGATIVE_INFINITY;
  let stalledBefore: ReadonlySet<string> = new Set();
  let steadySince = 0;

  const deliver = async (deliverer: AlertSender, { alert, ids }: AlertBatch): Promise<void> => {
    let error: string | null = null;
    try {
      await deliverer({ ...alert, others: ids.length - 1 });
    } catch (failure) {
      error = failure instanceof Error ? failure.message : String(failure);
      log.warn({ alert: alert.kind, subject: alert.subject, error, try: alert.tries }, "an alert could not be sent");
    }
    await alerts.keepTry(ids, { now: clock.now(), error });
  };

  return {
    name: "alerts",
    everyMs: EVERY_MS,
    async run(signal) {
      const now = clock.now();
      const read = await alerts.readFacts(now);
      const keyOf = ({ lane, since }: (typeof read.stalls)[number]): string => `${lane} ${since.getTime()}`;
      // at one instant alone a lane that works may hold nothing
      const facts = { ...read, stalls: read.stalls.filter((stall) => stalledBefore.has(keyOf(stall))) };
      stalledBefore = new Set(read.stalls.map(keyOf));
      if (now.getTime() - lookedAt > STEADY_MS) steadySince = now.getTime();
      lookedAt = now.getTime();
      const isSteady = lookedAt - steadySince >= STEADY_MS;
      for (const alert of alertsOf(facts, { now, isSteady })) {
        if (signal.aborted) return;
        if (!(await alerts.raise(alert, { now, isSent: send !== undefined }))) continue;
        const { kind, subject, severity, message } = alert;
        log.warn({ alert: kind, subject, severity, ...alert.details }, message);
      }
      if (send !== undefined) {
        for (const batch of await alerts.take(now)) if (!signal.aborted) await deliver(send, batch);
      }
      await alerts.forget(new Date(now.getTime() - KEPT_MS));
    },
  };
}
