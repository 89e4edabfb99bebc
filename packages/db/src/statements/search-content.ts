import type { JobStatus } from "@millrace/core";
import { arrayLiteral } from "../array-literal.ts";
import type { Param, Query, Row } from "../database.ts";
import { plainText } from "../json-text.ts";
import type { QUALITY_TIERS } from "../schema/contents.ts";
import { camelRow } from "./camel-row.ts";

export interface ContentSearch {
  /** null: any owner (admin). */
  readonly ownerId: string | null;
  /** Words as people write them: "a phrase", or, -without. */
  readonly text?: string | undefined;
  readonly status?: JobStatus | undefined;
  readonly contentType?: string | undefined;
  readonly tier?: (typeof QUALITY_TIERS)[number] | undefined;
  readonly entityId?: string | undefined;
  /** All must be there, given by people or by the analysis. */
  readonly tags?: readonly string[] | undefined;
  /** None may be there. */
  readonly excludedTags?: readonly string[] | undefined;
  readonly limit: number;
  /** Keyset: what comes after this one; with a text in (rank desc, id desc), else in (created_at desc, id desc). */
  readonly after?: { readonly rank?: number | undefined; readonly createdAt: Date; readonly id: string } | undefined;
}

/** Where a text search hit. Matches stand between U+E000 and U+E001. */
export interface ContentMatch {
  readonly rank: number;
  readonly title: string;
  readonly snippet: string;
}

/** Arrays as JSON: the driver knows no array types. */
export const CONTENT_COLUMNS = `c.id, c.owner_id, c.resource_key, c.content_type, c.title, c.source_url, c.file_path,
  c.file_name, c.file_size, to_jsonb(c.tags) as tags, c.metadata, c.unified_result, c.quality_tier, c.quality_score, c.summary,
  to_jsonb(c.pipeline_tags) as pipeline_tags, c.processing_status, c.processed_at, c.pipeline_version, c.author, c.created_at, c.updated_at`;

/** Ranking reads every match (80 µs each): of a word that stands everywhere the newest contents count. */
const RANKED = 5_000;
/** Characters around the first hit that a snippet is looked for in; a text may be long. */
const WINDOW = 20_000;

const MARKS = "StartSel=\uE000, StopSel=\uE001";
const SNIPPET = `'${MARKS}, MaxFragments=2, MaxWords=35, MinWords=12, FragmentDelimiter=" … "'`;

export function contentOf<T>(row: Row): T {
  return camelRow<T>(row, { instants: ["processed_at", "created_at", "updated_at"], numbers: ["file_size"] });
}

/** Each set of filters is its own statement, so that each gets the index it needs. */
export async function searchContents<T>(
  query: Query,
  filter: ContentSearch,
): Promise<(T & { match?: ContentMatch })[]> {
  const params: Param[] = [];
  const value = (given: Param): string => `$${params.push(given)}`;
  const conditions = conditionsOf(filter, value);
  if (filter.text === undefined) {
    if (filter.after !== undefined) {
      const { createdAt, id } = filter.after;
      conditions.push(`(c.created_at, c.id) < (${value(createdAt.toISOString())}::timestamptz, ${value(id)}::uuid)`);
    }
    const rows = await query(
      `select ${CONTENT_COLUMNS} from contents c ${whereOf(conditions)}
       order by c.created_at desc, c.id desc limit ${value(filter.limit)}::int`,
      params,
    );
    return rows.map((row) => contentOf<T & { match?: ContentMatch }>(row));
  }
  const rows = await query(rankedStatement({ ...filter, text: filter.text }, conditions, value), params);
  return rows.map(({ rank, marked_title, snippet, ...row }) => ({
    ...contentOf<T>(row),
    match: { rank, title: marked_title, snippet } as ContentMatch,
  }));
}

function rankedStatement(
  { ownerId, text, limit, after }: ContentSearch & { readonly text: string },
  conditions: readonly string[],
  value: (given: Param) => string,
): string {
  const words = `websearch_to_tsquery('english', ${value(plainText(text))}::text)`;
  // the owner is a word of every row's vector, so the index answers for one owner and for a query of exclusions alone
  const ofOwner =
    ownerId === null ? "" : ` && (${value(`owner${ownerId.replaceAll("-", "").toLowerCase()}`)}::text)::tsquery`;
  const start =
    after === undefined ? "" : `where (rank, id) < (${value(after.rank ?? 0)}::float8, ${value(after.id)}::uuid)`;
  return `
    with matched as materialized (
      select c.id, t.job_id
      from content_texts t join contents c on c.id = t.content_id and c.text_job_id = t.job_id
      ${whereOf([`t.search @@ (${words}${ofOwner})`, `numnode(${words}) > 0`, ...conditions])}
      order by c.id desc limit ${RANKED}
    ),
    ranked as (
      select m.id, m.job_id, ts_rank_cd(t.search, ${words})::float8 as rank
      from matched m join content_texts t on t.job_id = m.job_id
    ),
    page as materialized (
      select * from ranked ${start} order by rank desc, id desc limit ${value(limit)}::int
    )
    select ${CONTENT_COLUMNS}, p.rank,
      ts_headline('english', coalesce(c.title, ''), ${words}, '${MARKS}, HighlightAll=true') as marked_title,
      ts_headline('english', case when excerpt <> '' then excerpt else coalesce(c.summary, '') end, ${words}, ${SNIPPET}) as snippet
    from page p
    join contents c on c.id = p.id
    join content_texts t on t.job_id = p.job_id
    cross join lateral (
      select substr(t.body, greatest(1, coalesce(min(nullif(strpos(lower(t.body), lexeme), 0)), 1) - 1000), ${WINDOW}) as excerpt
      from unnest(tsvector_to_array(to_tsvector('english', ${value(plainText(text))}::text))) as lexeme
    ) around
    order by p.rank desc, p.id desc`;
}

function conditionsOf(
  { ownerId, status, contentType, tier, entityId, tags = [], excludedTags = [] }: ContentSearch,
  value: (given: Param) => string,
): string[] {
  const conditions: string[] = [];
  if (ownerId !== null) conditions.push(`c.owner_id = ${value(ownerId)}::uuid`);
  if (status !== undefined) conditions.push(`c.processing_status = ${value(status)}::text`);
  if (contentType !== undefined) conditions.push(`c.content_type = ${value(contentType)}::text`);
  if (tier !== undefined) conditions.push(`c.quality_tier = ${value(tier)}::text`);
  if (tags.length > 0) conditions.push(`(c.tags || c.pipeline_tags) @> ${value(arrayLiteral(tags))}::text[]`);
  if (excludedTags.length > 0) {
    conditions.push(`not ((c.tags || c.pipeline_tags) && ${value(arrayLiteral(excludedTags))}::text[])`);
  }
  if (entityId !== undefined) {
    conditions.push(`c.id in (select content_id from content_entities where entity_id = ${value(entityId)}::uuid)`);
  }
  return conditions;
}

function whereOf(conditions: readonly string[]): string {
  return conditions.length === 0 ? "" : `where ${conditions.join(" and ")}`;
}
