import type { Clock, JsonObject, Priority } from "@millrace/core";
import type { Notion, NotionPage } from "@millrace/providers";
import { scaleOfTask } from "../job-of-task.ts";
import { type ActOnIntentNeeds, actOnIntent, type PlannedTask } from "./act-on-intent.ts";
import type { Board } from "./board.ts";
import { entriesOf, type LogEntry } from "./error-log.ts";
import { type BoardState, planPush } from "./plan-push.ts";
import { type Intent, readIntent, readPriority } from "./read-intent.ts";
import { type BoardEntry, readPage } from "./read-page.ts";
import { hasNews, readSeen, type Seen, shownOf } from "./seen.ts";

export interface MeetPageNeeds extends ActOnIntentNeeds {
  readonly notion: Pick<Notion, "page" | "update">;
  readonly board: Board;
  readonly clock: Clock;
}

/** A page beside its task, and what a person wants by it. */
interface Meeting {
  readonly page: NotionPage;
  readonly entry: BoardEntry;
  readonly task: PlannedTask | undefined;
  readonly seen: Seen;
  readonly intent: Intent;
  readonly priority: Priority | undefined;
}

/** Whether somebody wants something by this page, or its task has something new to say on it. */
export async function isDue(needs: Pick<MeetPageNeeds, "tasks" | "board">, page: NotionPage): Promise<boolean> {
  const { task, seen, intent, priority } = await read(needs, page);
  return intent.kind !== "none" || (task !== undefined && (priority !== undefined || hasNews(task, seen)));
}

/**
 * Brings a page and its task together: first what people want is read from the page as it is now and done, then what is
 * new of the task is written. A second time does nothing. Resolves with whether the page was written.
 */
export async function meetPage(needs: MeetPageNeeds, pageId: string): Promise<boolean> {
  const { tasks, notion, board, clock } = needs;
  const page = await notion.page(pageId);
  const meeting = await read(needs, page);
  const { entry, intent, priority, seen } = meeting;
  if (page.isGone) {
    if (meeting.task !== undefined) await keepSeen(needs, meeting.task, meeting);
    return false;
  }
  const by = page.lastEditedBy === null ? "notion" : `notion:${page.lastEditedBy}`;
  if (meeting.task !== undefined && priority !== undefined) {
    await tasks.updateTask(meeting.task.id, meeting.task.ownerId, { priority });
  }
  const channelOwner = (id: string): string | undefined => board.channels.find((channel) => channel.id === id)?.ownerId;
  const reasons = await actOnIntent(needs, { intent, entry, task: meeting.task, channelOwner, by });
  const at = clock.now();
  const remarks = reasons.length === 0 ? [] : [{ at, message: reasons.join("; "), isRemark: true }];
  const task = await tasks.findTaskOfPage(page.id, null);
  const changes = planPush(stateOf({ task, seen, remarks, at }), page);
  if (task !== undefined && changes.length > 0) {
    await tasks.keepNotionSeen(task.id, { ...seen, writing: task.status, task: seen.task as JsonObject }, false);
  }
  const written = changes.length === 0 ? page : await notion.update(page.id, changes);
  if (task !== undefined) await keepSeen(needs, task, { page: written, seen, pushed: changes.length > 0 });
  return changes.length > 0;
}

async function read({ tasks, board }: Pick<MeetPageNeeds, "tasks" | "board">, page: NotionPage): Promise<Meeting> {
  const entry = readPage(page, board.channels);
  const task = await tasks.findTaskOfPage(page.id, null);
  const seen = readSeen(task === undefined ? null : await tasks.notionSeen(task.id));
  if (task === undefined) return { page, entry, task, seen, intent: readIntent(null, entry), priority: undefined };
  const channel = board.channels.find(({ id }) => id === task.channelId);
  const clipCount = scaleOfTask(channel?.config ?? null, task).clips;
  const known = {
    status: task.status,
    clipCount,
    seen: {
      status: entry.status === seen.writing ? seen.writing : seen.status,
      priority: seen.priority,
      errorLog: seen.error_log,
    },
  };
  return { page, entry, task, seen, intent: readIntent(known, entry), priority: readPriority(known, entry) };
}

function stateOf({
  task,
  seen,
  remarks,
  at,
}: Pick<Meeting, "task" | "seen"> & { readonly remarks: readonly LogEntry[]; readonly at: Date }): BoardState {
  if (task === undefined) return { status: "draft", log: remarks, youtubeUrl: null, priority: null };
  const { status, youtubeUrl, errorLog, priority } = task;
  // lines that were written before stay gone where somebody has removed them
  const told = Number(seen.task["error_log_length"] ?? 0);
  const news = [...(errorLog ?? "")].slice(told).join("");
  const isOther = seen.task["priority"] !== undefined && seen.task["priority"] !== priority;
  return { status, log: [...entriesOf(news, at), ...remarks], youtubeUrl, priority: isOther ? priority : null };
}

async function keepSeen(
  { tasks, board }: MeetPageNeeds,
  task: PlannedTask,
  { page, seen, pushed = false }: { readonly page: NotionPage; readonly seen: Seen; readonly pushed?: boolean },
): Promise<void> {
  const { status, priority, errorLog } = readPage(page, board.channels);
  const hasMoved = seen.task["status"] !== task.status;
  const now: Seen = {
    status: status ?? null,
    writing: null,
    priority: priority ?? null,
    // while a task stays where it is, notes of people gather: they are the reason of a rejection that comes later
    error_log: hasMoved ? errorLog : seen.error_log,
    task: shownOf(task),
  };
  await tasks.keepNotionSeen(task.id, { ...now, task: shownOf(task) }, pushed);
}
