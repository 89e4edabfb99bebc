-- Hard cutover of a contents table that still carries two status pairs (A-S02, A-S03, A-S14, A-Q17): adds the unified
-- columns, maps the old ones, drops them. Guarded, so it does nothing where there is nothing to do, also a second time.

ALTER TABLE "contents"
  ADD COLUMN IF NOT EXISTS "processing_status" text DEFAULT 'pending' NOT NULL,
  ADD COLUMN IF NOT EXISTS "processed_at" timestamp (3) with time zone,
  ADD COLUMN IF NOT EXISTS "pipeline_version" text;
--> statement-breakpoint
DO $$
BEGIN
  IF EXISTS (
    SELECT FROM information_schema.columns
    WHERE table_schema = current_schema() AND table_name = 'contents' AND column_name = 'classification_status'
  ) THEN
    UPDATE contents SET
      processing_status = CASE
        WHEN classification_status = 'completed' AND entity_extraction_status = 'completed' THEN 'completed'
        WHEN 'failed' IN (classification_status, entity_extraction_status) THEN 'failed'
        WHEN 'processing' IN (classification_status, entity_extraction_status) THEN 'processing'
        ELSE 'pending' END,
      processed_at = greatest(classification_at, entity_extraction_at);
  END IF;
END;
$$;
--> statement-breakpoint
ALTER TABLE "contents"
  DROP COLUMN IF EXISTS "classification_status",
  DROP COLUMN IF EXISTS "classification_at",
  DROP COLUMN IF EXISTS "entity_extraction_status",
  DROP COLUMN IF EXISTS "entity_extraction_at";
