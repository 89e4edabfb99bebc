import type { CostRow, TaskErrorRow, TaskRunRow, TransitionRow } from "@millrace/db";
import { type Html, html } from "./html.ts";
import { agoTag, durationText } from "./show-time.ts";
import { moneyText, taskPill, wordsOf } from "./task-parts.ts";

const instant = (at: Date): Html =>
  html`<time datetime="${at.toISOString()}" title="${at.toISOString()}">${at.toISOString().slice(5, 19).replace("T", " ")}</time>`;

/** Every hop, with how long it had been in the status before. */
export function transitionTable(rows: readonly TransitionRow[]): Html | false {
  const took = (i: number): string | false => {
    const before = rows[i - 1];
    const row = rows[i];
    return before !== undefined && row !== undefined && durationText(row.at.getTime() - before.at.getTime());
  };
  return (
    rows.length > 0 &&
    html`<h2>History</h2><table>
    <thead><tr><th>UTC</th><th>From</th><th>To</th><th>After</th><th>By</th><th>Reason</th></tr></thead>
    <tbody>${rows.map(
      (
        row,
        i,
      ) => html`<tr><td class="number">${instant(row.at)}</td><td>${row.fromStatus === null ? "new" : wordsOf(row.fromStatus)}</td>
      <td><b>${wordsOf(row.toStatus)}</b></td><td class="number">${took(i)}</td><td>${row.actor}</td><td>${row.reason}</td></tr>`,
    )}</tbody></table>`
  );
}

export function runTable(rows: readonly TaskRunRow[], now: Date): Html | false {
  return (
    rows.length > 0 &&
    html`<h2>Runs</h2><table>
    <thead><tr><th>Run</th><th>From step</th><th>Queued</th><th>By</th><th>Outcome</th><th>Cost</th><th>Job</th></tr></thead>
    <tbody>${rows.map(
      (
        row,
      ) => html`<tr><td class="number">${row.runNo}</td><td>${row.fromStep}</td><td>${agoTag(row.queuedAt, now)}</td><td>${row.queuedBy}</td>
      <td>${row.outcome === null ? "under way" : taskPill(row.outcome)} <span class="note">${row.errorStep} ${row.errorCode}</span></td>
      <td class="number">${moneyText(row.costUsd)}</td><td><a href="/jobs/${row.jobId}"><code>${row.jobId.slice(0, 8)}</code></a></td></tr>`,
    )}</tbody></table>`
  );
}

export function errorTable(rows: readonly TaskErrorRow[], now: Date): Html | false {
  return (
    rows.length > 0 &&
    html`<h2>Errors</h2><table>
    <thead><tr><th>UTC</th><th>Run</th><th>Step</th><th>Code</th><th>Try</th><th></th><th>Message</th></tr></thead>
    <tbody>${rows.map(
      (
        row,
      ) => html`<tr><td class="number">${instant(row.at)}</td><td class="number">${row.runNo}</td><td>${row.step}</td><td>${row.code}</td>
      <td class="number">${row.attempt}</td>
      <td class="note">${row.isTransient ? html`passing${row.nextRetryAt !== null && html`, again ${agoTag(row.nextRetryAt, now)}`}` : "final"}</td><td>${row.message}</td></tr>`,
    )}</tbody></table>`
  );
}

/** Calls of one component in one run are one line. */
export function costTable(rows: readonly CostRow[]): Html | false {
  if (rows.length === 0) return false;
  const lines = new Map<string, { first: CostRow; calls: number; usd: number; unpriced: number }>();
  for (const row of rows) {
    const key = `${row.runNo} ${row.component}`;
    const line = lines.get(key) ?? { first: row, calls: 0, usd: 0, unpriced: 0 };
    line.calls += row.apiCalls;
    line.usd += row.costUsd ?? 0;
    line.unpriced += row.costUsd === null ? 1 : 0;
    lines.set(key, line);
  }
  return html`<h2>Costs</h2><table>
    <thead><tr><th>Run</th><th>Component</th><th>Step</th><th>Provider</th><th>Calls</th><th>Cost</th></tr></thead>
    <tbody>${[...lines.values()].map(
      ({
        first,
        calls,
        usd,
        unpriced,
      }) => html`<tr><td class="number">${first.runNo}</td><td>${first.component}</td><td>${first.step}</td>
      <td>${first.provider}</td><td class="number">${calls}</td><td class="number">${moneyText(usd)}${unpriced > 0 && ` and ${unpriced} unpriced`}</td></tr>`,
    )}</tbody></table>`;
}
