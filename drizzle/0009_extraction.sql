-- System B, extraction: records, batches, files and their tries, fed by triggers on pipeline_jobs. Guarded, so that it does
-- nothing where there is nothing to do, also after down/extraction.sql.

ALTER TABLE "pipeline_jobs" ADD COLUMN IF NOT EXISTS "error_stack" text;
--> statement-breakpoint
CREATE TABLE IF NOT EXISTS "records" (
	"id" uuid NOT NULL,
	"owner_id" uuid NOT NULL,
	"title" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "pk_records" PRIMARY KEY("id"),
	CONSTRAINT "fk_records_owner_id" FOREIGN KEY ("owner_id") REFERENCES "owners"("id")
);
--> statement-breakpoint
CREATE TABLE IF NOT EXISTS "bulk_extraction_jobs" (
	"id" uuid NOT NULL,
	"job_id" uuid,
	"created_by_id" uuid,
	"status" varchar(20) DEFAULT 'pending' NOT NULL,
	"continue_on_error" boolean DEFAULT true NOT NULL,
	"manifest_url" varchar(2048) NOT NULL,
	"total_files" integer NOT NULL,
	"options" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"error_code" text,
	"error_message" text,
	"cancel_requested_at" timestamp (3) with time zone,
	"cancel_requested_by" text,
	"cancel_reason" text,
	"deleted_completed" integer DEFAULT 0 NOT NULL,
	"deleted_failed" integer DEFAULT 0 NOT NULL,
	"deleted_cancelled" integer DEFAULT 0 NOT NULL,
	"started_at" timestamp (3) with time zone,
	"completed_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "pk_bulk_extraction_jobs" PRIMARY KEY("id"),
	CONSTRAINT "ck_bulk_extraction_jobs_status" CHECK ("bulk_extraction_jobs"."status" in ('pending', 'processing', 'completed', 'failed', 'cancelled')),
	CONSTRAINT "ck_bulk_extraction_jobs_total_files" CHECK ("bulk_extraction_jobs"."total_files" >= 0),
	CONSTRAINT "fk_bulk_extraction_jobs_job_id" FOREIGN KEY ("job_id") REFERENCES "pipeline_jobs"("id") ON DELETE SET NULL,
	CONSTRAINT "fk_bulk_extraction_jobs_created_by_id" FOREIGN KEY ("created_by_id") REFERENCES "owners"("id") ON DELETE SET NULL
);
--> statement-breakpoint
CREATE TABLE IF NOT EXISTS "extraction_jobs" (
	"id" uuid NOT NULL,
	"job_id" uuid,
	"filename" varchar(512) NOT NULL,
	"file_url" varchar(2048) NOT NULL,
	"file_size" integer NOT NULL,
	"format" varchar(20) NOT NULL,
	"status" varchar(20) DEFAULT 'pending' NOT NULL,
	"options" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"result" jsonb,
	"error_code" text,
	"error_message" text,
	"error_stack_trace" text,
	"retry_count" integer DEFAULT 0 NOT NULL,
	"max_retries" integer DEFAULT 3 NOT NULL,
	"next_retry_at" timestamp (3) with time zone,
	"created_by_id" uuid,
	"record_id" uuid,
	"field_id" varchar(255),
	"attachment_id" varchar(255),
	"cloud_file_id" integer,
	"bulk_id" uuid,
	"bulk_index" integer,
	"started_at" timestamp (3) with time zone,
	"completed_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "pk_extraction_jobs" PRIMARY KEY("id"),
	CONSTRAINT "ck_extraction_jobs_status" CHECK ("extraction_jobs"."status" in ('pending', 'processing', 'completed', 'failed', 'cancelled')),
	CONSTRAINT "ck_extraction_jobs_format" CHECK ("extraction_jobs"."format" in ('pdf', 'dxf', 'ifc', 'step', 'werk24')),
	CONSTRAINT "ck_extraction_jobs_file_size" CHECK ("extraction_jobs"."file_size" >= 0),
	CONSTRAINT "fk_extraction_jobs_job_id" FOREIGN KEY ("job_id") REFERENCES "pipeline_jobs"("id") ON DELETE SET NULL,
	CONSTRAINT "fk_extraction_jobs_created_by_id" FOREIGN KEY ("created_by_id") REFERENCES "owners"("id") ON DELETE SET NULL,
	CONSTRAINT "fk_extraction_jobs_record_id" FOREIGN KEY ("record_id") REFERENCES "records"("id") ON DELETE SET NULL,
	CONSTRAINT "fk_extraction_jobs_bulk_id" FOREIGN KEY ("bulk_id") REFERENCES "bulk_extraction_jobs"("id") ON DELETE SET NULL
);
--> statement-breakpoint
CREATE TABLE IF NOT EXISTS "extraction_attempts" (
	"extraction_id" uuid NOT NULL,
	"job_id" uuid NOT NULL,
	"attempt" integer NOT NULL,
	"outcome" varchar(20) NOT NULL,
	"error_code" text,
	"error_message" text,
	"stage" text,
	"next_retry_at" timestamp (3) with time zone,
	"ended_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "pk_extraction_attempts" PRIMARY KEY("extraction_id","job_id","attempt"),
	CONSTRAINT "ck_extraction_attempts_outcome" CHECK ("extraction_attempts"."outcome" in ('completed', 'failed', 'cancelled', 'retry')),
	CONSTRAINT "fk_extraction_attempts_extraction_id" FOREIGN KEY ("extraction_id") REFERENCES "extraction_jobs"("id") ON DELETE CASCADE
);
--> statement-breakpoint
CREATE UNIQUE INDEX IF NOT EXISTS "uq_bulk_extraction_jobs_job_id" ON "bulk_extraction_jobs" USING btree ("job_id");
--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "ix_bulk_extraction_jobs_status" ON "bulk_extraction_jobs" USING btree ("status");
--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "ix_bulk_extraction_jobs_created_by_id" ON "bulk_extraction_jobs" USING btree ("created_by_id");
--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "ix_bulk_extraction_jobs_created_by_id_created_at" ON "bulk_extraction_jobs" USING btree ("created_by_id","created_at");
--> statement-breakpoint
CREATE UNIQUE INDEX IF NOT EXISTS "uq_extraction_jobs_job_id" ON "extraction_jobs" USING btree ("job_id");
--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "ix_extraction_jobs_status" ON "extraction_jobs" USING btree ("status");
--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "ix_extraction_jobs_status_next_retry_at" ON "extraction_jobs" USING btree ("status","next_retry_at");
--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "ix_extraction_jobs_file_url" ON "extraction_jobs" USING btree ("file_url");
--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "ix_extraction_jobs_record_id" ON "extraction_jobs" USING btree ("record_id");
--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "ix_extraction_jobs_record_id_attachment_id" ON "extraction_jobs" USING btree ("record_id","attachment_id");
--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "ix_extraction_jobs_cloud_file_id" ON "extraction_jobs" USING btree ("cloud_file_id");
--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "ix_extraction_jobs_created_by_id" ON "extraction_jobs" USING btree ("created_by_id");
--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "ix_extraction_jobs_created_by_id_created_at" ON "extraction_jobs" USING btree ("created_by_id","created_at");
--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "ix_extraction_jobs_format_status" ON "extraction_jobs" USING btree ("format","status");
--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "ix_extraction_jobs_attachment_id" ON "extraction_jobs" USING btree ("attachment_id");
--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "ix_extraction_jobs_next_retry_at" ON "extraction_jobs" USING btree ("next_retry_at");
--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "ix_extraction_jobs_bulk_id_bulk_index" ON "extraction_jobs" USING btree ("bulk_id","bulk_index") WHERE "extraction_jobs"."bulk_id" is not null;
--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "ix_extraction_jobs_bulk_id_status_bulk_index" ON "extraction_jobs" USING btree ("bulk_id","status","bulk_index") WHERE "extraction_jobs"."bulk_id" is not null;
--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "ix_records_owner_id_created_at_id" ON "records" USING btree ("owner_id","created_at","id");
--> statement-breakpoint

