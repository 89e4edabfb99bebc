import type { Database } from "./database.ts";

/** A published task whose images, clips and sounds are still kept. */
export interface FinishedWorkspace {
  readonly taskId: string;
  readonly ownerId: string;
  /** Blobs below the task's folder that stay: what was assembled. */
  readonly keptKeys: readonly string[];
}

/** What tasks leave behind when they are done (C2.8). Those with an error keep everything. */
export interface WorkspaceStore {
  /** Published before that instant and not run again since; at most `limit`, in the order of ids after `after`. */
  findFinished(filter: {
    readonly publishedBefore: Date;
    readonly limit: number;
    readonly after?: string | undefined;
  }): Promise<FinishedWorkspace[]>;
  /** The units are no more: another run makes them anew. False: the task has been queued again meanwhile. */
  forgetUnits(taskId: string, publishedBefore: Date): Promise<boolean>;
}

const IS_FINISHED = "t.status = 'published' and t.status_since < $1::timestamptz";
const GOES = "u.task_id = t.id and u.step not in ('assembly', 'upload')";

const FIND = `
select t.id as task_id, t.owner_id, t.final_video_path,
  coalesce((select json_agg(u.blob_key) from task_units u where u.task_id = t.id and u.step in ('assembly', 'upload')), '[]') as kept
from tasks t
where ${IS_FINISHED} and t.id > $2::uuid and exists (select from task_units u where ${GOES})
order by t.id
limit $3::int
`;

const FORGET = `
with task as (
  select t.id from tasks t where t.id = $2::uuid and ${IS_FINISHED} for update
),
gone as (
  delete from task_units u using task t where ${GOES}
)
select id from task
`;

const FIRST_ID = "00000000-0000-0000-0000-000000000000";

export function createWorkspaceStore({ query }: Pick<Database, "query">): WorkspaceStore {
  return {
    async findFinished({ publishedBefore, limit, after = FIRST_ID }) {
      const rows = await query<{ task_id: string; owner_id: string; final_video_path: string | null; kept: string[] }>(
        FIND,
        [publishedBefore.toISOString(), after, limit],
      );
      return rows.map(({ task_id: taskId, owner_id: ownerId, final_video_path: path, kept }) => ({
        taskId,
        ownerId,
        keptKeys: path === null ? kept : [...kept, path],
      }));
    },
    forgetUnits: async (taskId, publishedBefore) =>
      (await query(FORGET, [publishedBefore.toISOString(), taskId])).length === 1,
  };
}
