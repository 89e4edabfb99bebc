import type { Priority } from "@millrace/core";
import type { NotionPage, NotionProperty } from "@millrace/providers";
import type { TaskStatus } from "../task-lifecycle.ts";
import { priorityOfLabel, statusOfLabel } from "./labels.ts";

/** The columns of the board. Their case does not count. */
export const BOARD = {
  title: "Title",
  topic: "Topic",
  storyDirection: "Story Direction",
  channel: "Channel",
  status: "Status",
  priority: "Priority",
  errorLog: "Error Log",
  youtubeUrl: "YouTube URL",
} as const;

/** A channel whose videos are planned on this board. */
export interface BoardChannel {
  readonly id: string;
  /** Its name and its short id: either is taken. */
  readonly names: readonly string[];
  readonly priority: Priority;
  readonly isActive: boolean;
}

/** What a task takes from its page. */
export interface TaskFields {
  readonly channelId: string;
  /** 32 hex digits. */
  readonly notionPageId: string;
  /** 1…255 characters. */
  readonly title: string;
  /** 1…500 characters. */
  readonly topic: string;
  readonly storyDirection: string;
  readonly priority: Priority;
}

export interface BoardEntry {
  readonly pageId: string;
  /** Undefined for a label nobody knows. */
  readonly status: TaskStatus | undefined;
  /** Undefined where none is chosen or the label is unknown. */
  readonly priority: Priority | undefined;
  readonly errorLog: string;
  /** What a task takes from it, or why it stays in Draft. */
  readonly task: { readonly fields: TaskFields } | { readonly problems: readonly string[] };
}

const MAX_TITLE = 255;
const MAX_TOPIC = 500;

export function propertyOf({ properties }: NotionPage, name: string): (NotionProperty & { name: string }) | undefined {
  const found = Object.entries(properties).find(([key]) => key.trim().toLowerCase() === name.toLowerCase());
  return found === undefined ? undefined : { name: found[0], ...found[1] };
}

export function readPage(page: NotionPage, channels: readonly BoardChannel[]): BoardEntry {
  // Postgres stores neither NUL nor half a character.
  const textOf = (name: string): string =>
    (propertyOf(page, name)?.text ?? "").replace(/\0|\p{Surrogate}/gu, "").trim();
  const problems: string[] = [];
  const required = (name: string, max: number): string => {
    const text = textOf(name);
    if (text === "") problems.push(`${name} is missing`);
    if ([...text].length > max) problems.push(`${name} has more than ${max} characters`);
    return text;
  };

  const title = required(BOARD.title, MAX_TITLE);
  const topic = required(BOARD.topic, MAX_TOPIC);
  const channelName = required(BOARD.channel, MAX_TITLE);
  const channel = channels.find(({ names }) => names.some((name) => isSame(name, channelName)));
  if (channelName !== "" && channel === undefined) problems.push(`${BOARD.channel} "${channelName}" is not known here`);
  if (channel?.isActive === false) problems.push(`${BOARD.channel} "${channelName}" is switched off`);
  const priorityLabel = textOf(BOARD.priority);
  const priority = priorityOfLabel(priorityLabel);
  if (priorityLabel !== "" && priority === undefined) {
    problems.push(`${BOARD.priority} "${priorityLabel}" is none of Low, Normal, High`);
  }

  const statusLabel = textOf(BOARD.status);
  const storyDirection = textOf(BOARD.storyDirection);
  const isFit = problems.length === 0 && channel !== undefined;
  return {
    pageId: page.id,
    status: statusLabel === "" ? "draft" : statusOfLabel(statusLabel),
    priority,
    errorLog: propertyOf(page, BOARD.errorLog)?.text ?? "",
    task: isFit
      ? {
          fields: {
            channelId: channel.id,
            notionPageId: page.id,
            title,
            topic,
            storyDirection,
            priority: priority ?? channel.priority,
          },
        }
      : { problems },
  };
}

function isSame(a: string, b: string): boolean {
  return a.trim().toLowerCase() === b.trim().toLowerCase();
}