CREATE OR REPLACE TRIGGER "tr_records_updated_at" BEFORE UPDATE ON "records"
  FOR EACH ROW WHEN (NEW.updated_at IS NOT DISTINCT FROM OLD.updated_at) EXECUTE FUNCTION "set_updated_at"();
--> statement-breakpoint
CREATE OR REPLACE TRIGGER "tr_bulk_extraction_jobs_updated_at" BEFORE UPDATE ON "bulk_extraction_jobs"
  FOR EACH ROW WHEN (NEW.updated_at IS NOT DISTINCT FROM OLD.updated_at) EXECUTE FUNCTION "set_updated_at"();
--> statement-breakpoint
CREATE OR REPLACE TRIGGER "tr_extraction_jobs_updated_at" BEFORE UPDATE ON "extraction_jobs"
  FOR EACH ROW WHEN (NEW.updated_at IS NOT DISTINCT FROM OLD.updated_at) EXECUTE FUNCTION "set_updated_at"();
--> statement-breakpoint

-- Readers of a job's input. What is of another shape must never raise: the job could then not be accepted.
CREATE OR REPLACE FUNCTION "result_uuid"(source jsonb, key text) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN result_text(source, key) ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN (source ->> key)::uuid END
$$;
--> statement-breakpoint
-- An entry of a B-tree holds 2,704 bytes; a character has up to four.
CREATE OR REPLACE FUNCTION "indexable_text"(value text, characters integer) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN octet_length(left(value, characters)) <= 2600 THEN left(value, characters) ELSE left(value, 650) END
$$;
--> statement-breakpoint

