import type { BulkRow } from "@millrace/db";
import { bulkProgress, bulkStanding } from "./bulk-screen.ts";
import { type Html, html } from "./html.ts";
import { statusPill } from "./job-parts.ts";
import { pageText, type Shell } from "./page.ts";
import { agoTag } from "./show-time.ts";

export const BULKS_PAGE = 50;

export interface BulksView {
  /** One more than a page, where there is a next one. */
  readonly rows: readonly BulkRow[];
  readonly isFirstPage: boolean;
  readonly now: Date;
}

/** The list of batches, newest first. */
export function bulksScreen(shell: Shell, { rows, isFirstPage, now }: BulksView): string {
  const page = rows.slice(0, BULKS_PAGE);
  const last = rows.length > BULKS_PAGE ? page.at(-1) : undefined;
  return pageText({
    title: "Batches",
    shell,
    body: html`<h1>Batches</h1>
    <section data-live>
      ${page.length === 0 ? html`<p class="empty">No batches yet.</p>` : table(page, now)}
      <p class="pages">
        ${!isFirstPage && html`<a href="/bulk">← Newest</a>`}
        ${last !== undefined && html`<a class="push" href="/bulk?after=${last.createdAt.getTime()}~${last.id}">Older →</a>`}
      </p>
    </section>`,
  });
}

function table(bulks: readonly BulkRow[], now: Date): Html {
  return html`<table class="jobs">
    <thead><tr><th>Status</th><th>Batch</th><th>Progress</th><th></th><th>Accepted</th></tr></thead>
    <tbody>${bulks.map(
      (bulk) => html`<tr>
      <td>${statusPill(bulk.status)}</td>
      <td><a href="/bulk/${bulk.id}">${bulk.totalFiles} files</a></td>
      <td>${bulkProgress(bulk)}</td>
      <td class="note">${bulkStanding(bulk)}</td>
      <td>${agoTag(bulk.createdAt, now)}</td>
    </tr>`,
    )}</tbody>
  </table>`;
}
