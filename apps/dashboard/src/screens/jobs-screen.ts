import { JOB_STATUSES, type JobRow } from "@millrace/core";
import { type JobQuery, listPath } from "../job-query.ts";
import { type Html, html } from "./html.ts";
import { progressBar, standing, statusPill, subjectOf } from "./job-parts.ts";
import { pageText, type Shell } from "./page.ts";
import { agoTag, durationText } from "./show-time.ts";

export interface JobsView {
  readonly query: JobQuery;
  readonly jobs: readonly JobRow[];
  /** Cursor of the next page. */
  readonly after: string | undefined;
  readonly now: Date;
}

/** The list of jobs, newest first. */
export function jobsScreen(shell: Shell, view: JobsView): string {
  const { query, jobs, after, now } = view;
  return pageText({
    title: "Jobs",
    shell,
    body: html`<h1>Jobs</h1>
    ${filters(query)}
    <section data-live>
      ${jobs.length === 0 ? nothing(query) : table(jobs, now)}
      <p class="pages">
        ${query.after !== undefined && html`<a href="${listPath(query, { after: undefined })}">← Newest</a>`}
        ${after !== undefined && html`<a class="push" href="${listPath(query, { after })}">Older →</a>`}
      </p>
    </section>`,
  });
}

function filters(query: JobQuery): Html {
  const tab = (name: string, status: string | undefined): Html =>
    html`<a href="${listPath(query, { status, after: undefined })}" ${query.status === status && html`aria-current="true"`}>${name}</a>`;
  return html`<form class="filters" method="get" action="/">
    <span class="tabs">${tab("all", undefined)}${JOB_STATUSES.map((status) => tab(status, status))}</span>
    ${query.status !== undefined && html`<input type="hidden" name="status" value="${query.status}">`}
    <label>Find <input name="find" size="30" value="${query.find}" placeholder="job id, content id or resource key"></label>
    <label>Pipeline <input name="pipeline" size="12" value="${query.pipeline}" placeholder="any"></label>
    <label>Owner <input name="owner" size="14" value="${query.owner}" placeholder="any owner id"></label>
    <button>Show</button>
    ${hasQuestions(query) && html`<a href="/">Clear</a>`}
  </form>`;
}

const hasQuestions = ({ find, pipeline, owner, status }: JobQuery): boolean =>
  [find, pipeline, owner, status].some((value) => value !== undefined);

function nothing(query: JobQuery): Html {
  return hasQuestions(query)
    ? html`<p class="empty">No job matches. <a href="/">Show all jobs</a></p>`
    : html`<p class="empty">No jobs yet. Send some content to the API and it appears here.</p>`;
}

function table(jobs: readonly JobRow[], now: Date): Html {
  return html`<table class="jobs">
    <thead><tr><th>Status</th><th>Works on</th><th>Pipeline</th><th>Progress</th><th></th><th>Accepted</th><th>Took</th></tr></thead>
    <tbody>${jobs.map((job) => row(job, now))}</tbody>
  </table>`;
}

function row(job: JobRow, now: Date): Html {
  const end = job.finishedAt ?? now;
  const took = job.startedAt === null ? "" : durationText(end.getTime() - job.startedAt.getTime());
  const subject = subjectOf(job);
  return html`<tr>
    <td>${statusPill(job.status)}</td>
    <td><a href="/jobs/${job.id}"><code>${job.resourceKey}</code></a>${subject !== undefined && html`<br><span class="note">${subject}</span>`}</td>
    <td>${job.pipeline}</td>
    <td>${progressBar(job)}</td>
    <td class="note">${standing(job, now)}</td>
    <td>${agoTag(job.createdAt, now)}</td>
    <td class="number">${took}</td>
  </tr>`;
}