-- extraction_jobs and bulk_extraction_jobs follow their newest job in the job's own transaction (B-S01, B-S25): no code
-- path can forget. Lock order, everywhere: pipeline_jobs, records, extraction_jobs, bulk_extraction_jobs; each in the
-- order of ids. A shared key lock on a batch may come before its files: only what locks that batch alone waits for it.
CREATE OR REPLACE FUNCTION "copy_inserted_jobs_to_extractions"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM new_jobs WHERE pipeline IN ('extraction', 'extraction_bulk')) THEN
    RETURN NULL;
  END IF;

  -- a job that names an extraction is its manual retry (B-Q15): the row follows that job from now on
  INSERT INTO extraction_jobs AS e (
    id, job_id, filename, file_url, file_size, format, status, options, max_retries, created_by_id, record_id, field_id,
    attachment_id, cloud_file_id, bulk_id, bulk_index
  )
  SELECT j.extraction_id, j.id, left(coalesce(result_text(j.input, 'filename'), ''), 512),
    indexable_text(coalesce(result_text(j.input, 'file_url'), ''), 2048),
    coalesce(result_integer(j.input, 'file_size', 0, 2147483647), 0)::integer, j.input ->> 'format', j.status,
    coalesce(result_object(j.input, 'options'), '{}'), j.max_retries, j.owner_id, r.id,
    left(result_text(j.input, 'field_id'), 255), left(result_text(j.input, 'attachment_id'), 255),
    result_integer(j.input, 'cloud_file_id', -2147483648, 2147483647)::integer, b.id,
    CASE WHEN b.id IS NOT NULL THEN result_integer(j.input, 'bulk_index', 0, 2147483647)::integer END
  FROM (
    SELECT DISTINCT ON (extraction_id) *
    FROM (SELECT coalesce(result_uuid(input, 'extraction_id'), id) AS extraction_id, * FROM new_jobs WHERE pipeline = 'extraction') n
    WHERE result_text(input, 'format') IN ('pdf', 'dxf', 'ifc', 'step', 'werk24')
    ORDER BY extraction_id, seq DESC
  ) j
  -- nobody links to what is another owner's; the locks keep both where they are until the row is there
  LEFT JOIN LATERAL (
    SELECT id FROM records WHERE id = result_uuid(j.input, 'record_id') AND owner_id = j.owner_id FOR KEY SHARE
  ) r ON true
  LEFT JOIN LATERAL (
    SELECT id FROM bulk_extraction_jobs
    WHERE id = result_uuid(j.input, 'bulk_id') AND created_by_id = j.owner_id FOR KEY SHARE
  ) b ON true
  ORDER BY j.extraction_id
  ON CONFLICT (id) DO UPDATE SET
    job_id = excluded.job_id, status = excluded.status, retry_count = 0, max_retries = excluded.max_retries,
    next_retry_at = NULL, error_code = NULL, error_message = NULL, error_stack_trace = NULL, result = NULL,
    started_at = NULL, completed_at = NULL, updated_at = now()
  WHERE e.created_by_id = excluded.created_by_id;

  -- a file that its batch's cancel came before is asked to stop at once; a retry of one file after the batch's end is not
  UPDATE pipeline_jobs j
  SET cancel_requested_at = now(), cancel_requested_by = b.cancel_requested_by, cancel_reason = b.cancel_reason, updated_at = now()
  FROM new_jobs n
  JOIN extraction_jobs e ON e.job_id = n.id
  JOIN bulk_extraction_jobs b ON b.id = e.bulk_id
  WHERE j.id = n.id AND n.pipeline = 'extraction' AND b.cancel_requested_at IS NOT NULL
    AND (b.status IN ('pending', 'processing') OR result_uuid(n.input, 'extraction_id') IS NULL);

  INSERT INTO bulk_extraction_jobs AS b (
    id, job_id, created_by_id, status, continue_on_error, manifest_url, total_files, options
  )
  SELECT j.bulk_id, j.id, j.owner_id, j.status, j.input -> 'continue_on_error' IS DISTINCT FROM 'false',
    left(coalesce(result_text(j.input, 'manifest_key'), ''), 2048),
    coalesce(result_integer(j.input, 'total_files', 0, 2147483647), 0)::integer,
    CASE WHEN jsonb_typeof(j.input) = 'object'
      THEN j.input - ARRAY['bulk_id', 'manifest_key', 'total_files', 'continue_on_error', 'retry_of_failed'] ELSE '{}' END
  FROM (
    SELECT DISTINCT ON (bulk_id) *
    FROM (SELECT coalesce(result_uuid(input, 'bulk_id'), id) AS bulk_id, * FROM new_jobs WHERE pipeline = 'extraction_bulk') n
    ORDER BY bulk_id, seq DESC
  ) j
  ORDER BY j.bulk_id
  ON CONFLICT (id) DO UPDATE SET
    job_id = excluded.job_id, status = excluded.status, error_code = NULL, error_message = NULL,
    cancel_requested_at = NULL, cancel_requested_by = NULL, cancel_reason = NULL, started_at = NULL, completed_at = NULL,
    updated_at = now()
  WHERE b.created_by_id = excluded.created_by_id;
  RETURN NULL;
