import type { Query, Row } from "../database.ts";
import type { CostRow, CostSum, TaskErrorRow, TaskRunRow, TransitionRow } from "../task-model.ts";
import { camelRow } from "./camel-row.ts";

const read =
  <T>(text: string, kinds: Parameters<typeof camelRow>[1]) =>
  async (query: Query, taskId: string): Promise<T[]> =>
    (await query<Row>(text, [taskId])).map((row) => camelRow<T>(row, kinds));

export const listTransitions = read<TransitionRow>(
  "select id, task_id, run_no, from_status, to_status, actor, reason, at from task_transitions where task_id = $1::uuid order by id",
  { instants: ["at"], numbers: ["id"] },
);

export const listRuns = read<TaskRunRow>(
  `select run_no, job_id, from_step, queued_by, outcome, error_step, error_code, cost_usd, queued_at, started_at, finished_at
   from task_runs where task_id = $1::uuid order by run_no`,
  { instants: ["queued_at", "started_at", "finished_at"], numbers: ["cost_usd"] },
);

export const listErrors = read<TaskErrorRow>(
  `select id, task_id, run_no, step, code, message, attempt, is_transient, next_retry_at, at
   from task_errors where task_id = $1::uuid order by id`,
  { instants: ["next_retry_at", "at"], numbers: ["id"] },
);

export const listCosts = read<CostRow>(
  `select id, task_id, run_no, component, step, unit, provider, cost_usd, api_calls, units, at
   from task_costs where task_id = $1::uuid order by id`,
  { instants: ["at"], numbers: ["id", "cost_usd", "units"] },
);

const SUM_COSTS = `
select c.channel_id as channel, k.component, k.period, coalesce(sum(k.cost_usd), 0) as cost_usd,
  sum(k.api_calls)::int as api_calls, sum(k.units) as units, count(distinct k.task_id)::int as tasks,
  coalesce(sum(k.api_calls) filter (where k.cost_usd is null), 0)::int as unpriced
from (
  select *, case when $5 <> 'all' then to_char(date_trunc($5, at at time zone 'UTC'), 'YYYY-MM-DD') end as period
  from task_costs where at >= $3::timestamptz and at < $4::timestamptz
) k
join channels c on c.id = k.channel_id
where ($1::uuid is null or c.owner_id = $1::uuid) and ($2::uuid is null or k.channel_id = $2::uuid)
group by c.channel_id, k.component, k.period
order by k.period, c.channel_id, k.component
`;

export async function sumCosts(
  query: Query,
  filter: {
    readonly ownerId: string | null;
    readonly channelId?: string | undefined;
    readonly from: Date;
    readonly to: Date;
    readonly by: "day" | "week" | "month" | "all";
  },
): Promise<CostSum[]> {
  const { ownerId, channelId, from, to, by } = filter;
  const rows = await query<Row>(SUM_COSTS, [ownerId, channelId ?? null, from.toISOString(), to.toISOString(), by]);
  return rows.map((row) => camelRow<CostSum>(row, { numbers: ["cost_usd", "units"] }));
}
