import type { JobStatus, Priority, PriorityAnswer, PriorityChange } from "@millrace/core";
import type { Query } from "../database.ts";

/** In the backlog it changes line at once, where its age puts it; one with a ticket keeps that, and its next turn is the new one. */
const CHANGE = `
with found as materialized (
  select id, status, priority from pipeline_jobs
  where id = $1::uuid and ($2::uuid is null or owner_id = $2::uuid)
  for no key update
),
changed as (
  update pipeline_jobs j set priority = $3, updated_at = now()
  from found f
  where j.id = f.id and f.status in ('pending', 'processing') and f.priority <> $3
  returning j.id
)
select status, priority from found
`;

interface FoundRow {
  readonly status: JobStatus;
  readonly priority: Priority;
}

/** Changes whose turn a job takes (C-Q08). Also for use inside a transaction. */
export async function changePriority(query: Query, change: PriorityChange): Promise<PriorityAnswer> {
  const [row] = await query<FoundRow>(CHANGE, [change.jobId, change.ownerId, change.priority]);
  if (row === undefined) return { kind: "not_found" };
  if (row.status !== "pending" && row.status !== "processing") return { kind: "terminal", status: row.status };
  return { kind: "changed", before: row.priority };
}
