-- The cutover to one processing status, whole (A-S01, A-S02, A-S03, A-S14, A-Q17): what 0002 began, also where only one of
-- the two old pairs is there, where rows were processed by jobs meanwhile, and after down/unified_status.sql. Does nothing,
-- and locks nothing, where everything is as it should be; so it may run at any time and any number of times.
DO $$
DECLARE
  present text[] := ARRAY(
    SELECT attname::text FROM pg_attribute WHERE attrelid = to_regclass('contents') AND attnum > 0 AND NOT attisdropped);
  is_new boolean := NOT 'processing_status' = ANY (present);
  has_one boolean := 'classification_status' = ANY (present);
  has_other boolean := 'entity_extraction_status' = ANY (present);
  one text; other text; one_at text; other_at text;
BEGIN
  IF to_regclass('contents') IS NULL THEN
    RETURN;
  END IF;
  IF NOT present @> ARRAY['processing_status', 'processed_at', 'pipeline_version'] THEN
    ALTER TABLE "contents"
      ADD COLUMN IF NOT EXISTS "processing_status" text DEFAULT 'pending' NOT NULL,
      ADD COLUMN IF NOT EXISTS "processed_at" timestamp (3) with time zone,
      ADD COLUMN IF NOT EXISTS "pipeline_version" text;
  END IF;

  IF has_one OR has_other THEN
    LOCK TABLE "contents" IN ACCESS EXCLUSIVE MODE;
    -- a pair that was never there says what the other says
    one := CASE WHEN has_one THEN 'lower(btrim(classification_status))' ELSE 'lower(btrim(entity_extraction_status))' END;
    other := CASE WHEN has_other THEN 'lower(btrim(entity_extraction_status))' ELSE one END;
    one_at := CASE WHEN 'classification_at' = ANY (present) THEN 'classification_at' ELSE 'NULL::timestamptz' END;
    other_at := CASE WHEN 'entity_extraction_at' = ANY (present) THEN 'entity_extraction_at' ELSE 'NULL::timestamptz' END;
    -- where the new column was there before, a content that has a job already shows that job's status
    EXECUTE format(
      'UPDATE contents c SET
         processing_status = CASE
           WHEN %1$s = ''completed'' AND %2$s = ''completed'' THEN ''completed''
           WHEN ''failed'' IN (%1$s, %2$s) THEN ''failed''
           WHEN ''processing'' IN (%1$s, %2$s) THEN ''processing''
           ELSE ''pending'' END,
         processed_at = greatest(%3$s, %4$s)
       WHERE %5$L OR NOT EXISTS (SELECT FROM pipeline_jobs j WHERE j.content_id = c.id)',
      one, other, one_at, other_at, is_new);
  END IF;

  IF present && ARRAY['classification_status', 'classification_at', 'entity_extraction_status', 'entity_extraction_at'] THEN
    ALTER TABLE "contents"
      DROP COLUMN IF EXISTS "classification_status",
      DROP COLUMN IF EXISTS "classification_at",
      DROP COLUMN IF EXISTS "entity_extraction_status",
      DROP COLUMN IF EXISTS "entity_extraction_at";
  END IF;
  IF NOT EXISTS (
    SELECT FROM pg_constraint WHERE conrelid = to_regclass('contents') AND conname = 'ck_contents_processing_status'
  ) THEN
    ALTER TABLE "contents" ADD CONSTRAINT "ck_contents_processing_status"
      CHECK ("contents"."processing_status" in ('pending', 'processing', 'completed', 'failed', 'cancelled'));
  END IF;
  IF to_regclass('ix_contents_processing_status') IS NULL THEN
    CREATE INDEX "ix_contents_processing_status" ON "contents" USING btree ("processing_status");
  END IF;
END;
$$;
