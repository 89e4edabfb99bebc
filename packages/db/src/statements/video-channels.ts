import { arrayLiteral } from "../array-literal.ts";
import type { Query, Row } from "../database.ts";
import { isUuid } from "../is-uuid.ts";
import { jsonText, plainText } from "../json-text.ts";
import { newId } from "../new-id.ts";
import { constraintOf } from "../store-error.ts";
import type { ChannelDraft, VideoChannel } from "../task-model.ts";
import { camelRow } from "./camel-row.ts";

/** In flight: claimed, being made or uploaded; what waits for people takes no room (C-Q09). */
const IN_PROGRESS = `status in ('claimed', 'generating_assets', 'generating_composites', 'generating_video', 'generating_audio',
    'generating_sfx', 'assembling', 'uploading')`;

const SELECT = `
select c.id, c.channel_id, c.channel_name, c.owner_id, c.is_active, c.weight, c.max_in_flight, c.quota_pool, c.source,
  c.config, c.created_at, c.updated_at, n.pending, n.in_progress,
  c.is_active and n.in_progress < coalesce(c.max_in_flight, 2147483647) as has_capacity,
  (select coalesce(jsonb_agg(k.name order by k.name), '[]') from channel_credentials k where k.channel_id = c.id) as credentials
from channels c
cross join lateral (
  select count(*) filter (where status = 'queued')::int as pending, count(*) filter (where ${IN_PROGRESS})::int as in_progress
  from tasks where channel_id = c.id
) n
where c.channel_id is not null and ($1::uuid is null or c.owner_id = $1::uuid)
`;

const channelOf = (row: Row): VideoChannel => camelRow<VideoChannel>(row, { instants: ["created_at", "updated_at"] });

export async function listVideoChannels(query: Query, ownerId: string | null): Promise<VideoChannel[]> {
  const rows = await query<Row>(`${SELECT} order by c.channel_id`, [ownerId]);
  return rows.map(channelOf);
}

/** A short id may look like a uuid without dashes, never like one with. */
export async function findVideoChannel(
  query: Query,
  id: string,
  ownerId: string | null,
): Promise<VideoChannel | undefined> {
  const by = isUuid(id) ? "c.id = $2::uuid" : "c.channel_id = $2";
  const [row] = await query<Row>(`${SELECT} and ${by}`, [ownerId, plainText(id)]);
  return row && channelOf(row);
}

const PUT = `
insert into channels as c (id, channel_id, channel_name, owner_id, weight, max_in_flight, is_active, quota_pool, source, config)
values ($1::uuid, $2, $3, $4::uuid, $5::float8, $6::int, $7::int::bool, $8, $9, $10::text::jsonb)
on conflict (channel_id) do update set
  channel_name = excluded.channel_name, weight = excluded.weight, max_in_flight = excluded.max_in_flight,
  is_active = excluded.is_active, quota_pool = excluded.quota_pool, source = excluded.source, config = excluded.config
where c.owner_id = excluded.owner_id
returning c.id
`;

export async function putChannel(query: Query, draft: ChannelDraft): Promise<VideoChannel | "taken"> {
  const [row] = await query<{ id: string }>(PUT, [
    newId(),
    draft.channelId,
    plainText(draft.channelName),
    draft.ownerId,
    draft.weight,
    draft.maxInFlight,
    Number(draft.isActive),
    plainText(draft.quotaPool),
    draft.source,
    jsonText(draft.config),
  ]);
  return row === undefined ? "taken" : (await findVideoChannel(query, row.id, null))!;
}

const RETIRE = `
update channels set is_active = false
where source = 'file' and is_active and channel_id <> all ($1::text[])
returning channel_id
`;

export async function retireChannels(query: Query, stillThere: readonly string[]): Promise<string[]> {
  const rows = await query<{ channel_id: string }>(RETIRE, [arrayLiteral(stillThere)]);
  return rows.map((row) => row.channel_id).sort();
}

const DELETE = `
delete from channels where id = $1::uuid and channel_id is not null and ($2::uuid is null or owner_id = $2::uuid) returning id
`;

export async function deleteChannel(
  query: Query,
  id: string,
  ownerId: string | null,
): Promise<"deleted" | "not_found" | "used"> {
  const channel = await findVideoChannel(query, id, ownerId);
  if (channel === undefined) return "not_found";
  try {
    const [row] = await query(DELETE, [channel.id, ownerId]);
    return row === undefined ? "not_found" : "deleted";
  } catch (error) {
    // tasks and costs hold their channel (C-S02)
    if (["fk_tasks_channel_id", "fk_task_costs_channel_id"].includes(constraintOf(error) ?? "")) return "used";
    throw error;
  }
}

const PUT_CREDENTIAL = `
insert into channel_credentials (channel_id, name, sealed) values ($1::uuid, $2, $3)
on conflict (channel_id, name) do update set sealed = excluded.sealed, updated_at = now()
`;

export async function putCredential(
  query: Query,
  channelId: string,
  name: string,
  sealed: string | null,
): Promise<void> {
  if (sealed !== null) await query(PUT_CREDENTIAL, [channelId, name, sealed]);
  else await query("delete from channel_credentials where channel_id = $1::uuid and name = $2", [channelId, name]);
}

export async function findCredential(query: Query, channelId: string, name: string): Promise<string | undefined> {
  const [row] = await query<{ sealed: string }>(
    "select sealed from channel_credentials where channel_id = $1::uuid and name = $2",
    [channelId, name],
  );
  return row?.sealed;
}

export async function listCredentials(
  query: Query,
): Promise<{ readonly channelId: string; readonly name: string; readonly sealed: string }[]> {
  const rows = await query<Row>("select channel_id, name, sealed from channel_credentials order by channel_id, name");
  return rows.map((row) => camelRow(row, {}));
}
