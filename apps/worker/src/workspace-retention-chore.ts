import type { Blobs, Clock, Log } from "@millrace/core";
import type { FinishedWorkspace, WorkspaceStore } from "@millrace/db";
import type { Chore } from "@millrace/engine";

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const PAGE = 50;

/**
 * C2.8: some days after publishing, the images, clips and sounds of a video go; the assembled video and the library stay,
 * and so does everything of a task in an error state. Blobs go before their rows, so nothing is left behind unknown.
 */
export function workspaceRetentionChore(options: {
  readonly workspaces: WorkspaceStore;
  readonly blobs: Pick<Blobs, "list" | "delete">;
  readonly days: number;
  readonly clock: Clock;
  readonly log: Log;
}): Chore {
  const { workspaces, blobs, days, clock, log } = options;

  const empty = async ({ taskId, ownerId, keptKeys }: FinishedWorkspace): Promise<number> => {
    const kept = new Set(keptKeys);
    let removed = 0;
    for await (const { key } of blobs.list(`${ownerId}/video/${taskId}/`)) {
      if (kept.has(key)) continue;
      await blobs.delete(key);
      removed += 1;
    }
    return removed;
  };

  return {
    name: "workspace_retention",
    everyMs: HOUR_MS,
    async run(signal) {
      const publishedBefore = new Date(clock.now().getTime() - days * DAY_MS);
      let after: string | undefined;
      const counts = { tasks: 0, blobs: 0, tasks_left: 0 };
      for (;;) {
        const page = await workspaces.findFinished({ publishedBefore, limit: PAGE, after });
        for (const workspace of page) {
          if (signal.aborted) return;
          try {
            counts.blobs += await empty(workspace);
            if (await workspaces.forgetUnits(workspace.taskId, publishedBefore)) counts.tasks += 1;
          } catch (error) {
            counts.tasks_left += 1;
            log.warn({ err: error, task_id: workspace.taskId }, "a workspace could not be removed; it is tried again");
          }
        }
        after = page.at(-1)?.taskId;
        if (page.length < PAGE) break;
      }
      if (counts.tasks + counts.tasks_left > 0) log.info(counts, "workspaces of published videos removed");
    },
  };
}
