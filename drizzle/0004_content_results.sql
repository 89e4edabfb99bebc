CREATE TABLE "content_texts" (
	"job_id" uuid NOT NULL,
	"content_id" uuid NOT NULL,
	"owner_id" uuid NOT NULL,
	"body" text NOT NULL,
	"search" "tsvector" NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "pk_content_texts" PRIMARY KEY("job_id")
);
--> statement-breakpoint
CREATE TABLE "content_entities" (
	"content_id" uuid NOT NULL,
	"entity_id" uuid NOT NULL,
	"edge_type" text NOT NULL,
	"confidence" smallint NOT NULL,
	"source" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "pk_content_entities" PRIMARY KEY("content_id","entity_id"),
	CONSTRAINT "ck_content_entities_edge_type" CHECK ("content_entities"."edge_type" in ('discusses', 'mentions', 'cites', 'uses', 'demonstrates')),
	CONSTRAINT "ck_content_entities_source" CHECK ("content_entities"."source" in ('ai_extracted', 'url_detected', 'user_created', 'api_fetched')),
	CONSTRAINT "ck_content_entities_confidence" CHECK ("content_entities"."confidence" between 0 and 100)
);
--> statement-breakpoint
CREATE TABLE "entities" (
	"id" uuid NOT NULL,
	"owner_id" uuid NOT NULL,
	"entity_type" text NOT NULL,
	"name" text NOT NULL,
	"normalized_name" text NOT NULL,
	"hierarchy" text[] DEFAULT '{}' NOT NULL,
	"metadata" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "pk_entities" PRIMARY KEY("id"),
	CONSTRAINT "ck_entities_entity_type" CHECK ("entities"."entity_type" in ('topic', 'repo', 'paper', 'tool', 'person'))
);
--> statement-breakpoint
CREATE TABLE "job_payloads" (
	"job_id" uuid NOT NULL,
	"stage" text NOT NULL,
	"fence" integer NOT NULL,
	"payload" jsonb NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "pk_job_payloads" PRIMARY KEY("job_id","stage")
);
--> statement-breakpoint
CREATE TABLE "tag_aliases" (
	"owner_id" uuid NOT NULL,
	"variant" text NOT NULL,
	"canonical" text NOT NULL,
	"usage_count" integer DEFAULT 1 NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "pk_tag_aliases" PRIMARY KEY("owner_id","variant")
);
--> statement-breakpoint
CREATE TABLE "usage_events" (
	"job_id" uuid NOT NULL,
	"stage" text NOT NULL,
	"fence" integer NOT NULL,
	"owner_id" uuid NOT NULL,
	"provider" text NOT NULL,
	"model" text NOT NULL,
	"calls" integer NOT NULL,
	"input_tokens" bigint NOT NULL,
	"output_tokens" bigint NOT NULL,
	"cost_usd" double precision,
	"at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "pk_usage_events" PRIMARY KEY("job_id","stage","fence")
);
--> statement-breakpoint
ALTER TABLE "contents" ADD COLUMN "text_job_id" uuid;--> statement-breakpoint
ALTER TABLE "content_texts" ADD CONSTRAINT "fk_content_texts_content_id" FOREIGN KEY ("content_id") REFERENCES "public"."contents"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "content_entities" ADD CONSTRAINT "fk_content_entities_content_id" FOREIGN KEY ("content_id") REFERENCES "public"."contents"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "content_entities" ADD CONSTRAINT "fk_content_entities_entity_id" FOREIGN KEY ("entity_id") REFERENCES "public"."entities"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "entities" ADD CONSTRAINT "fk_entities_owner_id" FOREIGN KEY ("owner_id") REFERENCES "public"."owners"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "job_payloads" ADD CONSTRAINT "fk_job_payloads_job_id" FOREIGN KEY ("job_id") REFERENCES "public"."pipeline_jobs"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "tag_aliases" ADD CONSTRAINT "fk_tag_aliases_owner_id" FOREIGN KEY ("owner_id") REFERENCES "public"."owners"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "usage_events" ADD CONSTRAINT "fk_usage_events_owner_id" FOREIGN KEY ("owner_id") REFERENCES "public"."owners"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "ix_content_texts_content_id" ON "content_texts" USING btree ("content_id");--> statement-breakpoint
CREATE INDEX "ix_content_texts_search" ON "content_texts" USING gin ("search");--> statement-breakpoint
CREATE INDEX "ix_content_entities_entity_id_content_id" ON "content_entities" USING btree ("entity_id","content_id");--> statement-breakpoint
CREATE UNIQUE INDEX "uq_entities_owner_id_entity_type_normalized_name" ON "entities" USING btree ("owner_id","entity_type","normalized_name");--> statement-breakpoint
CREATE INDEX "ix_tag_aliases_owner_id_usage_count" ON "tag_aliases" USING btree ("owner_id","usage_count");--> statement-breakpoint
CREATE INDEX "ix_usage_events_owner_id_at" ON "usage_events" USING btree ("owner_id","at");--> statement-breakpoint
CREATE INDEX "ix_contents_owner_id_quality_tier_created_at_id" ON "contents" USING btree ("owner_id","quality_tier","created_at","id");--> statement-breakpoint
CREATE INDEX "ix_contents_all_tags" ON "contents" USING gin (("tags" || "pipeline_tags"));--> statement-breakpoint
-- What Drizzle's schema cannot say: how a completed run's result reaches these tables, in the statement that ends the job.

