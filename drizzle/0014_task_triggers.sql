-- What Drizzle's schema cannot say: which status of a task may follow which, and the triggers that move tasks with their jobs.

INSERT INTO "task_edges" ("from_status", "to_status") VALUES
  ('draft', 'queued'),
  ('queued', 'draft'), ('queued', 'claimed'),
  ('claimed', 'queued'), ('claimed', 'generating_assets'), ('claimed', 'generating_composites'), ('claimed', 'generating_video'), ('claimed', 'generating_audio'), ('claimed', 'generating_sfx'), ('claimed', 'assembling'), ('claimed', 'uploading'),
  ('generating_assets', 'queued'), ('generating_assets', 'assets_ready'), ('generating_assets', 'asset_error'),
  ('assets_ready', 'assets_approved'), ('assets_ready', 'asset_error'),
  ('assets_approved', 'queued'), ('assets_approved', 'generating_composites'),
  ('generating_composites', 'queued'), ('generating_composites', 'composites_ready'), ('generating_composites', 'asset_error'),
  ('composites_ready', 'queued'), ('composites_ready', 'generating_video'),
  ('generating_video', 'queued'), ('generating_video', 'video_ready'), ('generating_video', 'video_error'),
  ('video_ready', 'video_approved'), ('video_ready', 'video_error'),
  ('video_approved', 'queued'), ('video_approved', 'generating_audio'),
  ('generating_audio', 'queued'), ('generating_audio', 'audio_ready'), ('generating_audio', 'audio_error'),
  ('audio_ready', 'audio_approved'), ('audio_ready', 'audio_error'),
  ('audio_approved', 'queued'), ('audio_approved', 'generating_sfx'),
  ('generating_sfx', 'queued'), ('generating_sfx', 'sfx_ready'), ('generating_sfx', 'audio_error'),
  ('sfx_ready', 'queued'), ('sfx_ready', 'assembling'),
  ('assembling', 'queued'), ('assembling', 'assembly_ready'), ('assembling', 'video_error'),
  ('assembly_ready', 'final_review'),
  ('final_review', 'approved'), ('final_review', 'asset_error'), ('final_review', 'video_error'), ('final_review', 'audio_error'),
  ('approved', 'queued'), ('approved', 'uploading'),
  ('uploading', 'approved'), ('uploading', 'published'), ('uploading', 'upload_error'),
  ('published', 'queued'),
  ('asset_error', 'queued'), ('asset_error', 'generating_assets'), ('asset_error', 'generating_composites'),
  ('video_error', 'queued'), ('video_error', 'generating_video'), ('video_error', 'assembling'),
  ('audio_error', 'queued'), ('audio_error', 'generating_audio'), ('audio_error', 'generating_sfx'),
  ('upload_error', 'queued'), ('upload_error', 'final_review'), ('upload_error', 'uploading')
ON CONFLICT DO NOTHING;
--> statement-breakpoint
ALTER TABLE "tasks" SET (fillfactor = 80);
--> statement-breakpoint

CREATE OR REPLACE TRIGGER "tr_tasks_updated_at" BEFORE UPDATE ON "tasks"
  FOR EACH ROW WHEN (NEW.updated_at IS NOT DISTINCT FROM OLD.updated_at) EXECUTE FUNCTION "set_updated_at"();
--> statement-breakpoint
-- The error log only grows (C-Q19): what does not begin with what was there is added to it.
CREATE OR REPLACE FUNCTION "keep_error_log"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT starts_with(coalesce(NEW.error_log, ''), OLD.error_log) THEN
    NEW.error_log := concat_ws(E'\n', OLD.error_log, nullif(NEW.error_log, ''));
  END IF;
  RETURN NEW;
END;
$$;
--> statement-breakpoint
CREATE OR REPLACE TRIGGER "tr_tasks_error_log" BEFORE UPDATE ON "tasks"
  FOR EACH ROW WHEN (OLD.error_log IS NOT NULL AND NEW.error_log IS DISTINCT FROM OLD.error_log) EXECUTE FUNCTION "keep_error_log"();
