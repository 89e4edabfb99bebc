import { type GateRow, judgeGate } from "@millrace/core";
import type { TaskRow } from "@millrace/db";
import type { TaskGate } from "@millrace/pipelines";
import type { Actor } from "../video/actors.ts";
import { groupOf } from "../video/task-groups.ts";
import { type Html, html } from "./html.ts";
import { agoTag } from "./show-time.ts";

export const REVIEW_FORM = "review";

/** Steps that can be sent back at the last gate. */
const REDONE = ["assets", "composites", "video", "audio", "sfx", "assembly"] as const;

export interface ActionsView {
  readonly task: TaskRow;
  readonly gates: readonly GateRow[];
  /** On whose behalf the person acts; null: they can only look. */
  readonly actor: Actor | null;
  readonly submittedBy: string | null;
  readonly now: Date;
}

/** The gate at which people decide now. */
export function openGate({ job }: Pick<TaskRow, "job">): TaskGate | null {
  return job?.status === "pending" && job.waitingFor === "review" ? (job.gate as TaskGate | null) : null;
}

/** What can be done to the task now, and the gates with what was decided. */
export function taskActions(view: ActionsView): Html {
  const { task, actor, gates } = view;
  const gate = openGate(task);
  return html`${gates.length > 0 && html`<h2>Gates</h2>${gates.map((row) => gateCard(row, view))}`}
  ${gate !== null && (actor === null ? askWho(task) : reviewForm(task, gate, actor))}
  ${buttons(view)}`;
}

function gateCard(row: GateRow, { submittedBy, now }: ActionsView): Html {
  const { policy } = row;
  const decisions = row.reviews.map((review) => ({ ...review, isSelf: review.decidedBy === submittedBy }));
  const verdict = policy && judgeGate(policy, decisions);
  const state = row.verdict ?? (policy === null ? "early" : row.closedAt === null ? "open" : "ended");
  const rules = [
    policy &&
      policy.approvals > 1 &&
      `${verdict?.kind === "open" ? verdict.approvals : policy.approvals} of ${policy.approvals} approvals`,
    policy && policy.roles.length > 0 && `for ${policy.roles.join(", ")}`,
    policy && !policy.allowsSelfApproval && "not by who queued it",
  ].filter((rule) => typeof rule === "string");
  return html`<div class="card gate">
    <p><b>${row.gate}</b> <span class="pill gate-${state}">${state}</span> <span class="note">${rules.join(" · ")}
    ${row.openedAt && html`asked ${agoTag(row.openedAt, now)}`}${row.closedAt === null && row.expiresAt !== null && html`, ends ${agoTag(row.expiresAt, now)}`}</span></p>
    ${row.reviews.map(
      (
        review,
      ) => html`<p class="note">${agoTag(review.at, now)}: <b>${review.decision}</b> by ${review.decidedBy}${review.comment !== null && html`: <span class="prose">${review.comment}</span>`}
      ${review.details && html`<code>${JSON.stringify(review.details)}</code>`}</p>`,
    )}
  </div>`;
}

function askWho(task: TaskRow): Html {
  return html`<p class="card">It waits for a decision. <a href="/act?next=/tasks/${task.id}">Act with an API key</a> to decide: the history
  names who did.</p>`;
}

function reviewForm(task: TaskRow, gate: TaskGate, actor: Actor): Html {
  const hint =
    gate === "final"
      ? html`<label>Make again from <select name="step">${REDONE.map((step) => html`<option ${step === "assembly" && html`selected`}>${step}</option>`)}</select></label>
        <label>only clips <input name="clips" size="12" placeholder="all" pattern="[0-9 ,]*" title="numbers, such as 2, 5"></label>`
      : html`<span class="note">Mark below what is to be made again; nothing marked is all of it.</span>`;
  return html`<form class="card review" id="${REVIEW_FORM}" method="post" action="/tasks/${task.id}">
    ${hidden(actor)}<input type="hidden" name="gate" value="${gate}">
    <p><b>Decide at ${gate}</b> <span class="note">as ${actor.name}</span></p>
    <label class="wide">Reason <span class="note">(a rejection needs one)</span><textarea name="comment" rows="2" maxlength="5000"></textarea></label>
    <p class="filters"><button name="do" value="approve">Approve</button>
    <button class="quiet" name="do" value="reject">Reject</button> ${hint}</p>
  </form>`;
}

function buttons({ task, actor }: ActionsView): Html | null {
  if (actor === null) return null;
  const group = groupOf(task.status);
  const isActive = task.job?.status === "pending" || task.job?.status === "processing";
  const offers = [
    group === "draft" && (["queue", "Queue"] as const),
    group === "errors" && (["retry", "Retry"] as const),
    group === "published" && actor.isAdmin && (["queue", "Make it again"] as const),
    isActive && task.job?.cancelRequestedAt === null && (["cancel", "Cancel"] as const),
  ].filter((offer) => offer !== false);
  if (offers.length === 0) return null;
  return html`<form method="post" action="/tasks/${task.id}" class="filters acts">${hidden(actor)}
    ${offers.map(([act, name]) => html`<button ${act === "cancel" && html`class="quiet"`} name="do" value="${act}">${name}</button>`)}
    ${isActive && html`<label>Why <input name="reason" size="24" maxlength="500"></label>`}
  </form>`;
}

const hidden = ({ formToken }: Actor): Html => html`<input type="hidden" name="token" value="${formToken}">`;
