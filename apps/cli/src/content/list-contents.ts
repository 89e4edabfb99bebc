import type { ApiClient, Body } from "../api-client.ts";

export type ContentSummary = Body<"listContent">["contents"][number];

export interface ContentFilter {
  readonly status?: readonly string[];
  readonly type?: string;
  readonly tier?: string;
  readonly tag?: readonly string[];
}

const PAGE = 100;

/** Every content that the filter lets through, newest first, each once. The API's own pages; a bad filter is its problem+json. */
export async function listContents(api: ApiClient, filter: ContentFilter): Promise<ContentSummary[]> {
  const found = new Map<string, ContentSummary>();
  // the API filters by one status at a time
  for (const status of filter.status?.length ? filter.status : [undefined]) {
    let cursor: string | null = null;
    do {
      const query: URLSearchParams = new URLSearchParams({
        limit: String(PAGE),
        ...(status !== undefined && { status }),
        ...(filter.type !== undefined && { content_type: filter.type }),
        ...(filter.tier !== undefined && { tier: filter.tier }),
        ...(cursor !== null && { cursor }),
      });
      for (const tag of filter.tag ?? []) query.append("tags", tag);
      const { body } = await api.get<Body<"listContent">>(`/api/v1/content?${query}`);
      for (const content of body.contents) found.set(content.content_id, content);
      cursor = body.next_cursor;
    } while (cursor !== null);
  }
  return [...found.values()];
}
