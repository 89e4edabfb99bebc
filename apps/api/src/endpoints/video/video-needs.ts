import type { LibraryStore, TaskRow, TaskStore, TaskWork, VideoChannel } from "@millrace/db";
import type { TaskActions } from "@millrace/pipelines";
import type { CredentialBox } from "@millrace/providers";
import { type Principal, visibleOwner } from "../../auth/principal.ts";
import type { FileLinks } from "../../file-links.ts";
import { requestProblem } from "../../http/request-problem.ts";

/** What the endpoints of videos ask, beside what all of them do. */
export interface VideoNeeds {
  readonly tasks: TaskStore;
  readonly work: Pick<TaskWork, "unitsOf">;
  readonly library: LibraryStore;
  readonly actions: TaskActions;
  /** null: no key to seal credentials with is set. */
  readonly box: CredentialBox | null;
  /** null where there is no such key, either. */
  readonly links: FileLinks | null;
}

export const noSuchTask = () => requestProblem("NOT_FOUND", "There is no task of that id.");
export const noSuchChannel = () => requestProblem("NOT_FOUND", "There is no channel of that id.");

/** The task, where the principal may see it. */
export async function findVisibleTask(
  { tasks }: Pick<VideoNeeds, "tasks">,
  id: string,
  principal: Principal,
): Promise<TaskRow> {
  const task = await tasks.findTask(id, visibleOwner(principal));
  if (task === undefined) throw noSuchTask();
  return task;
}

/** By uuid or short id. */
export async function findVisibleChannel(
  { tasks }: Pick<VideoNeeds, "tasks">,
  id: string,
  principal: Principal,
): Promise<VideoChannel> {
  const channel = await tasks.findVideoChannel(id, visibleOwner(principal));
  if (channel === undefined) throw noSuchChannel();
  return channel;
}
