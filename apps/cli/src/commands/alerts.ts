import { hostname } from "node:os";
import { type AlertRow, createAlertStore } from "@millrace/db";
import { createAlertSender, createOutboundFetch } from "@millrace/providers";
import type { CliConfig } from "../config.ts";
import type { Terminal } from "../terminal.ts";
import { connectForCli, withDatabaseUrl } from "../with-database.ts";

export function listAlerts(
  config: CliConfig,
  terminal: Terminal,
  options: { readonly limit: number; readonly json: boolean },
): Promise<void> {
  const quiet = options.json ? { ...terminal, say: terminal.warn } : terminal;
  return withDatabaseUrl(config, quiet, async (url) => {
    const db = connectForCli(url);
    try {
      const alerts = await createAlertStore(db).listAlerts(options.limit);
      if (options.json) terminal.say(JSON.stringify({ alerts: alerts.map(jsonOf) }, null, 2));
      else show(alerts, terminal);
    } finally {
      await db.close();
    }
  });
}

/** Rejects with what the receiver said. */
export async function testAlert(config: CliConfig, { say }: Terminal): Promise<void> {
  const url = config.ALERT_WEBHOOK_URL;
  if (url === undefined) throw new Error("Set ALERT_WEBHOOK_URL to the address that alerts are posted to.");
  const fetch = createOutboundFetch({ userAgent: "Millrace/0.1", allowLoopback: config.ALLOW_LOOPBACK ?? false });
  await createAlertSender({ fetch, url })({
    kind: "test",
    severity: "info",
    message: `A test of alerts, sent from ${hostname()}.`,
    others: 0,
    at: new Date(),
  });
  say("The receiver took the test message.");
}

const jsonOf = (alert: AlertRow) => ({
  id: alert.id,
  at: alert.at.toISOString(),
  kind: alert.kind,
  subject: alert.subject,
  severity: alert.severity,
  message: alert.message,
  details: alert.details,
  tries: alert.tries,
  sent_at: alert.sentAt?.toISOString() ?? null,
  error: alert.error,
});

function show(alerts: readonly AlertRow[], { say, colour }: Terminal): void {
  if (alerts.length === 0) say("No alerts.");
  for (const { at, severity, kind, message, sentAt, nextTryAt, error } of alerts) {
    const state = sentAt !== null ? "sent" : nextTryAt !== null ? "waits to be sent" : `not sent: ${error}`;
    const title = `${at.toISOString()}  ${severity}  ${kind}`;
    say(severity === "critical" ? colour.red(title) : colour.bold(title));
    say(`  ${message}`);
    say(`  ${state}`);
  }
}
