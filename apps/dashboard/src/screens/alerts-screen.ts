import type { AlertRow } from "@millrace/db";
import { type Html, html } from "./html.ts";
import { pageText, type Shell } from "./page.ts";
import { agoTag } from "./show-time.ts";

export const ALERTS_SHOWN = 200;

export interface AlertsView {
  readonly rows: readonly AlertRow[];
  readonly now: Date;
}

/** The newest alerts, and whether they were sent. */
export function alertsScreen(shell: Shell, { rows, now }: AlertsView): string {
  return pageText({
    title: "Alerts",
    shell,
    body: html`<h1>Alerts</h1>
    <section data-live>
      ${rows.length === 0 ? html`<p class="empty">Nothing that somebody should know.</p>` : table(rows, now)}
      ${rows.length === ALERTS_SHOWN && html`<p class="note">The newest ${ALERTS_SHOWN}.</p>`}
    </section>`,
  });
}

const DOTS = { info: "", warning: "", critical: "bad" } as const;

function table(alerts: readonly AlertRow[], now: Date): Html {
  return html`<table class="jobs">
    <thead><tr><th>Kind</th><th>What</th><th>Sent</th><th>When</th></tr></thead>
    <tbody>${alerts.map(
      (alert) => html`<tr>
      <td><span class="dot ${DOTS[alert.severity]}" title="${alert.severity}"></span> ${alert.kind}</td>
      <td>${alert.message}${taskLink(alert)}</td>
      <td class="note">${sending(alert, now)}</td>
      <td>${agoTag(alert.at, now)}</td>
    </tr>`,
    )}</tbody>
  </table>`;
}

function taskLink({ details }: AlertRow): Html | null {
  const id = details["task_id"];
  return typeof id === "string" ? html` <a href="/tasks/${id}">Task</a>` : null;
}

function sending({ sentAt, nextTryAt, error }: AlertRow, now: Date): Html {
  if (sentAt !== null) return agoTag(sentAt, now);
  return nextTryAt === null ? html`no: ${error ?? ""}` : html`waits`;
}
