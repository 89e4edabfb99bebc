import type { Query } from "../database.ts";

/** Under way, by the order of the enum. */
const IS_UNDER_WAY = "t.status between 'queued' and 'uploading'";

/** Whether a task that is under way may be where it is, as its job's row stands. */
const FITS = `case
  when j.id is null or j.finished_at is not null then false
  when j.waiting_for = 'review' then t.status in ('assets_ready', 'video_ready', 'audio_ready', 'final_review')
  when j.waiting_for = 'quota' then t.status = 'queued'
  when j.waiting_for = 'retry' or j.lease_until is not null then t.status = task_making(j.stage)
  -- given back unfinished, or handed over to the lane of the upload
  when j.status = 'processing' then t.status = task_making(j.stage) or (t.status = 'approved' and j.stage = 'upload')
  -- in line, or its ticket is: the first try of a stage, or another one
  else t.status in ('queued', task_making(j.stage)) end`;

const OUT_OF_STEP = `
select t.id from tasks t left join pipeline_jobs j on j.id = t.job_id where ${IS_UNDER_WAY} and not (${FITS})
union all
select t.id from tasks t
cross join lateral (select * from pipeline_jobs where id = t.job_id limit 1) j
where t.job_id is not null and not (${IS_UNDER_WAY}) and j.finished_at is null
limit $1::int
`;

/** Tasks whose status is not what their job says; nothing writes it but the triggers on jobs, so there should be none. */
export async function tasksOutOfStep(query: Query, limit: number): Promise<string[]> {
  return (await query<{ id: string }>(OUT_OF_STEP, [limit])).map(({ id }) => id);
}
