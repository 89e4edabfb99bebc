import type { Database } from "./database.ts";
import type { TaskStatusName } from "./task-model.ts";

/** A median of fewer says nothing. */
const LEAST_STAYS = 3;
/** The newest hops looked at: some hundred tasks, and bounded work however long the history is. */
const NEWEST_HOPS = 5_000;

const MEDIANS = `
select status, percentile_cont(0.5) within group (order by ms) as median_ms
from (
  select from_status as status,
    extract(epoch from at - lag(at) over (partition by task_id order by id)) * 1000 as ms
  from (
    select * from task_transitions where at > now() - interval '30 days' order by at desc limit ${NEWEST_HOPS}
  ) newest
) stays
where ms is not null and status is not null
group by status having count(*) >= ${LEAST_STAYS}
`;

/** How long tasks that left a status lately had been in it: the median, in ms. A status few have left is not there. */
export async function readTypicalTimes(db: Database): Promise<ReadonlyMap<TaskStatusName, number>> {
  const rows = await db.query<{ status: TaskStatusName; median_ms: number | string }>(MEDIANS, []);
  return new Map(rows.map(({ status, median_ms }) => [status, Number(median_ms)]));
}
