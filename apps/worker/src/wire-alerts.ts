import { type Log, systemClock } from "@millrace/core";
import { createAlertStore, type Database } from "@millrace/db";
import type { Chore } from "@millrace/engine";
import { createAlertSender, createOutboundFetch } from "@millrace/providers";
import { alertChore } from "./alert-chore.ts";
import type { WorkerConfig } from "./config.ts";

/** Alerts of this Millrace; without an address they are only kept. */
export function wireAlerts(config: WorkerConfig, { db, log }: { readonly db: Database; readonly log: Log }): Chore {
  const url = config.ALERT_WEBHOOK_URL;
  const fetch = createOutboundFetch({ userAgent: "Millrace/0.1", allowLoopback: config.ALLOW_LOOPBACK });
  return alertChore({
    alerts: createAlertStore(db),
    send: url === undefined ? undefined : createAlertSender({ fetch, url }),
    clock: systemClock,
    log,
  });
}
