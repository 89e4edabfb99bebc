-- The way back from the migration "video" and those that belong to it: tasks, quotas, permits, alerts and what Notion said go,
-- with all that stands in them, and what channels, jobs and reviews had beside it, for an older program that knows none of it.
-- Refuses while video jobs are active. The jobs themselves stay in pipeline_jobs; blobs stay where they are. Does nothing the
-- second time. `millrace migrate` leads forward again, to empty tables.
DO $$
DECLARE
  active bigint;
BEGIN
  -- no job may begin or end between the look and the change
  LOCK TABLE "pipeline_jobs" IN ACCESS EXCLUSIVE MODE;
  SELECT count(*) INTO active FROM pipeline_jobs WHERE status IN ('pending', 'processing') AND pipeline = 'video';
  IF active > 0 THEN
    RAISE EXCEPTION '% video jobs are active: let them finish or cancel them first', active USING ERRCODE = 'object_in_use';
  END IF;
  DROP TRIGGER IF EXISTS "tr_pipeline_jobs_tasks_inserted" ON "pipeline_jobs";
  DROP TRIGGER IF EXISTS "tr_pipeline_jobs_tasks_changed" ON "pipeline_jobs";
  DROP TRIGGER IF EXISTS "tr_pipeline_jobs_units_settled" ON "pipeline_jobs";
  -- before the table whose row type some of them take
  DROP FUNCTION IF EXISTS "move_tasks_of_inserted_jobs"(), "move_tasks_of_changed_jobs"(), "settle_units"();
  IF to_regtype('tasks') IS NOT NULL THEN
    DROP FUNCTION "move_task_of_job"(tasks, pipeline_jobs, pipeline_jobs), "move_task_of_cancel"(tasks, pipeline_jobs, pipeline_jobs),
      "move_task_of_decision"(tasks, pipeline_jobs, pipeline_jobs), "move_task_of_made_step"(tasks, pipeline_jobs, pipeline_jobs),
      "move_task"(uuid, task_status[], text, text), "task_way_to_making"(task_status, text), "task_way_to_queued"(task_status),
      "task_approved"(text), "task_asked"(text), "task_error"(text), "task_made"(text), "task_making"(text);
  END IF;
  DROP TABLE IF EXISTS "task_edges", "task_runs", "task_transitions", "task_errors", "task_units", "task_orders", "task_costs", "tasks",
    "notion_events", "channel_credentials", "quota_reservations", "quota_usages", "quotas", "permits", "permit_limits", "alerts";
  DROP FUNCTION IF EXISTS "keep_error_log"(), "count_task_costs"(), "end_task_run"(uuid, timestamptz),
    "reject_task_step"(uuid, text, jsonb), "record_task_error"(uuid, text, text, text, integer, timestamptz),
    "task_step_changed"(jsonb, text, jsonb), "task_steps_changed_from"(jsonb, text, jsonb),
    "count_reserved"(), "count_used"(), "forget_reserved"(), "free_parked"(text, text, uuid[], boolean),
    "quota_state"(text, text), "quota_day"(timestamptz, text), "take_permit"(text, uuid, uuid, integer);
  DROP TYPE IF EXISTS "task_status", "task_priority";
  ALTER TABLE "channels" DROP COLUMN IF EXISTS "channel_id", DROP COLUMN IF EXISTS "channel_name", DROP COLUMN IF EXISTS "owner_id",
    DROP COLUMN IF EXISTS "config", DROP COLUMN IF EXISTS "quota_pool", DROP COLUMN IF EXISTS "source";
  ALTER TABLE "pipeline_jobs" DROP COLUMN IF EXISTS "quota_service", DROP COLUMN IF EXISTS "quota_pool",
    DROP COLUMN IF EXISTS "quota_units";
  ALTER TABLE "reviews" DROP COLUMN IF EXISTS "details";
END;
$$;
