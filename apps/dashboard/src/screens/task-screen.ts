import type { Blocker, GateRow } from "@millrace/core";
import type { CostRow, TaskErrorRow, TaskRow, TaskRunRow, TransitionRow } from "@millrace/db";
import type { VideoUnit } from "@millrace/pipelines";
import type { Actor } from "../video/actors.ts";
import { groupOf } from "../video/task-groups.ts";
import type { TypicalTimes } from "../video/task-reader.ts";
import { type Html, type HtmlValue, html } from "./html.ts";
import { pageText, type Shell } from "./page.ts";
import { agoTag, durationText } from "./show-time.ts";
import { openGate, REVIEW_FORM, taskActions } from "./task-actions.ts";
import { costTable, errorTable, runTable, transitionTable } from "./task-history.ts";
import { moneyText, progressOf, stepsOf, taskPill, taskStanding, timeInStatus } from "./task-parts.ts";
import { finalVideo, unitGallery } from "./task-units.ts";

export interface TaskView {
  readonly task: TaskRow;
  readonly units: readonly VideoUnit[];
  readonly gates: readonly GateRow[];
  readonly transitions: readonly TransitionRow[];
  readonly runs: readonly TaskRunRow[];
  readonly errors: readonly TaskErrorRow[];
  readonly costs: readonly CostRow[];
  /** What keeps its job from running. */
  readonly blockers: readonly Blocker[];
  readonly submittedBy: string | null;
  readonly actor: Actor | null;
  readonly typical: TypicalTimes;
  /** Why what was asked for did not happen. */
  readonly problem?: string | undefined;
  readonly now: Date;
}

/** Everything there is to know about a video, and what can be done to it. */
export function taskScreen(shell: Shell, view: TaskView): string {
  const { task, units, problem, now, actor } = view;
  const gate = openGate(task);
  const isChoosing = gate !== null && gate !== "final" && actor !== null;
  return pageText({
    title: task.title,
    shell,
    body: html`<div data-live>
      <h1>${taskPill(task.status)} ${task.title}</h1>
      <p><progress max="100" value="${progressOf(task)}">${progressOf(task)} %</progress>
      ${timeInStatus(task, view.typical, now)} <span class="note">in this status</span> ${taskStanding(task, now)}</p>
      ${problem !== undefined && html`<p class="banner" role="alert">${problem}</p>`}
      ${groupOf(task.status) === "errors" && errorBox(view)}
      ${blockerList(view)}
    </div>
    <div data-live>${taskActions({ ...view })}</div>
    <div data-live>${finalVideo(task, units)}</div>
    <div data-live><h2>Steps</h2>${stepTable(task)}</div>
    <div data-live>${units.length > 0 && html`<h2>What was made</h2>`}
      ${unitGallery(task, units, isChoosing ? { step: gate, form: REVIEW_FORM } : null)}</div>
    <div data-live>
      <h2>Facts</h2>${facts(view)}
      ${texts(task)}
      ${transitionTable(view.transitions)}
      ${runTable(view.runs, now)}
      ${errorTable(view.errors, now)}
      ${costTable(view.costs)}
    </div>
    ${actor === null ? html`<p class="note"><a href="/act?next=/tasks/${task.id}">Act with an API key</a></p>` : null}`,
  });
}

function errorBox({ task, errors }: TaskView): Html {
  const last = errors.findLast(({ isTransient }) => !isTransient);
  return html`<p class="banner" role="alert"><strong>${task.errorCode ?? "Failed"}</strong> in <b>${task.errorStep}</b>${last && html`: ${last.message}`}</p>`;
}

function blockerList({ task, blockers }: TaskView): Html | false {
  const group = groupOf(task.status);
  const shown = group === "review" ? [] : blockers;
  return shown.length > 0 && html`<ul class="note">${shown.map(({ message }) => html`<li>${message}</li>`)}</ul>`;
}

const MARKS = { done: "✔", running: "●", asked: "?", failed: "✘", due: "·" } as const;

function stepTable(task: TaskRow): Html {
  return html`<table class="steps">
    <thead><tr><th>Step</th><th>State</th><th>Made</th><th>Took</th><th></th></tr></thead>
    <tbody>${stepsOf(task).map(
      ({ step, state, isApproved, made, wanted, seconds, error }) => html`<tr>
      <td><b>${step}</b></td>
      <td class="step-${state}">${MARKS[state]} ${state === "asked" ? "waits for a decision" : state}${isApproved && ", approved"}</td>
      <td>${made !== null && wanted !== null && html`<progress max="${wanted}" value="${made}"></progress> <span class="number">${made} / ${wanted}</span>`}</td>
      <td class="number">${seconds !== null && durationText(seconds * 1_000)}</td>
      <td class="note">${error}</td>
    </tr>`,
    )}</tbody>
  </table>`;
}

function facts({ task, now }: TaskView): Html {
  const fact = (name: string, value: HtmlValue): HtmlValue =>
    value !== null && value !== "" && value !== undefined && html`<div><dt>${name}</dt><dd>${value}</dd></div>`;
  return html`<dl class="card grid">
    ${fact("Task", html`<code>${task.id}</code>`)}
    ${fact("Job", task.job && html`<a href="/jobs/${task.job.id}"><code>${task.job.id}</code></a>`)}
    ${fact("Channel", html`<a href="/tasks?channel=${task.channelId}">${task.channelName}</a>`)}
    ${fact("Owner", html`<code>${task.ownerId}</code>`)}
    ${fact("Notion page", html`<code>${task.notionPageId}</code>`)}
    ${fact("Priority", task.priority)}
    ${fact("Privacy", task.privacy)}
    ${fact("Published at", task.youtubeUrl && publishedAt(task.youtubeUrl))}
    ${fact("Length", task.finalVideoDuration && durationText(task.finalVideoDuration * 1_000))}
    ${fact("Cost", moneyText(task.totalCostUsd))}
    ${fact("Run", task.runNo > 0 ? String(task.runNo) : null)}
    ${fact("Made in", task.pipelineDurationSeconds && durationText(task.pipelineDurationSeconds * 1_000))}
    ${fact("Reviewed in", reviewTime(task))}
    ${fact("Created", agoTag(task.createdAt, now))}
    ${fact("Cancelled", task.cancelledAt && agoTag(task.cancelledAt, now))}
    ${fact("Why", task.cancelReason)}
  </dl>`;
}

/** The library's address is a path of the API; only a web address is a link. */
function publishedAt(url: string): Html {
  return /^https:\/\//.test(url) ? html`<a href="${url}" rel="noreferrer">${url}</a>` : html`<code>${url}</code>`;
}

function reviewTime({ reviewStartedAt, reviewCompletedAt }: TaskRow): string | null {
  if (reviewStartedAt === null || reviewCompletedAt === null) return null;
  const ms = reviewCompletedAt.getTime() - reviewStartedAt.getTime();
  return ms < 0 ? null : durationText(ms);
}

function texts({ topic, storyDirection, narrationScripts, sfxDescriptions, errorLog }: TaskRow): Html {
  const list = (name: string, lines: readonly string[] | null): Html | false =>
    lines !== null &&
    html`<details><summary>${name}</summary><ol class="prose">${lines.map((line) => html`<li>${line}</li>`)}</ol></details>`;
  return html`<section class="card"><p><b>${topic}</b></p><p class="prose">${storyDirection}</p>
    ${list("Narration", narrationScripts)}${list("Sounds", sfxDescriptions)}
    ${errorLog !== null && html`<details><summary>Error log</summary><pre>${errorLog}</pre></details>`}
  </section>`;
}
