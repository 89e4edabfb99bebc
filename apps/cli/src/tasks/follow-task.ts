import { setTimeout as pause } from "node:timers/promises";
import type { ApiClient, Body } from "../api-client.ts";
import type { Terminal } from "../terminal.ts";
import { keptBy, standOf, type Task } from "./task-text.ts";

const POLL_MS = 500;

/** What was printed of a task before, so that going on following repeats nothing. */
export interface Followed {
  lastId: number;
}

/**
 * Prints each change of a task's status as it happens, until people decide about it or nothing more comes by itself.
 */
export async function followTask(
  api: ApiClient,
  { say, colour }: Terminal,
  id: string,
  { followed = { lastId: 0 }, signal }: { readonly followed?: Followed; readonly signal?: AbortSignal } = {},
): Promise<Task> {
  const path = `/api/v1/tasks/${encodeURIComponent(id)}`;
  for (let kept: string | undefined; ; ) {
    const { body: task } = await api.get<Task>(path);
    const { body } = await api.get<Body<"listTaskTransitions">>(`${path}/transitions`);
    for (const { id: hop, at, from, to, reason } of body.transitions) {
      if (hop <= followed.lastId) continue;
      followed.lastId = hop;
      say(
        `${colour.dim(at.slice(11, 19))}  ${(from ?? "new").padEnd(21)} → ${colour.bold(to)}${reason === null ? "" : `  ${reason}`}`,
      );
    }
    const now = standOf(task) === "under_way" ? keptBy(task) : undefined;
    if (now !== undefined && now !== kept) say(`          ${now}`);
    kept = now;
    // a hop between the two questions is shown by the next round
    const isSeen = body.transitions.at(-1)?.to === task.status;
    if (isSeen && standOf(task) !== "under_way") return task;
    await pause(POLL_MS, undefined, signal && { signal });
  }
}
