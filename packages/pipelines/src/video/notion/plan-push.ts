import type { Priority } from "@millrace/core";
import type { NotionChange, NotionPage } from "@millrace/providers";
import type { TaskStatus } from "../task-lifecycle.ts";
import { appendToLog, type LogEntry } from "./error-log.ts";
import { labelOf, labelOfPriority, priorityOfLabel, statusOfLabel } from "./labels.ts";
import { BOARD, propertyOf } from "./read-page.ts";

/** What a page has to say about its task. */
export interface BoardState {
  readonly status: TaskStatus;
  /** Oldest first; those the page has already are not written again. */
  readonly log: readonly LogEntry[];
  readonly youtubeUrl: string | null;
  /** Null: what the page says stays. */
  readonly priority: Priority | null;
}

/**
 * What to write so that the page says how things are; empty when it does. To be planned against the page as it is right
 * then, after what people want was read from it. A column the board does not have is left out.
 */
export function planPush(state: BoardState, page: NotionPage): NotionChange[] {
  const changes: NotionChange[] = [];
  const write = (name: string, text: string): void => {
    const property = propertyOf(page, name);
    if (property !== undefined) changes.push({ property: property.name, kind: property.kind, text });
  };
  const label = propertyOf(page, BOARD.status)?.text ?? "";
  if (statusOfLabel(label) !== state.status) write(BOARD.status, labelOf(state.status));
  const log = propertyOf(page, BOARD.errorLog)?.text ?? "";
  const grown = appendToLog(log, state.log);
  if (grown !== log) write(BOARD.errorLog, grown);
  const { youtubeUrl, priority } = state;
  if (priority !== null && priorityOfLabel(propertyOf(page, BOARD.priority)?.text ?? "") !== priority) {
    write(BOARD.priority, labelOfPriority(priority));
  }
  if (youtubeUrl !== null && propertyOf(page, BOARD.youtubeUrl)?.text !== youtubeUrl) {
    write(BOARD.youtubeUrl, youtubeUrl);
  }
  return changes;
}
