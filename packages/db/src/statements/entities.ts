import type { Query } from "../database.ts";
import type { EDGE_TYPES, ENTITY_SOURCES, ENTITY_TYPES } from "../schema/entities.ts";
import { camelRow } from "./camel-row.ts";
import { CONTENT_COLUMNS, contentOf } from "./search-content.ts";

export interface EntityRow {
  readonly id: string;
  readonly ownerId: string;
  readonly entityType: (typeof ENTITY_TYPES)[number];
  readonly name: string;
  /** Of a topic: from general to special, its own name last. Else empty. */
  readonly hierarchy: readonly string[];
  /** Contents that speak of it. */
  readonly contentCount: number;
  readonly createdAt: Date;
}

/** An entity as one content speaks of it. */
export interface ContentEntityRow extends EntityRow {
  readonly edgeType: (typeof EDGE_TYPES)[number];
  /** 0 to 1. */
  readonly confidence: number;
  readonly source: (typeof ENTITY_SOURCES)[number];
}

export interface TagRow {
  readonly tag: string;
  readonly count: number;
  /** Other spellings that the analysis took for it. */
  readonly aliases: readonly string[];
}

export interface SharedEntity {
  readonly id: string;
  readonly entityType: EntityRow["entityType"];
  readonly name: string;
}

/** An entity of very many contents relates none of them. */
const RELATING_CONTENTS = 1_000;

const ENTITY_COLUMNS = `e.id, e.owner_id, e.entity_type, e.name, to_jsonb(e.hierarchy) as hierarchy, e.created_at,
  (select count(*)::int from content_entities n where n.entity_id = e.id) as content_count`;

export async function findEntity(query: Query, id: string, ownerId: string | null): Promise<EntityRow | undefined> {
  const [row] = await query(
    `select ${ENTITY_COLUMNS} from entities e where e.id = $1::uuid and ($2::uuid is null or e.owner_id = $2::uuid)`,
    [id, ownerId],
  );
  return row === undefined ? undefined : camelRow<EntityRow>(row, { instants: ["created_at"] });
}

export async function listEntitiesOf(query: Query, contentId: string): Promise<ContentEntityRow[]> {
  const rows = await query(
    `select ${ENTITY_COLUMNS}, ce.edge_type, ce.confidence / 100.0::float8 as confidence, ce.source
     from content_entities ce join entities e on e.id = ce.entity_id
     where ce.content_id = $1::uuid order by ce.confidence desc, e.entity_type, e.name, e.id`,
    [contentId],
  );
  return rows.map((row) => camelRow<ContentEntityRow>(row, { instants: ["created_at"] }));
}

/** The tags of an owner's contents with how many carry each, most used first. */
export async function listTags(
  query: Query,
  { ownerId, prefix, limit }: { readonly ownerId: string | null; readonly prefix: string; readonly limit: number },
): Promise<TagRow[]> {
  const rows = await query(
    `with counted as (
       select u.tag, count(distinct c.id)::int as count
       from contents c cross join lateral unnest(c.tags || c.pipeline_tags) as u(tag)
       where ($1::uuid is null or c.owner_id = $1::uuid) and starts_with(u.tag, $2::text)
       group by u.tag order by count desc, u.tag limit $3::int
     )
     select tag, count, (
       select coalesce(jsonb_agg(distinct variant), '[]') from tag_aliases a
       where a.canonical = counted.tag and ($1::uuid is null or a.owner_id = $1::uuid)
     ) as aliases
     from counted order by count desc, tag`,
    [ownerId, prefix, limit],
  );
  return rows as unknown as TagRow[];
}

/** Contents of the same owner that speak of the same entities; a rare one counts for more than a common one. */
export async function listRelated<T>(
  query: Query,
  { contentId, limit }: { readonly contentId: string; readonly limit: number },
): Promise<(T & { score: number; shared: SharedEntity[] })[]> {
  const rows = await query(
    `with own as (
       select ce.entity_id, near.content_id, 1 / ln(1 + count(*) over (partition by ce.entity_id)) as weight
       from content_entities ce
       cross join lateral (
         select content_id from content_entities where entity_id = ce.entity_id
         order by content_id desc limit ${RELATING_CONTENTS}
       ) near
       where ce.content_id = $1::uuid
     ),
     best as (
       select content_id, sum(weight)::float8 as score, array_agg(entity_id) as shared
       from own where content_id <> $1::uuid group by content_id
       order by score desc, content_id desc limit $2::int
     )
     select ${CONTENT_COLUMNS}, b.score, (
       select jsonb_agg(jsonb_build_object('id', e.id, 'entityType', e.entity_type, 'name', e.name) order by e.entity_type, e.name)
       from entities e where e.id = any (b.shared)
     ) as shared
     from best b join contents c on c.id = b.content_id
     order by b.score desc, c.id desc`,
    [contentId, limit],
  );
  return rows.map((row) => contentOf<T & { score: number; shared: SharedEntity[] }>(row));
}
