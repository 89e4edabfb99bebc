-- The way back from 0002 and 0007: two status pairs instead of one status, for an older program that still reads them.
-- Refuses while jobs are active. What the pairs cannot say is lost: cancelled becomes failed (as the older program wrote it),
-- and pipeline_version goes. Does nothing the second time. `millrace migrate` leads forward again.
DO $$
DECLARE
  active bigint;
BEGIN
  IF NOT EXISTS (
    SELECT FROM pg_attribute
    WHERE attrelid = to_regclass('contents') AND attname = 'processing_status' AND NOT attisdropped
  ) THEN
    RETURN;
  END IF;
  -- no job may begin or end between the look and the change
  LOCK TABLE "pipeline_jobs" IN SHARE MODE;
  SELECT count(*) INTO active FROM pipeline_jobs WHERE status IN ('pending', 'processing') AND content_id IS NOT NULL;
  IF active > 0 THEN
    RAISE EXCEPTION '% jobs on contents are active: let them finish or cancel them first', active
      USING ERRCODE = 'object_in_use';
  END IF;
  ALTER TABLE "contents"
    ADD COLUMN IF NOT EXISTS "classification_status" text DEFAULT 'pending' NOT NULL,
    ADD COLUMN IF NOT EXISTS "classification_at" timestamp (3) with time zone,
    ADD COLUMN IF NOT EXISTS "entity_extraction_status" text DEFAULT 'pending' NOT NULL,
    ADD COLUMN IF NOT EXISTS "entity_extraction_at" timestamp (3) with time zone;
  UPDATE contents SET
    classification_status = CASE processing_status WHEN 'cancelled' THEN 'failed' ELSE processing_status END,
    entity_extraction_status = CASE processing_status WHEN 'cancelled' THEN 'failed' ELSE processing_status END,
    classification_at = processed_at,
    entity_extraction_at = processed_at;
  -- with its check and its index
  ALTER TABLE "contents"
    DROP COLUMN IF EXISTS "processing_status",
    DROP COLUMN IF EXISTS "processed_at",
    DROP COLUMN IF EXISTS "pipeline_version";
END;
$$;