END;
$$;
--> statement-breakpoint
CREATE OR REPLACE FUNCTION "copy_changed_jobs_to_extractions"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  files uuid[];
  batches uuid[];
BEGIN
  IF NOT EXISTS (SELECT FROM new_jobs WHERE pipeline IN ('extraction', 'extraction_bulk')) THEN
    RETURN NULL;
  END IF;
  SELECT array_agg(n.id) FILTER (WHERE n.pipeline = 'extraction'), array_agg(n.id) FILTER (WHERE n.pipeline = 'extraction_bulk')
  INTO files, batches
  FROM new_jobs n JOIN old_jobs o ON o.id = n.id
  WHERE n.pipeline IN ('extraction', 'extraction_bulk')
    AND (n.status, n.retry_count, n.next_retry_at, n.error_code, n.error_message, n.error_stack, n.started_at, n.finished_at,
      n.cancel_requested_at)
    IS DISTINCT FROM (o.status, o.retry_count, o.next_retry_at, o.error_code, o.error_message, o.error_stack, o.started_at,
      o.finished_at, o.cancel_requested_at);

  IF files IS NOT NULL THEN
    PERFORM 1 FROM extraction_jobs WHERE job_id = ANY (files) ORDER BY id FOR NO KEY UPDATE;
    -- by job_id: what becomes of a job that a retry has replaced is not the file's business any more
    UPDATE extraction_jobs e SET
      status = n.status, retry_count = n.retry_count, next_retry_at = n.next_retry_at, error_code = n.error_code,
      error_message = n.error_message, error_stack_trace = n.error_stack, started_at = n.started_at,
      completed_at = n.finished_at, result = CASE WHEN n.status = 'completed' THEN n.result END,
      file_size = coalesce(
        nullif(CASE WHEN n.status = 'completed' THEN result_integer(n.result, 'file_size', 0, 2147483647) END, 0)::integer,
        e.file_size),
      updated_at = now()
    FROM new_jobs n
    WHERE n.id = ANY (files) AND e.job_id = n.id;

    -- an end of a try: the job is over, or waits for its next one
    INSERT INTO extraction_attempts (extraction_id, job_id, attempt, outcome, error_code, error_message, stage, next_retry_at, ended_at)
    SELECT e.id, n.id, n.retry_count + (n.status <> 'pending')::integer,
      CASE n.status WHEN 'pending' THEN 'retry' ELSE n.status END, n.error_code, n.error_message,
      coalesce(n.error_stage, o.stage), n.next_retry_at, coalesce(n.finished_at, now())
    FROM new_jobs n
    JOIN old_jobs o ON o.id = n.id
    JOIN extraction_jobs e ON e.job_id = n.id
    WHERE n.id = ANY (files) AND o.status = 'processing'
      AND (n.status IN ('completed', 'failed', 'cancelled') OR n.status = 'pending' AND n.retry_count > o.retry_count)
    ORDER BY e.id
    ON CONFLICT DO NOTHING;
  END IF;

  IF batches IS NOT NULL THEN
    PERFORM 1 FROM bulk_extraction_jobs WHERE job_id = ANY (batches) ORDER BY id FOR NO KEY UPDATE;
    UPDATE bulk_extraction_jobs b SET
      -- a parent that follows its files parks between two looks: under way all the same
      status = CASE WHEN n.status = 'pending' AND n.started_at IS NOT NULL THEN 'processing' ELSE n.status END,
      error_code = n.error_code, error_message = n.error_message,
      cancel_requested_by = CASE WHEN b.cancel_requested_at IS NULL THEN n.cancel_requested_by ELSE b.cancel_requested_by END,
      cancel_reason = CASE WHEN b.cancel_requested_at IS NULL THEN n.cancel_reason ELSE b.cancel_reason END,
      cancel_requested_at = coalesce(b.cancel_requested_at, n.cancel_requested_at),
      started_at = n.started_at, completed_at = n.finished_at, updated_at = now()
    FROM new_jobs n
    WHERE n.id = ANY (batches) AND b.job_id = n.id;
  END IF;
  RETURN NULL;
