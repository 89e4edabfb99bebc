-- The way back from the migration "extraction": the tables of extraction go, with all that stands in them, for an older program
-- that knows no extraction. Refuses while extraction jobs are active. The jobs themselves stay in pipeline_jobs; blobs stay
-- where they are. Does nothing the second time. `millrace migrate` leads forward again, to empty tables.
DO $$
DECLARE
  active bigint;
BEGIN
  -- no job may begin or end between the look and the change
  LOCK TABLE "pipeline_jobs" IN ACCESS EXCLUSIVE MODE;
  SELECT count(*) INTO active FROM pipeline_jobs
  WHERE status IN ('pending', 'processing') AND pipeline IN ('extraction', 'extraction_bulk');
  IF active > 0 THEN
    RAISE EXCEPTION '% extraction jobs are active: let them finish or cancel them first', active
      USING ERRCODE = 'object_in_use';
  END IF;
  DROP TRIGGER IF EXISTS "tr_pipeline_jobs_inserted_extractions" ON "pipeline_jobs";
  DROP TRIGGER IF EXISTS "tr_pipeline_jobs_changed_extractions" ON "pipeline_jobs";
  DROP TABLE IF EXISTS "extraction_attempts", "extraction_jobs", "bulk_extraction_jobs", "records";
  DROP FUNCTION IF EXISTS "copy_inserted_jobs_to_extractions"(), "copy_changed_jobs_to_extractions"(),
    "count_deleted_extractions"(), "indexable_text"(text, integer), "result_uuid"(jsonb, text);
  ALTER TABLE "pipeline_jobs" DROP COLUMN IF EXISTS "error_stack";
END;
$$;