--> statement-breakpoint

-- The states of a step, null for what is no step.
CREATE OR REPLACE FUNCTION "task_making"(step text) RETURNS task_status LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT (CASE step WHEN 'assets' THEN 'generating_assets' WHEN 'composites' THEN 'generating_composites'
    WHEN 'video' THEN 'generating_video' WHEN 'audio' THEN 'generating_audio' WHEN 'sfx' THEN 'generating_sfx'
    WHEN 'assembly' THEN 'assembling' WHEN 'upload' THEN 'uploading' END)::task_status
$$;
--> statement-breakpoint
CREATE OR REPLACE FUNCTION "task_made"(step text) RETURNS task_status LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT (CASE step WHEN 'assets' THEN 'assets_ready' WHEN 'composites' THEN 'composites_ready' WHEN 'video' THEN 'video_ready'
    WHEN 'audio' THEN 'audio_ready' WHEN 'sfx' THEN 'sfx_ready' WHEN 'assembly' THEN 'assembly_ready'
    WHEN 'upload' THEN 'published' END)::task_status
$$;
--> statement-breakpoint
CREATE OR REPLACE FUNCTION "task_error"(step text) RETURNS task_status LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT (CASE WHEN step IN ('assets', 'composites') THEN 'asset_error' WHEN step IN ('video', 'assembly') THEN 'video_error'
    WHEN step IN ('audio', 'sfx') THEN 'audio_error' WHEN step = 'upload' THEN 'upload_error' END)::task_status