END;
$$;
--> statement-breakpoint
CREATE OR REPLACE TRIGGER "tr_pipeline_jobs_inserted_extractions" AFTER INSERT ON "pipeline_jobs"
  REFERENCING NEW TABLE AS new_jobs FOR EACH STATEMENT EXECUTE FUNCTION "copy_inserted_jobs_to_extractions"();
--> statement-breakpoint
CREATE OR REPLACE TRIGGER "tr_pipeline_jobs_changed_extractions" AFTER UPDATE ON "pipeline_jobs"
  REFERENCING OLD TABLE AS old_jobs NEW TABLE AS new_jobs FOR EACH STATEMENT EXECUTE FUNCTION "copy_changed_jobs_to_extractions"();
--> statement-breakpoint

-- A batch goes on counting the files that retention has removed.
CREATE OR REPLACE FUNCTION "count_deleted_extractions"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM old_extractions WHERE bulk_id IS NOT NULL) THEN
    RETURN NULL;
  END IF;
  PERFORM 1 FROM bulk_extraction_jobs WHERE id IN (SELECT bulk_id FROM old_extractions) ORDER BY id FOR NO KEY UPDATE;
  UPDATE bulk_extraction_jobs b SET
    deleted_completed = b.deleted_completed + g.completed, deleted_failed = b.deleted_failed + g.failed,
    deleted_cancelled = b.deleted_cancelled + g.cancelled, updated_at = now()
  FROM (
    SELECT bulk_id, count(*) FILTER (WHERE status = 'completed') AS completed,
      count(*) FILTER (WHERE status = 'failed') AS failed, count(*) FILTER (WHERE status = 'cancelled') AS cancelled
    FROM old_extractions WHERE bulk_id IS NOT NULL GROUP BY bulk_id
  ) g
  WHERE b.id = g.bulk_id;
  RETURN NULL;
END;
$$;
--> statement-breakpoint
CREATE OR REPLACE TRIGGER "tr_extraction_jobs_deleted" AFTER DELETE ON "extraction_jobs"
  REFERENCING OLD TABLE AS old_extractions FOR EACH STATEMENT EXECUTE FUNCTION "count_deleted_extractions"();
