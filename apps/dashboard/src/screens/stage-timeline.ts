import { isTerminal, type JobRow, type Json, type StageRow } from "@millrace/core";
import { type Html, html } from "./html.ts";
import { jsonBox } from "./show-json.ts";
import { durationText } from "./show-time.ts";

/** The finished stages as bars on one time scale, each with its warnings and output, and the one that is due. */
export function stageTimeline(job: JobRow, stages: readonly StageRow[], now: Date): Html {
  const startMs = job.startedAt?.getTime() ?? job.createdAt.getTime();
  const endMs = (job.finishedAt ?? now).getTime();
  const scale = { startMs, spanMs: Math.max(1, endMs - startMs) };
  const isUnfinished = !isTerminal(job.status) || job.status === "failed" || job.status === "cancelled";
  const due = isUnfinished && !stages.some(({ stage }) => stage === job.stage);
  return html`<ol class="timeline">
    ${stages.map((stage) => finishedStage(stage, scale))}
    ${due && html`<li class="${job.status}"><span class="name">${job.stage}</span><span class="took">${dueText(job)}</span></li>`}
  </ol>
  <p class="note">${stages.length} of ${job.stageCount} stages finished.</p>`;
}

function dueText(job: JobRow): string {
  if (job.status === "failed") return `failed in try ${Math.max(1, job.stageAttempts)}`;
  if (job.status === "cancelled") return "not run";
  return job.status === "processing" ? `running, try ${Math.max(1, job.stageAttempts)}` : "waiting";
}

function finishedStage(stage: StageRow, scale: { readonly startMs: number; readonly spanMs: number }): Html {
  const percent = (ms: number): string => Math.min(100, Math.max(0, (ms / scale.spanMs) * 100)).toFixed(2);
  const tookMs = stage.finishedAt.getTime() - stage.startedAt.getTime();
  const warnings = Array.isArray(stage.warnings) ? stage.warnings : [];
  return html`<li class="completed">
    <span class="name">${stage.stage}${stage.attempt > 1 && html` <span class="note">try ${stage.attempt}</span>`}</span>
    <svg class="bar" aria-hidden="true"><rect x="${percent(stage.startedAt.getTime() - scale.startMs)}%" width="${percent(tookMs)}%" height="100%" rx="2"></rect></svg>
    <span class="took number">${durationText(tookMs)}</span>
    ${warnings.map((warning) => html`<p class="warning">${warningText(warning)}</p>`)}
    ${stage.output !== null && jsonBox("Output", stage.output)}
  </li>`;
}

function warningText(warning: Json): string {
  if (typeof warning !== "object" || warning === null || Array.isArray(warning)) return JSON.stringify(warning);
  const { code, message } = warning as { readonly [key: string]: Json };
  return `${String(code ?? "")} ${String(message ?? "")}`.trim();
}
