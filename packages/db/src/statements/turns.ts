import { STANDARD_STEP } from "@millrace/core";
import type { Query } from "../database.ts";
import { IN_LINE, RANK, TURN_CHANNEL } from "./line.ts";

/** Where the counts of waiting jobs differ from the jobs; both sides as of one instant. */
const DIFFERENT = `
counted as (
  select lane, (${RANK})::smallint as rank, ${TURN_CHANNEL} as channel_id, count(*)::int as waiting, min(seq) as seq
  from pipeline_jobs where ${IN_LINE}
  group by 1, 2, 3
),
different as (
  select lane, rank, channel_id, coalesce(c.waiting, 0) - coalesce(t.waiting, 0) as moved, coalesce(c.seq, 0) as seq
  from counted c
  full join (select * from channel_turns where waiting <> 0) t using (lane, rank, channel_id)
  where c.waiting is distinct from t.waiting
)`;

const COUNT = `with ${DIFFERENT} select count(*)::int as n from different`;

/** By the difference, so that what others count meanwhile stays counted. */
const REPAIR = `
with ${DIFFERENT}
select count(*)::int as n,
  count_turns(array_agg(lane), array_agg(rank), array_agg(channel_id), array_agg(moved), array_agg(seq))
from different
`;

/** Turns that say nothing: entering anew would lead to the same place. */
const FORGET = `
delete from channel_turns t
using (
  select lane, rank, channel_id from channel_turns
  join turn_clocks c using (lane, rank)
  where waiting = 0 and vtime <= c.clock + ${STANDARD_STEP}
  limit 10000
  for update of channel_turns skip locked
) idle
where (t.lane, t.rank, t.channel_id) = (idle.lane, idle.rank, idle.channel_id) and t.waiting = 0
`;

/** How many channels' counts of waiting jobs are wrong. */
export async function countWrongTurns(query: Query): Promise<number> {
  const [row] = await query<{ n: number }>(COUNT);
  return row!.n;
}

/** Makes the counts right and forgets channels that are owed nothing. Returns how many counts were wrong. */
export async function repairTurns(query: Query): Promise<number> {
  const [row] = await query<{ n: number }>(REPAIR);
  await query(FORGET);
  return row!.n;
}