-- A run's entities, each once; an entry of another shape is left out, for it must never stop the job.
CREATE OR REPLACE FUNCTION "result_entities"(result jsonb)
RETURNS TABLE (entity_type text, name text, normalized_name text, hierarchy text[], edge_type text, confidence smallint, source text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT DISTINCT ON (e.entity_type, n.normalized_name)
    e.entity_type, e.name, n.normalized_name, e.hierarchy, e.edge_type, e.confidence, e.source
  FROM (
    SELECT a.place, result_text(a.x, 'type') AS entity_type, left(btrim(result_text(a.x, 'name')), 200) AS name,
      result_text(a.x, 'normalized_name') AS given_name,
      coalesce(result_texts(a.x, 'hierarchy'), '{}') AS hierarchy,
      CASE WHEN result_text(a.x, 'edge_type') IN ('discusses', 'mentions', 'cites', 'uses', 'demonstrates')
        THEN a.x ->> 'edge_type' ELSE 'mentions' END AS edge_type,
      CASE WHEN jsonb_typeof(a.x -> 'confidence') = 'number' THEN
        round(100 * least(greatest((a.x ->> 'confidence')::numeric, 0), 1))::smallint ELSE 60 END AS confidence,
      CASE WHEN result_text(a.x, 'source') = 'url_detected' THEN 'url_detected' ELSE 'ai_extracted' END AS source
    FROM jsonb_array_elements(
      CASE WHEN jsonb_typeof(result -> 'entities') = 'array' THEN result -> 'entities' ELSE '[]'::jsonb END
    ) WITH ORDINALITY AS a(x, place)
    WHERE a.place <= 500
  ) e
  CROSS JOIN LATERAL (SELECT left(coalesce(e.given_name, lower(e.name)), 500) AS normalized_name) n
  WHERE e.entity_type IN ('topic', 'repo', 'paper', 'tool', 'person') AND e.name <> '' AND n.normalized_name <> ''
  ORDER BY e.entity_type, n.normalized_name, e.place
$$;
--> statement-breakpoint
-- The words of a content, weighted. A tsvector holds 1 MB at most: of a text with more words the beginning counts.
CREATE OR REPLACE FUNCTION "content_search"(owner_id uuid, title text, tags text[], summary text, body text)
RETURNS tsvector LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  RETURN array_to_tsvector(ARRAY['owner' || replace(owner_id::text, '-', '')])
    || setweight(to_tsvector('english', coalesce(title, '')), 'A')
    || setweight(to_tsvector('english', array_to_string(tags, ' ')), 'B')
    || setweight(to_tsvector('english', coalesce(summary, '')), 'C')
    || setweight(to_tsvector('english', body), 'D');
EXCEPTION WHEN program_limit_exceeded THEN
  RETURN content_search(owner_id, left(title, 1000), tags[1:100], left(summary, 10000), left(body, length(body) / 4));
END;
$$;
--> statement-breakpoint
-- Rows are written in the order of their keys, so that two statements which end jobs never deadlock.
CREATE OR REPLACE FUNCTION "keep_content_results"(finished uuid[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  completed uuid[] := ARRAY(SELECT id FROM pipeline_jobs WHERE id = ANY (finished) AND status = 'completed');
BEGIN
  DELETE FROM content_texts WHERE job_id = ANY (finished) AND job_id <> ALL (completed);
  IF completed = '{}' THEN
    RETURN;
  END IF;

  DELETE FROM content_texts WHERE job_id <> ALL (completed)
    AND content_id IN (SELECT content_id FROM pipeline_jobs WHERE id = ANY (completed));
  -- a run that kept no text is found by what its result says
  INSERT INTO content_texts (job_id, content_id, owner_id, body, search)
  SELECT j.id, c.id, c.owner_id, '', content_search(c.owner_id, c.title, c.tags || c.pipeline_tags, c.summary, '')
  FROM pipeline_jobs j JOIN contents c ON c.id = j.content_id
  WHERE j.id = ANY (completed) AND NOT EXISTS (SELECT FROM content_texts t WHERE t.job_id = j.id)
  ORDER BY j.id
  ON CONFLICT (job_id) DO NOTHING;

  INSERT INTO entities (id, owner_id, entity_type, name, normalized_name, hierarchy)
  SELECT gen_random_uuid(), owner_id, entity_type, name, normalized_name, hierarchy
  FROM (
    SELECT DISTINCT ON (j.owner_id, e.entity_type, e.normalized_name) j.owner_id, e.*
    FROM pipeline_jobs j CROSS JOIN LATERAL result_entities(j.result) e
    WHERE j.id = ANY (completed)
    ORDER BY j.owner_id, e.entity_type, e.normalized_name, j.id
  ) named
  ORDER BY owner_id, entity_type, normalized_name
  ON CONFLICT (owner_id, entity_type, normalized_name) DO NOTHING;

  -- only what a pipeline found is replaced, and only by a run that looked
  DELETE FROM content_entities WHERE source IN ('ai_extracted', 'url_detected') AND content_id IN (
    SELECT content_id FROM pipeline_jobs WHERE id = ANY (completed) AND jsonb_typeof(result -> 'entities') = 'array'
  );
  INSERT INTO content_entities (content_id, entity_id, edge_type, confidence, source)
  SELECT j.content_id, known.id, e.edge_type, e.confidence, e.source
  FROM pipeline_jobs j
  CROSS JOIN LATERAL result_entities(j.result) e
  JOIN entities known ON known.owner_id = j.owner_id AND known.entity_type = e.entity_type
    AND known.normalized_name = e.normalized_name
  WHERE j.id = ANY (completed) AND j.content_id IS NOT NULL
  ORDER BY j.content_id, known.id
  ON CONFLICT (content_id, entity_id) DO NOTHING;

  INSERT INTO tag_aliases AS t (owner_id, variant, canonical, usage_count)
  SELECT j.owner_id, a.variant, max(a.canonical), count(*)
  FROM pipeline_jobs j
  CROSS JOIN LATERAL jsonb_array_elements(
    CASE WHEN jsonb_typeof(j.result -> 'aliases') = 'array' THEN j.result -> 'aliases' ELSE '[]'::jsonb END
  ) AS x
  CROSS JOIN LATERAL (
    SELECT left(result_text(x, 'variant'), 100) AS variant, left(result_text(x, 'canonical'), 100) AS canonical
  ) a
  WHERE j.id = ANY (completed) AND a.variant <> '' AND a.canonical <> '' AND a.variant <> a.canonical
  GROUP BY j.owner_id, a.variant
  ORDER BY j.owner_id, a.variant
  ON CONFLICT (owner_id, variant) DO UPDATE
  SET canonical = excluded.canonical, usage_count = t.usage_count + excluded.usage_count, updated_at = now();
END;
$$;
--> statement-breakpoint
CREATE OR REPLACE FUNCTION "copy_changed_jobs_to_contents"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  finished uuid[];
BEGIN
  IF NOT EXISTS (SELECT FROM new_jobs WHERE content_id IS NOT NULL) THEN
    RETURN NULL;
  END IF;
  UPDATE contents c
  SET processing_status = j.status,
      processed_at = now(),
      pipeline_version = j.pipeline_version,
      updated_at = now(),
      title = coalesce(result_text(j.result, 'title'), c.title),
      content_type = coalesce(result_text(j.result, 'content_type'), c.content_type),
      source_url = coalesce(result_text(j.result, 'source_url'), c.source_url),
      file_path = coalesce(result_text(j.result, 'file_path'), c.file_path),
      file_size = coalesce(result_integer(j.result, 'file_size', 0, 9223372036854775807), c.file_size),
      tags = coalesce(result_texts(j.result, 'tags'), c.tags),
      metadata = coalesce(result_object(j.result, 'metadata'), c.metadata),
      unified_result = coalesce(j.unified_result, c.unified_result),
      quality_tier = coalesce(
        CASE WHEN result_text(j.unified_result, 'tier') IN ('S', 'A', 'B', 'C', 'D') THEN j.unified_result ->> 'tier' END,
        c.quality_tier),
      quality_score = coalesce(result_integer(j.unified_result, 'quality_score', 1, 100)::smallint, c.quality_score),
      summary = coalesce(result_text(j.unified_result, 'summary'), c.summary),
      pipeline_tags = coalesce(result_texts(j.unified_result, 'tags'), c.pipeline_tags),
      text_job_id = CASE WHEN j.status = 'completed' THEN j.id ELSE c.text_job_id END
  FROM (
    SELECT n.id, n.content_id, n.status, n.pipeline_version, r.result,
      result_object(r.result, 'unified_result') AS unified_result
    FROM new_jobs n
    JOIN old_jobs o ON o.id = n.id
    CROSS JOIN LATERAL (SELECT CASE WHEN n.status = 'completed' THEN n.result END AS result) r
    WHERE n.content_id IS NOT NULL AND n.status IS DISTINCT FROM o.status
    ORDER BY n.content_id
  ) j
  WHERE c.id = j.content_id;

  finished := ARRAY(
    SELECT n.id FROM new_jobs n JOIN old_jobs o ON o.id = n.id
    WHERE n.content_id IS NOT NULL AND n.status IS DISTINCT FROM o.status
      AND n.status IN ('completed', 'failed', 'cancelled')
  );
  IF finished <> '{}' THEN
    PERFORM keep_content_results(finished);
  END IF;
  RETURN NULL;
END;
$$;
--> statement-breakpoint
CREATE OR REPLACE TRIGGER "tr_entities_updated_at" BEFORE UPDATE ON "entities"
  FOR EACH ROW WHEN (NEW.updated_at IS NOT DISTINCT FROM OLD.updated_at) EXECUTE FUNCTION "set_updated_at"();
