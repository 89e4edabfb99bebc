import type { ChannelShare } from "@millrace/core";
import type { Database } from "./database.ts";
import { isUuid } from "./is-uuid.ts";
import { findPlace, type PlaceInLine } from "./statements/place-in-line.ts";
import { repairTurns } from "./statements/turns.ts";

export interface ChannelRow extends ChannelShare {
  readonly id: string;
  /** Jobs that wait for their turn, and that are dispatched and unfinished. */
  readonly waiting: number;
  readonly inFlight: number;
}

/** What is left out stays. */
export type ChannelChange = Partial<ChannelShare>;

export interface ChannelStore {
  /** Channels that were set, and those with jobs in line; the longest lines first. At most `limit`. */
  listChannels(limit: number): Promise<ChannelRow[]>;
  findChannel(id: string): Promise<ChannelRow>;
  /** Holds from the next pick on. Rejects for the id of zeros, and for a weight out of bounds. */
  changeChannel(id: string, change: ChannelChange): Promise<ChannelRow>;
  /** Where a job stands in its line; undefined where there is no such job. */
  findPlace(jobId: string): Promise<PlaceInLine | undefined>;
  /** Makes the counts of waiting jobs right where they are not. Returns how many were wrong. */
  repairTurns(): Promise<number>;
}

const SHOWN = `
select k.id, coalesce(c.weight, 1) as weight, c.max_in_flight, coalesce(c.is_active, true) as is_active, k.waiting,
  (select count(*)::int from pipeline_jobs
   where channel_id = k.id and dispatched_at is not null and finished_at is null) as in_flight
from known k left join channels c on c.id = k.id
order by k.waiting desc, k.id
`;

const LIST = `
with known as (
  select id, sum(waiting)::int as waiting
  from (
    select channel_id as id, waiting from channel_turns where has_waiting and channel_id <> '00000000-0000-0000-0000-000000000000'
    union all
    select id, 0 from channels
  ) each
  group by id
  order by 2 desc, 1
  limit $1::int
)
${SHOWN}`;

const FIND = `
with known as (
  select $1::uuid as id, (select coalesce(sum(waiting), 0)::int from channel_turns where channel_id = $1::uuid and has_waiting) as waiting
)
${SHOWN}`;

const CHANGE = `
insert into channels as c (id, weight, max_in_flight, is_active)
values ($1::uuid, coalesce($2::float8, 1), $4::int, coalesce($5::int::bool, true))
on conflict (id) do update set
  weight = coalesce($2::float8, c.weight),
  max_in_flight = case when $3::int = 1 then $4::int else c.max_in_flight end,
  is_active = coalesce($5::int::bool, c.is_active)
`;

interface Shown {
  readonly id: string;
  readonly weight: number;
  readonly max_in_flight: number | null;
  readonly is_active: boolean;
  readonly waiting: number;
  readonly in_flight: number;
}

function channelOf(row: Shown): ChannelRow {
  return {
    id: row.id,
    weight: row.weight,
    maxInFlight: row.max_in_flight,
    isActive: row.is_active,
    waiting: row.waiting,
    inFlight: row.in_flight,
  };
}

/** Channels: whose jobs take turns, in which proportion, how many at a time. */
export function createChannelStore({ query }: Pick<Database, "query">): ChannelStore {
  const findChannel = async (id: string): Promise<ChannelRow> => channelOf((await query<Shown>(FIND, [id]))[0]!);
  return {
    listChannels: async (limit) => (await query<Shown>(LIST, [limit])).map(channelOf),
    findChannel,
    async changeChannel(id, { weight, maxInFlight, isActive }) {
      await query(CHANGE, [
        id,
        weight ?? null,
        Number(maxInFlight !== undefined),
        maxInFlight ?? null,
        isActive === undefined ? null : Number(isActive),
      ]);
      return findChannel(id);
    },
    findPlace: async (jobId) => (isUuid(jobId) ? findPlace(query, jobId) : undefined),
    repairTurns: () => repairTurns(query),
  };
}
