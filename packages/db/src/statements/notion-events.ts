import type { Json } from "@millrace/core";
import type { Query, Row } from "../database.ts";
import { jsonText, plainText } from "../json-text.ts";
import { camelRow } from "./camel-row.ts";

const KEEP = `
insert into notion_events (event_id, type, page_id, payload) values ($1, $2, $3, $4::text::jsonb)
on conflict (event_id) do nothing returning id
`;

export async function keepNotionEvent(
  query: Query,
  event: { readonly eventId: string; readonly type: string; readonly pageId: string | null; readonly payload: Json },
): Promise<boolean> {
  const { eventId, type, pageId, payload } = event;
  const rows = await query(KEEP, [plainText(eventId), plainText(type), plainText(pageId), jsonText(payload)]);
  return rows.length === 1;
}

export interface WaitingEvent {
  readonly id: number;
  readonly type: string;
  readonly pageId: string | null;
}

export interface KeptEvent {
  readonly eventId: string;
  readonly payload: Json;
  readonly receivedAt: Date;
  readonly handledAt: Date | null;
  readonly error: string | null;
}

export async function waitingNotionEvents(query: Query, limit: number): Promise<WaitingEvent[]> {
  const rows = await query<Row>(
    "select id, type, page_id from notion_events where handled_at is null order by id limit $1::int",
    [limit],
  );
  return rows.map((row) => camelRow<WaitingEvent>(row, { numbers: ["id"] }));
}

export async function handledNotionEvent(query: Query, id: number, error: string | null): Promise<void> {
  await query("update notion_events set handled_at = now(), error = $2 where id = $1::bigint", [id, plainText(error)]);
}

/** The newest events of a type, handled or not. */
export async function latestNotionEvents(query: Query, type: string, limit: number): Promise<KeptEvent[]> {
  const rows = await query<Row>(
    `select event_id, payload, received_at, handled_at, error from notion_events where type = $1
     order by id desc limit $2::int`,
    [type, limit],
  );
  return rows.map((row) => camelRow<KeptEvent>(row, { instants: ["received_at", "handled_at"] }));
}

const FORGET = `
delete from notion_events where id in (
  select id from notion_events where handled_at < now() - $1::int * interval '1 day' order by id limit $2::int
)
`;

/** Handled ones so old; at most `limit` of them. */
export async function forgetNotionEvents(
  query: Query,
  { olderThanDays, limit }: { readonly olderThanDays: number; readonly limit: number },
): Promise<void> {
  await query(FORGET, [olderThanDays, limit]);
}
