import { type DeliveryRow, type EventRow, isTerminal, type JobRow, type StageRow } from "@millrace/core";
import { type Html, type HtmlValue, html } from "./html.ts";
import { bulkOf, fieldOf, progressBar, standing, statusPill, subjectOf } from "./job-parts.ts";
import { pageText, type Shell } from "./page.ts";
import { jsonBox, jsonSummary } from "./show-json.ts";
import { agoTag, clockTag, durationText } from "./show-time.ts";
import { stageTimeline } from "./stage-timeline.ts";

export interface JobView {
  readonly job: JobRow;
  readonly stages: readonly StageRow[];
  readonly events: readonly EventRow[];
  readonly deliveries: readonly DeliveryRow[];
  readonly now: Date;
}

/** Everything Postgres knows of one job. */
export function jobScreen(shell: Shell, view: JobView): string {
  const { job, stages, events, deliveries, now } = view;
  const isOver = isTerminal(job.status);
  return pageText({
    title: job.resourceKey,
    shell,
    body: html`<div ${!isOver && html`data-live`}>
      <h1>${statusPill(job.status)} <code>${job.resourceKey}</code></h1>
      <p>${subjectOf(job)}</p>
      <p>${progressBar(job)} ${standing(job, now)}</p>
      ${job.errorCode !== null && errorBox(job)}
      ${facts(job, now)}
      <h2>Stages</h2>${stageTimeline(job, stages, now)}
      ${job.result !== null && html`<h2>Result</h2><section class="card">${jsonSummary(job.result)}${jsonBox("As JSON", job.result)}</section>`}
      <h2>History</h2>${history(events)}
      ${deliveries.length > 0 && html`<h2>Callbacks</h2>${callbacks(deliveries, now)}`}
      <h2>What it was given</h2>
      <section class="card">${jsonBox("Input", job.input)}${jsonBox("Metadata", job.metadata)}</section>
    </div>`,
  });
}

function errorBox(job: JobRow): Html {
  return html`<p class="banner" role="alert"><strong>${job.errorCode}</strong> in <b>${job.errorStage}</b>: ${job.errorMessage}</p>`;
}

function facts(job: JobRow, now: Date): Html {
  const fact = (name: string, value: HtmlValue): HtmlValue =>
    value !== null && value !== "" && html`<div><dt>${name}</dt><dd>${value}</dd></div>`;
  const took = job.startedAt && durationText((job.finishedAt ?? now).getTime() - job.startedAt.getTime());
  const bulk = bulkOf(job);
  return html`<dl class="card grid">
    ${fact("Job", html`<code>${job.id}</code>`)}
    ${fact("Content", job.contentId && html`<a href="/?find=${job.contentId}"><code>${job.contentId}</code></a>`)}
    ${fact("File", job.pipeline === "extraction" ? (fieldOf(job.input, "filename") ?? null) : null)}
    ${fact("Format", job.pipeline === "extraction" ? (fieldOf(job.input, "format") ?? null) : null)}
    ${fact("Batch", bulk === undefined ? null : html`<a href="/bulk/${bulk}"><code>${bulk}</code></a>`)}
    ${fact("Owner", html`<a href="/?owner=${job.ownerId}"><code>${job.ownerId}</code></a>`)}
    ${fact("Pipeline", `${job.pipeline} ${job.pipelineVersion}`)}
    ${fact("Priority", job.priority)}
    ${fact("Data tier", job.dataTier)}
    ${fact("Accepted", agoTag(job.createdAt, now))}
    ${fact("Waited", job.startedAt && durationText(job.startedAt.getTime() - job.createdAt.getTime()))}
    ${fact("Took", took)}
    ${fact("Finished", job.finishedAt && agoTag(job.finishedAt, now))}
    ${fact("Asked for again", job.duplicateCount > 0 ? `${job.duplicateCount} times while active` : null)}
    ${fact("Lane", job.lane)}
    ${fact("Worker", job.worker)}
    ${fact("Claims", String(job.fence))}
    ${fact("Tickets", String(job.dispatchNo))}
    ${fact("Retries", job.maxRetries === 0 ? null : `${job.retryCount} of ${job.maxRetries}`)}
    ${fact("Workers lost", job.crashes > 0 ? String(job.crashes) : null)}
    ${fact("Cancel asked by", job.cancelRequestedBy)}
    ${fact("Why", job.cancelReason)}
  </dl>`;
}

function history(events: readonly EventRow[]): Html {
  const step = (event: EventRow): Html =>
    event.fromStatus === event.toStatus
      ? html`${event.toStatus}`
      : html`${event.fromStatus ?? "new"} → <b>${event.toStatus}</b>`;
  return html`<table>
    <thead><tr><th>UTC</th><th>Event</th><th>Status</th><th>Stage</th><th>By</th><th>Claim</th><th>Reason</th></tr></thead>
    <tbody>${events.map(
      (event) => html`<tr>
      <td class="number">${clockTag(event.at)}</td><td>${event.event}</td><td>${step(event)}</td>
      <td>${event.stage}</td><td>${event.actor}</td><td class="number">${event.fence}</td><td>${event.reason}</td>
    </tr>`,
    )}</tbody>
  </table>`;
}

function callbacks(deliveries: readonly DeliveryRow[], now: Date): Html {
  return html`<table>
    <thead><tr><th>Event</th><th>State</th><th>Attempts</th><th>Last answer</th><th>Next attempt</th></tr></thead>
    <tbody>${deliveries.map(
      (delivery) => html`<tr>
      <td>${delivery.event}</td><td><span class="pill ${delivery.status}">${delivery.status}</span></td>
      <td class="number">${delivery.attempts}</td>
      <td>${delivery.lastStatusCode} ${delivery.lastError}</td>
      <td>${delivery.nextAttemptAt && agoTag(delivery.nextAttemptAt, now)}</td>
    </tr>`,
    )}</tbody>
  </table>`;
}