$$;
--> statement-breakpoint
-- Where a task goes to wait for people, or past them, once a step is made.
CREATE OR REPLACE FUNCTION "task_asked"(step text) RETURNS task_status[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT (CASE step WHEN 'assembly' THEN '{final_review}' ELSE '{}' END)::task_status[]
$$;
--> statement-breakpoint
CREATE OR REPLACE FUNCTION "task_approved"(step text) RETURNS task_status[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT (CASE step WHEN 'assets' THEN '{assets_approved}' WHEN 'video' THEN '{video_approved}' WHEN 'audio' THEN '{audio_approved}'
    WHEN 'assembly' THEN '{approved}' ELSE '{}' END)::task_status[]
$$;
--> statement-breakpoint
-- The legal way back into the queue, unharmed.
CREATE OR REPLACE FUNCTION "task_way_to_queued"(status task_status) RETURNS task_status[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT (CASE status WHEN 'queued' THEN '{}' WHEN 'uploading' THEN '{approved,queued}' WHEN 'assets_ready' THEN '{asset_error,queued}'
    WHEN 'video_ready' THEN '{video_error,queued}' WHEN 'audio_ready' THEN '{audio_error,queued}'
    WHEN 'assembly_ready' THEN '{final_review,video_error,queued}' WHEN 'final_review' THEN '{video_error,queued}'
    ELSE '{queued}' END)::task_status[]
$$;
--> statement-breakpoint
CREATE OR REPLACE FUNCTION "task_way_to_making"(status task_status, step text) RETURNS task_status[] LANGUAGE sql STABLE AS $$
  SELECT CASE
    WHEN status = task_making(step) THEN '{}'::task_status[]
    WHEN EXISTS (SELECT FROM task_edges WHERE from_status = status AND to_status = task_making(step)) THEN ARRAY[task_making(step)]
    ELSE task_way_to_queued(status) || ARRAY['claimed'::task_status, task_making(step)]
  END
$$;
--> statement-breakpoint

-- The record of one step, changed.
CREATE OR REPLACE FUNCTION "task_step_changed"(steps jsonb, step text, change jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT steps || jsonb_build_object(step,
    '{"completed":false,"approved":false,"output_hash":null,"partial_progress":null,"duration_seconds":null,"error_message":null}'
    || coalesce(steps -> step, '{}') || change)
$$;
--> statement-breakpoint
-- A step and those after it, changed as far as there is a record of them.
CREATE OR REPLACE FUNCTION "task_steps_changed_from"(steps jsonb, step text, change jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT coalesce(jsonb_object_agg(key, CASE
    WHEN array_position(o.names, key) >= array_position(o.names, step) THEN value || change ELSE value END), '{}')
  FROM jsonb_each(steps)
  CROSS JOIN (SELECT '{assets,composites,video,audio,sfx,assembly,upload}'::text[] AS names) o
$$;
--> statement-breakpoint

-- The one door to a task's status: along legal edges only, each hop in the record. What is not legal is not done. The caller
-- holds the row.
CREATE OR REPLACE FUNCTION "move_task"(of_task uuid, hops task_status[], by_whom text, why text) RETURNS task_status LANGUAGE plpgsql AS $$
DECLARE
  began_at task_status;
  stands_at task_status;
  run integer;
  hop task_status;
BEGIN
  SELECT status, status, run_no INTO began_at, stands_at, run FROM tasks WHERE id = of_task;
  FOREACH hop IN ARRAY hops LOOP
    EXIT WHEN NOT EXISTS (SELECT FROM task_edges WHERE from_status = stands_at AND to_status = hop);
    INSERT INTO task_transitions (task_id, run_no, from_status, to_status, actor, reason)
    VALUES (of_task, run, stands_at, hop, coalesce(by_whom, 'system'), left(why, 500));
    stands_at := hop;
  END LOOP;
  IF stands_at <> began_at THEN
    UPDATE tasks SET status = stands_at, status_since = clock_timestamp() WHERE id = of_task;
  END IF;
  RETURN stands_at;
END;
$$;
--> statement-breakpoint

-- An error in fields, in words, and at its step.
CREATE OR REPLACE FUNCTION "record_task_error"(of_task uuid, at_step text, code text, message text, attempt integer, next_try timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  said text := regexp_replace(btrim(coalesce(message, code)), '\s+', ' ', 'g');
BEGIN
  INSERT INTO task_errors (task_id, run_no, step, code, message, attempt, is_transient, next_retry_at)
  SELECT of_task, run_no, at_step, coalesce(record_task_error.code, 'UNKNOWN'), said, record_task_error.attempt, next_try IS NOT NULL, next_try
  FROM tasks WHERE id = of_task;
  UPDATE tasks SET
    error_step = at_step, error_code = record_task_error.code,
    step_completion_metadata = task_step_changed(step_completion_metadata, at_step, jsonb_build_object('error_message', said)),
    error_log = concat_ws(E'\n', error_log, format('[%s] Millrace: %s: %s (%s, attempt %s, %s)',
      to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), at_step, said, record_task_error.code,
      record_task_error.attempt, CASE WHEN next_try IS NULL THEN 'final' ELSE 'transient, next try '
        || to_char(next_try AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') END))
  WHERE id = of_task;
END;
$$;
--> statement-breakpoint

-- What is to be made again after a rejection: which step, and which of its units; all of them unless some are named. Answers
-- with the step. At a gate before the last one only its own step can be rejected.
CREATE OR REPLACE FUNCTION "reject_task_step"(of_task uuid, made_step text, details jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  asked text := result_text(details, 'step');
  rejected text := made_step;
  units text[];
BEGIN
  IF made_step = 'assembly' AND asked <> 'upload' AND task_making(asked) IS NOT NULL THEN
    rejected := asked;
  END IF;
  IF asked IS NULL OR asked = rejected THEN
    units := coalesce(result_texts(details, 'units'), '{}') || CASE WHEN jsonb_typeof(details -> 'clips') = 'array' THEN
      ARRAY(SELECT lpad(e #>> '{}', 2, '0') FROM jsonb_array_elements(details -> 'clips') e WHERE jsonb_typeof(e) = 'number') END;
  END IF;
  UPDATE task_units SET is_rejected = true
  WHERE task_id = of_task AND step = rejected AND (cardinality(coalesce(units, '{}')) = 0 OR unit = ANY (units));
  DELETE FROM task_orders
  WHERE task_id = of_task AND step = rejected AND (cardinality(coalesce(units, '{}')) = 0 OR unit = ANY (units));
  -- later steps stay approved as long as they come out the same
  UPDATE tasks SET step_completion_metadata = task_step_changed(task_step_changed(
    task_steps_changed_from(step_completion_metadata, rejected, '{"completed":false}'),
    made_step, '{"completed":false,"approved":false}'), rejected, '{"completed":false,"approved":false}')
  WHERE id = of_task;
  RETURN rejected;
END;
$$;
--> statement-breakpoint

-- The run is over: its job has come to its end.
CREATE OR REPLACE FUNCTION "end_task_run"(of_task uuid, ended_at timestamptz) RETURNS void LANGUAGE sql AS $$
  UPDATE tasks SET pipeline_end_time = ended_at,
    pipeline_duration_seconds = extract(epoch FROM ended_at - pipeline_start_time)
  WHERE id = of_task;
  UPDATE task_runs r SET outcome = t.status, error_step = t.error_step, error_code = t.error_code, finished_at = ended_at
  FROM tasks t WHERE t.id = of_task AND r.task_id = t.id AND r.run_no = t.run_no;
$$;
--> statement-breakpoint

-- A stage of the job was committed.
CREATE OR REPLACE FUNCTION "move_task_of_made_step"(t tasks, o pipeline_jobs, n pipeline_jobs) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  review reviews;
  rejected text;
  -- what a cancel came before is made, and may yet have to be asked for: the next run finds out
  is_done boolean := n.status <> 'cancelled' OR o.stage = 'upload';
BEGIN
  PERFORM move_task(t.id, task_way_to_making(t.status, o.stage) || task_made(o.stage), o.worker, NULL);
  UPDATE tasks SET
    error_step = NULL, error_code = NULL,
    step_completion_metadata = task_step_changed(step_completion_metadata, o.stage, jsonb_build_object('completed', is_done, 'error_message', NULL,
      'duration_seconds', coalesce(step_completion_metadata #> ARRAY[o.stage, 'duration_seconds'],
        to_jsonb(round(extract(epoch FROM clock_timestamp() - o.stage_started_at), 3)))))
  WHERE id = t.id;
  IF n.status = 'completed' OR (n.status = 'cancelled' AND o.stage = 'upload') THEN
    RETURN;
  END IF;
  IF n.status = 'cancelled' THEN
    PERFORM move_task(t.id, task_way_to_queued(task_made(o.stage)) || 'draft'::task_status, n.cancel_requested_by, n.cancel_reason);
    RETURN;
  END IF;
  -- decided before the job arrived
  IF n.status = 'failed' OR (n.status = 'pending' AND n.waiting_for = 'turn') THEN
    SELECT * INTO review FROM reviews
    WHERE job_id = n.id AND gate IN (o.stage, CASE o.stage WHEN 'assembly' THEN 'final' END)
      AND decision = CASE n.status WHEN 'failed' THEN 'rejected' ELSE 'approved' END
    ORDER BY at DESC, decided_by LIMIT 1;
  END IF;
  IF n.status = 'failed' THEN
    PERFORM move_task(t.id, task_asked(o.stage), o.worker, NULL);
    rejected := reject_task_step(t.id, o.stage, review.details);
    PERFORM record_task_error(t.id, rejected, n.error_code, n.error_message, 1, NULL);
    PERFORM move_task(t.id, ARRAY[task_error(rejected)], review.decided_by, review.comment);
  ELSIF n.waiting_for = 'review' THEN
    PERFORM move_task(t.id, task_asked(o.stage), o.worker, NULL);
    UPDATE tasks SET review_started_at = clock_timestamp(), review_completed_at = NULL WHERE id = t.id;
    RETURN;
  ELSE
    PERFORM move_task(t.id, task_asked(o.stage), o.worker, NULL);
    PERFORM move_task(t.id, task_approved(o.stage), coalesce(review.decided_by, 'system'), coalesce(review.comment,
      CASE WHEN review.decided_by IS NULL THEN 'nobody has to be asked' END));
    IF n.status = 'pending' THEN
      PERFORM move_task(t.id, ARRAY['queued'::task_status], 'system', NULL);
    ELSIF n.lease_until IS NOT NULL THEN
      PERFORM move_task(t.id, ARRAY[task_making(n.stage)], n.worker, NULL);
    END IF;
  END IF;
  IF review.decided_by IS NOT NULL THEN
    UPDATE tasks SET review_started_at = clock_timestamp(), review_completed_at = clock_timestamp(),
      step_completion_metadata = CASE WHEN n.status = 'failed' THEN step_completion_metadata
        ELSE task_step_changed(step_completion_metadata, o.stage, '{"approved":true}') END
    WHERE id = t.id;
  END IF;
END;
$$;
--> statement-breakpoint

-- A gate has let the job go on, or ended it. The job stands at the stage after the gate already.
CREATE OR REPLACE FUNCTION "move_task_of_decision"(t tasks, o pipeline_jobs, n pipeline_jobs) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  review reviews;
  made_step text := CASE t.status WHEN 'assets_ready' THEN 'assets' WHEN 'video_ready' THEN 'video' WHEN 'audio_ready' THEN 'audio'
    WHEN 'final_review' THEN 'assembly' END;
  rejected text := made_step;
BEGIN
  IF made_step IS NULL THEN
    RETURN;
  END IF;
  SELECT * INTO review FROM reviews
  WHERE job_id = n.id AND gate = o.gate AND decision = CASE n.status WHEN 'pending' THEN 'approved' ELSE 'rejected' END
    AND n.error_code IS DISTINCT FROM 'REVIEW_EXPIRED'
  ORDER BY at DESC, decided_by LIMIT 1;
  UPDATE tasks SET review_completed_at = clock_timestamp() WHERE id = t.id;
  IF n.status = 'pending' THEN
    UPDATE tasks SET step_completion_metadata = task_step_changed(step_completion_metadata, made_step, '{"approved":true}') WHERE id = t.id;
    PERFORM move_task(t.id, task_approved(made_step), review.decided_by, review.comment);
    PERFORM move_task(t.id, ARRAY['queued'::task_status], 'system', NULL);
    RETURN;
  END IF;
  IF n.error_code = 'REVIEW_REJECTED' THEN
    rejected := reject_task_step(t.id, made_step, review.details);
  ELSE
    -- nobody has decided: what was made stays, and the next run asks again
    UPDATE tasks SET step_completion_metadata = task_step_changed(step_completion_metadata, made_step, '{"completed":false}') WHERE id = t.id;
  END IF;
  PERFORM record_task_error(t.id, rejected, n.error_code, n.error_message, 1, NULL);
  PERFORM move_task(t.id, ARRAY[task_error(rejected)], review.decided_by, coalesce(review.comment, n.error_message));
END;
$$;
--> statement-breakpoint

CREATE OR REPLACE FUNCTION "move_task_of_cancel"(t tasks, o pipeline_jobs, n pipeline_jobs) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF o.waiting_for = 'review' THEN
    -- the next run asks again
    UPDATE tasks SET step_completion_metadata = (
      SELECT coalesce(jsonb_object_agg(key, CASE WHEN task_made(key) = t.status OR (key = 'assembly' AND t.status = 'final_review')
        THEN value || '{"completed":false}' ELSE value END), '{}') FROM jsonb_each(step_completion_metadata)
    ) WHERE id = t.id;
  END IF;
  IF t.status <> 'published' THEN
    PERFORM move_task(t.id, task_way_to_queued(t.status) || 'draft'::task_status, n.cancel_requested_by, n.cancel_reason);
  END IF;
END;
$$;
--> statement-breakpoint

CREATE OR REPLACE FUNCTION "move_task_of_job"(t tasks, o pipeline_jobs, n pipeline_jobs) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  is_made boolean := n.status = 'completed' OR n.stage <> o.stage OR (n.status = 'cancelled' AND o.status = 'processing'
    AND EXISTS (SELECT FROM job_stages WHERE job_id = o.id AND stage = o.stage AND fence = o.fence));
  is_over boolean := n.status IN ('completed', 'failed', 'cancelled') AND o.status IN ('pending', 'processing');
BEGIN
  IF is_made THEN
    PERFORM move_task_of_made_step(t, o, n);
  ELSIF o.waiting_for = 'review' AND n.status IN ('pending', 'failed') THEN
    PERFORM move_task_of_decision(t, o, n);
  ELSIF n.status = 'cancelled' THEN
    PERFORM move_task_of_cancel(t, o, n);
  ELSIF n.status = 'processing' AND n.fence > o.fence THEN
    PERFORM move_task(t.id, task_way_to_making(t.status, n.stage), n.worker, NULL);
    UPDATE tasks SET pipeline_start_time = n.started_at WHERE id = t.id AND pipeline_start_time IS NULL;
    UPDATE task_runs SET started_at = n.started_at WHERE job_id = n.id AND started_at IS NULL;
  ELSIF n.status = 'failed' THEN
    PERFORM move_task(t.id, task_way_to_making(t.status, n.stage) || task_error(n.stage), n.worker, n.error_code);
    PERFORM record_task_error(t.id, n.stage, n.error_code, n.error_message, greatest(1, n.stage_attempts), NULL);
  ELSIF n.waiting_for = 'retry' THEN
    -- a stage that asked to be called later has not failed
    IF n.retry_count > o.retry_count THEN
      PERFORM record_task_error(t.id, n.stage, n.error_code, n.error_message, greatest(1, n.stage_attempts), n.next_retry_at);
    END IF;
  ELSIF n.waiting_for = 'quota' OR (n.waiting_for = 'turn' AND o.status = 'processing') THEN
    PERFORM move_task(t.id, task_way_to_queued(t.status), CASE o.status WHEN 'processing' THEN o.worker END,
      (SELECT reason FROM job_events WHERE job_id = n.id ORDER BY id DESC LIMIT 1));
  END IF;
  IF is_over THEN
    IF n.status = 'cancelled' THEN
      UPDATE tasks SET cancelled_at = n.finished_at, cancel_reason = n.cancel_reason, error_step = NULL, error_code = NULL
      WHERE id = t.id AND status = 'draft';
    END IF;
    PERFORM end_task_run(t.id, n.finished_at);
  END IF;
END;
$$;
--> statement-breakpoint

-- Tasks follow their newest job in the job's own transaction: no code path can forget. Lock order, everywhere: pipeline_jobs,
-- tasks in the order of their ids, then what belongs to them.
CREATE OR REPLACE FUNCTION "move_tasks_of_inserted_jobs"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  n record;
  t tasks;
BEGIN
  IF NOT EXISTS (SELECT FROM new_jobs WHERE pipeline = 'video') THEN
    RETURN NULL;
  END IF;
  FOR n IN
    SELECT CASE WHEN resource_key ~ '^task:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN substr(resource_key, 6)::uuid END AS task_id, *
    FROM new_jobs WHERE pipeline = 'video' AND task_making(stage) IS NOT NULL ORDER BY task_id
  LOOP
    SELECT * INTO t FROM tasks WHERE id = n.task_id AND owner_id = n.owner_id FOR NO KEY UPDATE;
    CONTINUE WHEN NOT FOUND;
    UPDATE tasks SET
      job_id = n.id, run_no = t.run_no + 1, error_step = NULL, error_code = NULL, cancelled_at = NULL, cancel_reason = NULL,
      pipeline_start_time = NULL, pipeline_end_time = NULL, pipeline_duration_seconds = NULL, pipeline_cost_usd = 0,
      review_started_at = NULL, review_completed_at = NULL,
      step_completion_metadata = task_steps_changed_from(t.step_completion_metadata, n.stage, '{"completed":false,"duration_seconds":null}')
    WHERE id = t.id;
    INSERT INTO task_runs (task_id, run_no, job_id, from_step, queued_by)
    VALUES (t.id, t.run_no + 1, n.id, n.stage, n.metadata ->> 'submitted_by');
    PERFORM move_task(t.id, task_way_to_queued(t.status), n.metadata ->> 'submitted_by', NULL);
  END LOOP;
  RETURN NULL;
END;
$$;
--> statement-breakpoint
CREATE OR REPLACE FUNCTION "move_tasks_of_changed_jobs"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  moved record;
  t tasks;
  o pipeline_jobs;
  n pipeline_jobs;
BEGIN
  IF NOT EXISTS (SELECT FROM new_jobs WHERE pipeline = 'video') THEN
    RETURN NULL;
  END IF;
  FOR moved IN
    SELECT task.id AS task_id, job.id AS job_id
    FROM new_jobs job JOIN old_jobs was ON was.id = job.id JOIN tasks task ON task.job_id = job.id
    WHERE job.pipeline = 'video'
      -- a turn in the line, its ticket, a heartbeat: none of them a task's business
      AND ((job.status, job.stage, job.fence) IS DISTINCT FROM (was.status, was.stage, was.fence)
        OR (job.waiting_for IS DISTINCT FROM was.waiting_for AND (job.waiting_for = 'quota' OR was.waiting_for = 'review')))
      AND task_making(job.stage) IS NOT NULL AND task_making(was.stage) IS NOT NULL
    ORDER BY task.id
  LOOP
    SELECT * INTO t FROM tasks WHERE id = moved.task_id AND job_id = moved.job_id FOR NO KEY UPDATE;
    CONTINUE WHEN NOT FOUND;
    SELECT * INTO o FROM old_jobs WHERE id = moved.job_id;
    SELECT * INTO n FROM new_jobs WHERE id = moved.job_id;
    PERFORM move_task_of_job(t, o, n);
  END LOOP;
  RETURN NULL;
END;
$$;
--> statement-breakpoint
-- Triggers of a table run in the order of their names: these after those of contents and extractions, before the turns.
CREATE OR REPLACE TRIGGER "tr_pipeline_jobs_tasks_inserted" AFTER INSERT ON "pipeline_jobs"
  REFERENCING NEW TABLE AS new_jobs FOR EACH STATEMENT EXECUTE FUNCTION "move_tasks_of_inserted_jobs"();
--> statement-breakpoint
CREATE OR REPLACE TRIGGER "tr_pipeline_jobs_tasks_changed" AFTER UPDATE ON "pipeline_jobs"
  REFERENCING OLD TABLE AS old_jobs NEW TABLE AS new_jobs FOR EACH STATEMENT EXECUTE FUNCTION "move_tasks_of_changed_jobs"();
--> statement-breakpoint

-- Money spent is in the sums in the same moment.
CREATE OR REPLACE FUNCTION "count_task_costs"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM tasks WHERE id IN (SELECT task_id FROM new_costs) ORDER BY id FOR NO KEY UPDATE;
  UPDATE tasks t SET total_cost_usd = t.total_cost_usd + s.cost, pipeline_cost_usd = coalesce(t.pipeline_cost_usd, 0) + s.cost_of_run
  FROM (
    SELECT n.task_id, sum(n.cost_usd) AS cost, coalesce(sum(n.cost_usd) FILTER (WHERE n.run_no = t.run_no), 0) AS cost_of_run
    FROM new_costs n JOIN tasks t ON t.id = n.task_id WHERE n.cost_usd > 0 GROUP BY n.task_id
  ) s
  WHERE t.id = s.task_id;
  UPDATE task_runs r SET cost_usd = r.cost_usd + s.cost
  FROM (SELECT task_id, run_no, sum(cost_usd) AS cost FROM new_costs WHERE cost_usd > 0 GROUP BY task_id, run_no) s
  WHERE r.task_id = s.task_id AND r.run_no = s.run_no;
  RETURN NULL;
END;
$$;
--> statement-breakpoint
CREATE OR REPLACE TRIGGER "tr_task_costs_inserted" AFTER INSERT ON "task_costs"
  REFERENCING NEW TABLE AS new_costs FOR EACH STATEMENT EXECUTE FUNCTION "count_task_costs"();
