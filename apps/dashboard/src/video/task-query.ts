import { PRIORITIES } from "@millrace/core";
import type { TaskFilter, TaskRow } from "@millrace/db";
import { TASK_STATUSES } from "@millrace/pipelines";
import { z } from "zod";
import { statusesOf, TASK_GROUPS } from "./task-groups.ts";

const query = z.object({
  group: z.enum(TASK_GROUPS).optional().catch(undefined),
  status: z.enum(TASK_STATUSES).optional().catch(undefined),
  /** uuid. */
  channel: z.uuid().optional().catch(undefined),
  priority: z.enum(PRIORITIES).optional().catch(undefined),
  after: z.templateLiteral([z.int().nonnegative(), "~", z.uuid()]).optional().catch(undefined),
});

/** What the address of the tasks asks for; what makes no sense in it is left out. */
export type TaskQuery = z.output<typeof query>;

export function parseTaskQuery(raw: unknown): TaskQuery {
  return query.parse(raw);
}

/** Cards in a column of the board. */
export const COLUMN = 8;
const PAGE = 50;

/** Without a group or a status there is a board instead of a list. */
export const isBoard = ({ group, status }: TaskQuery): boolean => group === undefined && status === undefined;

/** The filter of one page and one row more, which tells whether there is a next page. */
export function filterOf({ group, status, channel, priority, after }: TaskQuery, most = PAGE): TaskFilter {
  const [createdAtMs, id] = after?.split("~") ?? [];
  const statuses = status !== undefined ? [status] : group === undefined ? undefined : statusesOf(group);
  return {
    ownerId: null,
    channelId: channel,
    statuses,
    priority,
    ...(createdAtMs === undefined || id === undefined
      ? {}
      : { before: { createdAt: new Date(Number(createdAtMs)), id } }),
    limit: most + 1,
  };
}

/** The rows to show and, where there are more, the cursor of the next page. */
export function pageOf(
  rows: readonly TaskRow[],
  most = PAGE,
): { readonly tasks: readonly TaskRow[]; readonly after: string | undefined } {
  const tasks = rows.slice(0, most);
  const last = tasks.at(-1);
  return { tasks, after: rows.length > most && last ? `${last.createdAt.getTime()}~${last.id}` : undefined };
}

/** The address of the list with some of its questions changed; `undefined` takes one away. */
export function tasksPath(
  query: TaskQuery,
  changes: Partial<Record<keyof TaskQuery, string | undefined>> = {},
): string {
  const entries = Object.entries({ ...query, ...changes }).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  const search = new URLSearchParams(entries).toString();
  return search === "" ? "/tasks" : `/tasks?${search}`;
}
