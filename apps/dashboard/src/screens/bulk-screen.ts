import { isTerminal, JOB_STATUSES, type JobStatus } from "@millrace/core";
import type { BulkRow, ExtractionRow } from "@millrace/db";
import { type Html, html } from "./html.ts";
import { statusPill } from "./job-parts.ts";
import { pageText, type Shell } from "./page.ts";
import { agoTag, durationText } from "./show-time.ts";

export const FILES_PAGE = 100;

export interface BulkView {
  readonly bulk: BulkRow;
  /** One more than a page, where there is a next one. */
  readonly files: readonly ExtractionRow[];
  /** Only files with this status are shown. */
  readonly status: JobStatus | undefined;
  /** Place of the last file before this page. */
  readonly after: number | undefined;
  readonly now: Date;
}

/** A batch: how far it is, and its files page by page. */
export function bulkScreen(shell: Shell, view: BulkView): string {
  const { bulk, now } = view;
  return pageText({
    title: `Batch of ${bulk.totalFiles} files`,
    shell,
    body: html`<div ${!isTerminal(bulk.status) && html`data-live`}>
      <h1>${statusPill(bulk.status)} Batch of ${bulk.totalFiles} files</h1>
      <p>${bulkProgress(bulk)} ${bulkStanding(bulk)}</p>
      ${bulk.errorCode !== null && html`<p class="banner" role="alert"><strong>${bulk.errorCode}</strong>: ${bulk.errorMessage}</p>`}
      ${facts(bulk, now)}
      <h2>Files</h2>
      ${tabs(view)}
      ${files(view)}
    </div>`,
  });
}

export function bulkProgress({ status, progress }: BulkRow): Html {
  return html`<progress class="${status}" max="100" value="${progress}">${progress} %</progress>`;
}

/** Its files by how they stand, those of which there are none left out. */
export function bulkStanding(bulk: BulkRow): Html {
  const counts = [
    [bulk.filesCompleted, "completed"],
    [bulk.filesFailed, "failed"],
    [bulk.filesCancelled, "cancelled"],
    [bulk.filesProcessing, "processing"],
    [bulk.filesPending, "pending"],
  ] as const;
  const said = counts.flatMap(([count, name]) => (count > 0 ? [`${count} ${name}`] : []));
  return html`${said.join(", ")}${bulk.partial && html`, <b>partial</b>`}`;
}

function facts(bulk: BulkRow, now: Date): Html {
  const took = bulk.startedAt && durationText((bulk.completedAt ?? now).getTime() - bulk.startedAt.getTime());
  const fact = (name: string, value: Html | string | null): Html | null =>
    value === null ? null : html`<div><dt>${name}</dt><dd>${value}</dd></div>`;
  return html`<dl class="card grid">
    ${fact("Batch", html`<code>${bulk.id}</code>`)}
    ${fact("Job", bulk.jobId && html`<a href="/jobs/${bulk.jobId}"><code>${bulk.jobId}</code></a>`)}
    ${fact("Owner", bulk.createdById && html`<a href="/?owner=${bulk.createdById}"><code>${bulk.createdById}</code></a>`)}
    ${fact("Goes on after a failure", bulk.continueOnError ? "yes" : "no")}
    ${fact("Accepted", agoTag(bulk.createdAt, now))}
    ${fact("Took", took)}
    ${fact("Finished", bulk.completedAt && agoTag(bulk.completedAt, now))}
    ${fact("Cancel asked by", bulk.cancelRequestedBy)}
    ${fact("Why", bulk.cancelReason)}
  </dl>`;
}

function addressOf(bulk: BulkRow, questions: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(questions).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const search = new URLSearchParams(given).toString();
  return `/bulk/${bulk.id}${search === "" ? "" : `?${search}`}`;
}

function tabs({ bulk, status }: BulkView): Html {
  const tab = (name: string, wanted: JobStatus | undefined): Html =>
    html`<a href="${addressOf(bulk, { status: wanted })}" ${status === wanted && html`aria-current="true"`}>${name}</a>`;
  return html`<p class="filters"><span class="tabs">${tab("all", undefined)}${JOB_STATUSES.map((each) => tab(each, each))}</span></p>`;
}

function files({ bulk, files: rows, status, after, now }: BulkView): Html {
  if (rows.length === 0) {
    return html`<p class="empty">${status === undefined ? "None of its files has been handed in yet." : "No file stands so."}</p>`;
  }
  const page = rows.slice(0, FILES_PAGE);
  const last = page.at(-1)?.bulkIndex ?? undefined;
  const next =
    rows.length > FILES_PAGE && last !== undefined ? addressOf(bulk, { status, after: String(last) }) : undefined;
  return html`<table class="jobs">
    <thead><tr><th>Status</th><th>File</th><th>Format</th><th>Progress</th><th></th><th>Took</th></tr></thead>
    <tbody>${page.map((file) => row(file, now))}</tbody>
  </table>
  <p class="pages">
    ${after !== undefined && html`<a href="${addressOf(bulk, { status })}">← First</a>`}
    ${next !== undefined && html`<a class="push" href="${next}">Next →</a>`}
  </p>`;
}

function row(file: ExtractionRow, now: Date): Html {
  const took = file.startedAt && durationText((file.completedAt ?? now).getTime() - file.startedAt.getTime());
  const why =
    file.status === "failed" ? file.errorCode : file.nextRetryAt && html`again ${agoTag(file.nextRetryAt, now)}`;
  const name = file.jobId === null ? html`${file.filename}` : html`<a href="/jobs/${file.jobId}">${file.filename}</a>`;
  return html`<tr>
    <td>${statusPill(file.status)}</td><td>${name}</td><td>${file.format}</td>
    <td><progress class="${file.status}" max="100" value="${file.progress}">${file.progress} %</progress></td>
    <td class="note">${why}</td><td class="number">${took}</td>
  </tr>`;
}
