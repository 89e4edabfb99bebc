-- What Drizzle's schema cannot say: which status of a task may follow which, and the triggers that move tasks with their jobs.

--> statement-breakpoint

CREATE OR REPLACE TRIGGER "tr_tasks_updated_at" BEFORE UPDATE ON "tasks"
  FOR EACH ROW WHEN (NEW.updated_at IS NOT DISTINCT FROM OLD.updated_at) EXECUTE FUNCTION "set_updated_at"();
