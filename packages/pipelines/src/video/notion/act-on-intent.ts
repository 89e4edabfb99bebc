import { type GateRefusal, type JsonObject, MillraceError, type Priority } from "@millrace/core";
import { z } from "zod";
import type { CancelTaskAnswer, QueueTaskAnswer, ReviewTaskAnswer, TaskActions } from "../act-on-task.ts";
import type { ScaledTask } from "../job-of-task.ts";
import { labelOf } from "./labels.ts";
import type { Intent } from "./read-intent.ts";
import type { BoardEntry, TaskFields } from "./read-page.ts";
import type { ShownTask } from "./seen.ts";

/** A task as far as its page is about it. */
export interface PlannedTask extends ShownTask, ScaledTask {
  readonly id: string;
  readonly ownerId: string;
  /** uuid of its channel. */
  readonly channelId: string;
  readonly notionPageId: string;
  readonly title: string;
  readonly topic: string;
  readonly storyDirection: string;
}

/** The tasks of boards, and what is known of their pages. */
export interface PlannedTasks {
  findTaskOfPage(notionPageId: string, ownerId: string | null): Promise<PlannedTask | undefined>;
  createTask(
    task: TaskFields & { readonly ownerId: string },
    actor: string,
  ): Promise<{ readonly kind: "created" | "duplicate"; readonly task: PlannedTask } | { readonly kind: string }>;
  updateTask(
    id: string,
    ownerId: string | null,
    change: {
      readonly title?: string;
      readonly topic?: string;
      readonly storyDirection?: string;
      readonly priority?: Priority;
    },
  ): Promise<unknown>;
  notionSeen(taskId: string): Promise<JsonObject | null>;
  keepNotionSeen(taskId: string, seen: JsonObject, pushed: boolean): Promise<void>;
}

export interface ActOnIntentNeeds {
  readonly tasks: PlannedTasks;
  readonly actions: TaskActions;
}

export interface WantedByPage {
  readonly intent: Intent;
  readonly entry: BoardEntry;
  /** undefined: the page has none yet. */
  readonly task: PlannedTask | undefined;
  /** Of the channel the entry names. */
  readonly channelOwner: (channelId: string) => string | undefined;
  /** Who wants it, as history names them. */
  readonly by: string;
}

/** Does what a person wants by a page. Resolves with why it was not done, in words for the page; empty when it was. */
export async function actOnIntent(needs: ActOnIntentNeeds, wanted: WantedByPage): Promise<readonly string[]> {
  try {
    return await act(needs, wanted);
  } catch (error) {
    if (error instanceof z.ZodError) return error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
    if (error instanceof MillraceError && error.code === "VALIDATION_FAILED") return [error.message];
    throw error;
  }
}

async function act({ tasks, actions }: ActOnIntentNeeds, wanted: WantedByPage): Promise<readonly string[]> {
  const { intent, task, by } = wanted;
  if (intent.kind === "none") return [];
  if (intent.kind === "refused") return intent.reasons;
  if (intent.kind === "queue") return queue({ tasks, actions }, wanted, intent.fields);
  if (task === undefined) return [];
  const actor = { taskId: task.id, ownerId: task.ownerId, by };
  switch (intent.kind) {
    case "unqueue":
      return reasonsOf(await actions.unqueue({ ...actor, reason: "set to Draft in Notion" }));
    case "retry": {
      await takeTexts(tasks, wanted);
      return reasonsOf(await actions.retry({ ...actor, step: intent.step }));
    }
    case "review_again":
      return [
        "Nothing can be looked at again without being made again: choose Queued to upload once more, or the step to go back to",
      ];
    case "approve":
      return reasonsOf(
        await actions.review({ ...actor, gate: intent.gate, decision: "approved", comment: null, roles: [] }),
      );
    case "reject": {
      const { gate, step, reason: comment, clips } = intent;
      return reasonsOf(await actions.review({ ...actor, gate, decision: "rejected", comment, step, clips, roles: [] }));
    }
  }
}

async function queue(
  { tasks, actions }: ActOnIntentNeeds,
  wanted: WantedByPage,
  fields: TaskFields,
): Promise<readonly string[]> {
  const { by, channelOwner } = wanted;
  let { task } = wanted;
  if (task === undefined) {
    const ownerId = channelOwner(fields.channelId);
    if (ownerId === undefined) return [];
    const created = await tasks.createTask({ ...fields, ownerId }, by);
    if (!("task" in created)) return ["The channel is not known here any more"];
    task = created.task;
  } else {
    if (fields.channelId !== task.channelId) return ["The channel of a video cannot be changed"];
    await takeTexts(tasks, wanted);
  }
  return reasonsOf(await actions.queue({ taskId: task.id, ownerId: task.ownerId, by, isAdmin: false }));
}

/** What the page says now is what is made. */
async function takeTexts(tasks: PlannedTasks, { task, entry }: WantedByPage): Promise<void> {
  if (task === undefined || !("fields" in entry.task)) return;
  const { title, topic, storyDirection } = entry.task.fields;
  if (task.title === title && task.topic === topic && task.storyDirection === storyDirection) return;
  await tasks.updateTask(task.id, task.ownerId, { title, topic, storyDirection });
}

function reasonsOf(answer: QueueTaskAnswer | CancelTaskAnswer | ReviewTaskAnswer): readonly string[] {
  switch (answer.kind) {
    case "refused":
      return [`${labelOf(answer.from)} cannot be changed to ${labelOf(answer.to)} now`];
    case "channel_inactive":
      return ["The channel is switched off"];
    case "not_found":
      return ["There is no such task any more"];
    case "counted":
      return [`Approved by ${answer.approvals} of ${answer.needed}`];
    case "invalid":
      return [`${answer.field} ${answer.message}`];
    case "not_allowed":
      return [NOT_ALLOWED[answer.rule]];
    case "already_decided":
      return [`This person decided before: ${answer.decision}`];
    default:
      return [];
  }
}

const NOT_ALLOWED: Readonly<Record<GateRefusal, string>> = {
  role: "This gate asks for people with a role, which Notion does not know: decide in the console or by a review link",
  self: "Who queued a video may not approve it here",
  reason: "A rejection needs a reason",
};
