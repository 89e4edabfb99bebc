import type { Query } from "./database.ts";
import type { QUALITY_TIERS } from "./schema/contents.ts";

/** What an owner's earlier contents say (A2.3, stage context); the shape the analysers take. */
export interface ContentContext {
  readonly tags: readonly { readonly name: string; readonly count: number }[];
  readonly topics: readonly string[];
  readonly tag_pairs: readonly { readonly tags: readonly [string, string]; readonly count: number }[];
  readonly tiers: Readonly<Partial<Record<(typeof QUALITY_TIERS)[number], number>>>;
  readonly aliases: readonly { readonly variant: string; readonly canonical: string }[];
}

/** The newest contents say what an owner is about; reading all of them would take longer and longer. */
const CONTENTS = 1_000;
const TAGS = 50;
const TOPICS = 20;
const PAIR_SEEN = 3;
const PAIRS_PER_TAG = 20;
const ALIASES = 50;

const CONTEXT = `
with recent as materialized (
  select id, tags || pipeline_tags as tags, quality_tier, unified_result -> 'topics' as topics
  from contents where owner_id = $1::uuid and processing_status = 'completed'
  order by created_at desc, id desc limit ${CONTENTS}
),
labelled as materialized (
  select distinct r.id, t.tag from recent r cross join lateral unnest(r.tags) as t(tag)
),
popular as materialized (
  select tag, count(*) as seen from labelled group by tag order by seen desc, tag limit ${TAGS}
),
known as materialized (
  select id, tag from labelled where tag in (select tag from popular)
),
pairs as (
  select a.tag as one, b.tag as other, count(*) as seen
  from known a join known b on b.id = a.id and b.tag > a.tag
  group by 1, 2 having count(*) >= ${PAIR_SEEN}
),
best_pairs as (
  select * from (select *, row_number() over (partition by one order by seen desc, other) as place from pairs) ranked
  where place <= ${PAIRS_PER_TAG}
),
topics as (
  select topic, count(*) as seen
  from recent r
  cross join lateral jsonb_array_elements(case jsonb_typeof(r.topics) when 'array' then r.topics else '[]' end) as t(entry)
  cross join lateral (
    select case
      when jsonb_typeof(t.entry -> 'hierarchy') = 'array' and t.entry -> 'hierarchy' <> '[]'
        then (select string_agg(step, ' > ' order by n) from jsonb_array_elements_text(t.entry -> 'hierarchy') with ordinality as s(step, n))
      else t.entry ->> 'name' end as topic
  ) named
  where topic is not null
  group by topic order by seen desc, topic limit ${TOPICS}
)
select
  (select coalesce(jsonb_agg(jsonb_build_object('name', tag, 'count', seen) order by seen desc, tag), '[]') from popular) as tags,
  (select coalesce(jsonb_agg(topic order by seen desc, topic), '[]') from topics) as topics,
  (select coalesce(jsonb_agg(jsonb_build_object('tags', jsonb_build_array(one, other), 'count', seen) order by seen desc, one, other), '[]')
   from best_pairs) as tag_pairs,
  (select coalesce(jsonb_object_agg(quality_tier, seen), '{}')
   from (select quality_tier, count(*) as seen from recent where quality_tier is not null group by 1) t) as tiers,
  (select coalesce(jsonb_agg(jsonb_build_object('variant', variant, 'canonical', canonical) order by usage_count desc, variant), '[]')
   from (select variant, canonical, usage_count from tag_aliases where owner_id = $1::uuid
         order by usage_count desc, variant limit ${ALIASES}) a) as aliases
`;

export async function readContentContext(query: Query, ownerId: string): Promise<ContentContext> {
  const [row] = await query<ContentContext>(CONTEXT, [ownerId]);
  return { ...row! };
}
