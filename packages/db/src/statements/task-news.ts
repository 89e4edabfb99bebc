import type { Query, Row } from "../database.ts";
import { camelRow } from "./camel-row.ts";

/** A task whose page in Notion does not say what it is. */
export interface TaskWithNews {
  readonly notionPageId: string;
  /** uuid of its channel. */
  readonly channelId: string;
}

// names and length as the sync of boards keeps them
const NEWS = `
select t.notion_page_id, t.channel_id
from tasks t join channels c on c.id = t.channel_id
where c.config ->> 'notion_database_id' is not null and t.notion_page_id <> replace(t.id::text, '-', '')
  and ($1::timestamptz is null or t.updated_at >= $1::timestamptz)
  and t.notion_seen -> 'task' is distinct from jsonb_build_object('status', t.status, 'priority', t.priority,
    'youtube_url', t.youtube_url, 'error_log_length', char_length(coalesce(t.error_log, '')))
order by t.updated_at, t.id limit $2::int
`;

/** Longest untold first, of those that changed from `since` on; `at`: when this was asked. */
export async function tasksWithNews(
  query: Query,
  { since, limit }: { readonly since: Date | null; readonly limit: number },
): Promise<{ readonly at: Date; readonly tasks: TaskWithNews[] }> {
  const [clock] = await query<{ at: string }>("select now() as at");
  const rows = await query<Row>(NEWS, [since?.toISOString() ?? null, limit]);
  return { at: new Date(clock!.at), tasks: rows.map((row) => camelRow<TaskWithNews>(row, {})) };
}
