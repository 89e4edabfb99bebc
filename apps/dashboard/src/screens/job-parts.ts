import type { JobRow, JobStatus, Json } from "@millrace/core";
import { type Html, html } from "./html.ts";
import { agoTag } from "./show-time.ts";

export function statusPill(status: JobStatus): Html {
  return html`<span class="pill ${status}">${status}</span>`;
}

/** How far the whole job is. */
export function progressBar({ status, progress }: JobRow): Html {
  return html`<progress class="${status}" max="100" value="${progress}">${progress} %</progress>`;
}

/** What people would call the thing the job works on, where its result or input says: a title, an address, a file. */
export function subjectOf({ result, input }: JobRow): string | undefined {
  const candidates = [
    fieldOf(result, "title"),
    ...["title", "url", "file_name", "filename"].map((name) => fieldOf(input, name)),
  ];
  return candidates.find((value) => value !== undefined && value !== "")?.slice(0, MAX_SUBJECT);
}

const MAX_SUBJECT = 120;

/** The batch a job belongs to: a file's own, or that which its job runs. */
export function bulkOf({ id, pipeline, input }: JobRow): string | undefined {
  const named = fieldOf(input, "bulk_id");
  if (pipeline === "extraction_bulk") return named ?? id;
  return pipeline === "extraction" ? named : undefined;
}

export function fieldOf(value: Json, name: string): string | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const field = (value as { readonly [key: string]: Json })[name];
  return typeof field === "string" ? field : undefined;
}

/** One line that says why the job stands where it stands. */
export function standing(job: JobRow, now: Date): Html {
  if (job.status === "completed") return html`all ${job.stageCount} stages`;
  if (job.status === "failed") return html`in <b>${job.errorStage ?? job.stage}</b>: ${job.errorCode ?? "no code"}`;
  if (job.status === "cancelled") return html`before <b>${job.stage}</b> finished`;
  const asked = job.cancelRequestedAt !== null && html`, cancel requested`;
  if (job.status === "processing") return html`<b>${job.stage}</b>${asked}`;
  return html`${waitText(job, now)}${asked}`;
}

function waitText(job: JobRow, now: Date): Html {
  const due = job.nextRetryAt === null ? null : agoTag(job.nextRetryAt, now);
  switch (job.waitingFor) {
    case "review":
      return html`waits for a review at <b>${job.gate}</b>`;
    case "retry":
      return html`<b>${job.stage}</b> again ${due}`;
    case "quota":
      return html`<b>${job.stage}</b> waits for quota ${due}`;
    case "turn":
      return html`in the backlog for <b>${job.stage}</b>`;
    case null:
      return html`queued for <b>${job.stage}</b>`;
  }
}
