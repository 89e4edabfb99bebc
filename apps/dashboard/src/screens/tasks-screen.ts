import { PRIORITIES } from "@millrace/core";
import type { TaskRow, TaskStatusName, VideoChannel } from "@millrace/db";
import { GROUP_TITLES, groupOf, statusesOf, TASK_GROUPS, type TaskGroup } from "../video/task-groups.ts";
import { type TaskQuery, tasksPath } from "../video/task-query.ts";
import type { TypicalTimes } from "../video/task-reader.ts";
import { type Html, html } from "./html.ts";
import { pageText, type Shell } from "./page.ts";
import { agoTag } from "./show-time.ts";
import { progressOf, taskPill, taskStanding, timeInStatus, videoNav, wordsOf } from "./task-parts.ts";

interface Frame {
  readonly query: TaskQuery;
  readonly channels: readonly VideoChannel[];
  readonly counts: Readonly<Record<TaskStatusName, number>>;
  readonly typical: TypicalTimes;
  readonly now: Date;
}

export interface BoardView extends Frame {
  /** The newest of each group. */
  readonly columns: readonly {
    readonly group: TaskGroup;
    readonly tasks: readonly TaskRow[];
    readonly more: boolean;
  }[];
}

export interface TasksView extends Frame {
  readonly tasks: readonly TaskRow[];
  /** Cursor of the next page. */
  readonly after: string | undefined;
}

/** A column for each group of statuses. */
export function boardScreen(shell: Shell, view: BoardView): string {
  const { columns, query } = view;
  const isEmpty = columns.every(({ tasks }) => tasks.length === 0);
  return pageText({
    title: "Videos",
    shell,
    body: html`<h1>Videos ${videoNav("/tasks")}</h1>
    ${filters(view)}
    <section data-live>
      ${isEmpty ? nothing(query) : html`<div class="board">${columns.map((column) => boardColumn(column, view))}</div>`}
    </section>`,
  });
}

/** The tasks of a group or a status, newest first. */
export function tasksScreen(shell: Shell, view: TasksView): string {
  const { query, tasks, after } = view;
  return pageText({
    title: "Videos",
    shell,
    body: html`<h1>Videos ${videoNav("/tasks")}</h1>
    ${filters(view)}
    <section data-live>
      ${tasks.length === 0 ? nothing(query) : table(view)}
      <p class="pages">
        ${query.after !== undefined && html`<a href="${tasksPath(query, { after: undefined })}">← Newest</a>`}
        ${after !== undefined && html`<a class="push" href="${tasksPath(query, { after })}">Older →</a>`}
      </p>
    </section>`,
  });
}

/** With a priority the counts would be of something else, so they are left out. */
function countOf({ counts, query }: Frame, group: TaskGroup): number | null {
  return query.priority === undefined ? statusesOf(group).reduce((sum, status) => sum + counts[status], 0) : null;
}

function filters(view: Frame): Html {
  const { query, channels } = view;
  const tab = (name: string, group: TaskGroup | undefined, count: number | null): Html =>
    html`<a href="${tasksPath(query, { group, status: undefined, after: undefined })}" ${isCurrent(query, group) && html`aria-current="true"`}>${name}${count !== null && html` <small>${count}</small>`}</a>`;
  const statuses = query.group === undefined ? [] : statusesOf(query.group);
  return html`<form class="filters" method="get" action="/tasks">
    <span class="tabs">${tab("board", undefined, null)}${TASK_GROUPS.map((group) => tab(GROUP_TITLES[group].toLowerCase(), group, countOf(view, group)))}</span>
    ${query.group !== undefined && html`<input type="hidden" name="group" value="${query.group}">`}
    ${statuses.length > 1 && html`<label>Status <select name="status">${choice("", "any", query.status ?? "")}${statuses.map((status) => choice(status, wordsOf(status), query.status ?? ""))}</select></label>`}
    <label>Channel <select name="channel">${choice("", "any", query.channel ?? "")}${channels.map(({ id, channelName }) => choice(id, channelName, query.channel ?? ""))}</select></label>
    <label>Priority <select name="priority">${choice("", "any", query.priority ?? "")}${PRIORITIES.map((priority) => choice(priority, priority, query.priority ?? ""))}</select></label>
    <button>Show</button>
    ${hasQuestions(query) && html`<a href="/tasks">Clear</a>`}
  </form>`;
}

const isCurrent = ({ group, status }: TaskQuery, wanted: TaskGroup | undefined): boolean =>
  (status === undefined ? group : groupOf(status)) === wanted;

const choice = (value: string, name: string, chosen: string): Html =>
  html`<option value="${value}" ${value === chosen && html`selected`}>${name}</option>`;

const hasQuestions = ({ group, status, channel, priority }: TaskQuery): boolean =>
  [group, status, channel, priority].some((value) => value !== undefined);

function nothing(query: TaskQuery): Html {
  return hasQuestions(query)
    ? html`<p class="empty">No video matches. <a href="/tasks">Show the board</a></p>`
    : html`<p class="empty">No videos yet. A task made by the API, <code>millrace tasks create</code> or Notion appears here.</p>`;
}

function boardColumn({ group, tasks, more }: BoardView["columns"][number], view: BoardView): Html {
  const count = countOf(view, group);
  return html`<section class="column">
    <h2><a href="${tasksPath(view.query, { group })}">${GROUP_TITLES[group]}</a> <span class="note">${count}</span></h2>
    ${tasks.map((task) => card(task, view))}
    ${tasks.length === 0 && html`<p class="note">none</p>`}
    ${more && html`<p><a href="${tasksPath(view.query, { group })}">More →</a></p>`}
  </section>`;
}

function card(task: TaskRow, { typical, now }: Frame): Html {
  const group = groupOf(task.status);
  const isUnderWay = group === "in_progress" || group === "review" || group === "waiting";
  const standing = taskStanding(task, now);
  return html`<article class="card">
    <a href="/tasks/${task.id}">${task.title}</a>
    <p class="note">${task.channelName}${priorityMark(task)}</p>
    ${isUnderWay && html`<progress max="100" value="${progressOf(task)}">${progressOf(task)} %</progress>`}
    <p class="note">${group !== "draft" && group !== "published" && html`${wordsOf(task.status)} · `}${timeInStatus(task, typical, now)}</p>
    ${standing !== null && html`<p class="note">${standing}</p>`}
  </article>`;
}

function priorityMark({ priority }: TaskRow): Html | false {
  return priority !== "normal" && html` · <b>${priority}</b>`;
}

function table({ tasks, typical, now }: TasksView): Html {
  return html`<table class="jobs tasks">
    <thead><tr><th>Status</th><th>Video</th><th>Channel</th><th>Progress</th><th></th><th>In status</th><th>Made</th></tr></thead>
    <tbody>${tasks.map(
      (task) => html`<tr>
      <td>${taskPill(task.status)}</td>
      <td><a href="/tasks/${task.id}">${task.title}</a><br><span class="note">${task.topic.slice(0, 120)}</span></td>
      <td>${task.channelName}${priorityMark(task)}</td>
      <td><progress max="100" value="${progressOf(task)}">${progressOf(task)} %</progress></td>
      <td class="note">${taskStanding(task, now)}</td>
      <td class="number">${timeInStatus(task, typical, now)}</td>
      <td>${agoTag(task.createdAt, now)}</td>
    </tr>`,
    )}</tbody>
  </table>`;
}
