import type { Database, Row } from "./database.ts";
import { camelRow } from "./statements/camel-row.ts";

/** A task whose video is in the library. */
export interface PublishedVideo {
  /** The task's. */
  readonly id: string;
  readonly ownerId: string;
  readonly videoId: string;
  /** The task's. */
  readonly createdAt: Date;
}

/** Which videos the library has; what they are stands in the blob store. */
export interface LibraryStore {
  /** Whose tasks have published this video; more than one only where somebody made it up. */
  ownersOf(videoId: string): Promise<string[]>;
  /** Newest task first; `ownerId` null: everybody's. */
  listPublished(filter: {
    readonly ownerId: string | null;
    readonly limit: number;
    readonly before?: { readonly createdAt: Date; readonly id: string } | undefined;
  }): Promise<PublishedVideo[]>;
}

// said as the index says it, so that it is used
const IN_LIBRARY = "youtube_url like '/library/%'";

const OWNERS = `select distinct owner_id from tasks where ${IN_LIBRARY} and youtube_url = '/library/' || $1 order by owner_id limit 10`;

const LIST = `
select id, owner_id, substr(youtube_url, 10) as video_id, created_at from tasks
where ${IN_LIBRARY} and ($1::uuid is null or owner_id = $1::uuid)
  and ($3::timestamptz is null or (created_at, id) < ($3::timestamptz, $4::uuid))
order by created_at desc, id desc limit $2::int
`;

export function createLibraryStore({ query }: Pick<Database, "query">): LibraryStore {
  return {
    async ownersOf(videoId) {
      const rows = await query<{ owner_id: string }>(OWNERS, [videoId]);
      return rows.map((row) => row.owner_id);
    },
    async listPublished({ ownerId, limit, before }) {
      const rows = await query<Row>(LIST, [
        ownerId,
        limit,
        before?.createdAt.toISOString() ?? null,
        before?.id ?? null,
      ]);
      return rows.map((row) => camelRow<PublishedVideo>(row, { instants: ["created_at"] }));
    },
  };
}
