CREATE TYPE "public"."task_priority" AS ENUM('high', 'normal', 'low');--> statement-breakpoint
CREATE TYPE "public"."task_status" AS ENUM('draft', 'queued', 'claimed', 'generating_assets', 'assets_ready', 'assets_approved', 'generating_composites', 'composites_ready', 'generating_video', 'video_ready', 'video_approved', 'generating_audio', 'audio_ready', 'audio_approved', 'generating_sfx', 'sfx_ready', 'assembling', 'assembly_ready', 'final_review', 'approved', 'uploading', 'published', 'asset_error', 'video_error', 'audio_error', 'upload_error');--> statement-breakpoint
CREATE TABLE "alerts" (
	"id" bigint GENERATED ALWAYS AS IDENTITY (sequence name "alerts_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"kind" varchar(50) NOT NULL,
	"subject" varchar(200) NOT NULL,
	"severity" text NOT NULL,
	"message" text NOT NULL,
	"details" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"sent_at" timestamp (3) with time zone,
	"error" text,
	CONSTRAINT "pk_alerts" PRIMARY KEY("id"),
	CONSTRAINT "ck_alerts_severity" CHECK ("alerts"."severity" in ('info', 'warning', 'critical'))
);
--> statement-breakpoint
CREATE TABLE "channel_credentials" (
	"channel_id" uuid NOT NULL,
	"name" varchar(50) NOT NULL,
	"sealed" text NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "pk_channel_credentials" PRIMARY KEY("channel_id","name")
);
--> statement-breakpoint
CREATE TABLE "notion_events" (
	"id" bigint GENERATED ALWAYS AS IDENTITY (sequence name "notion_events_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"event_id" varchar(100) NOT NULL,
	"type" varchar(100) NOT NULL,
	"page_id" varchar(32),
	"payload" jsonb NOT NULL,
	"received_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"handled_at" timestamp (3) with time zone,
	"error" text,
	CONSTRAINT "pk_notion_events" PRIMARY KEY("id"),
	CONSTRAINT "uq_notion_events_event_id" UNIQUE("event_id")
);
--> statement-breakpoint
CREATE TABLE "permit_limits" (
	"provider" varchar(50) NOT NULL,
	"permits" integer NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "pk_permit_limits" PRIMARY KEY("provider"),
	CONSTRAINT "ck_permit_limits_permits" CHECK ("permit_limits"."permits" >= 0)
);
--> statement-breakpoint
CREATE TABLE "permits" (
	"id" uuid NOT NULL,
	"provider" varchar(50) NOT NULL,
	"job_id" uuid NOT NULL,
	"fence" integer NOT NULL,
	"taken_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "pk_permits" PRIMARY KEY("id")
);
--> statement-breakpoint
CREATE TABLE "quota_reservations" (
	"job_id" uuid NOT NULL,
	"service" varchar(50) NOT NULL,
	"pool" varchar(50) NOT NULL,
	"date" date NOT NULL,
	"units" integer NOT NULL,
	"fence" integer NOT NULL,
	"units_used" integer,
	"reserved_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "pk_quota_reservations" PRIMARY KEY("job_id")
);
--> statement-breakpoint
CREATE TABLE "quota_usages" (
	"service" varchar(50) NOT NULL,
	"pool" varchar(50) NOT NULL,
	"date" date NOT NULL,
	"units_used" bigint DEFAULT 0 NOT NULL,
	"units_reserved" bigint DEFAULT 0 NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "pk_quota_usages" PRIMARY KEY("service","pool","date"),
	CONSTRAINT "ck_quota_usages_units_used" CHECK ("quota_usages"."units_used" >= 0),
	CONSTRAINT "ck_quota_usages_units_reserved" CHECK ("quota_usages"."units_reserved" >= 0)
);
--> statement-breakpoint
CREATE TABLE "quotas" (
	"service" varchar(50) NOT NULL,
	"pool" varchar(50) NOT NULL,
	"daily_limit" bigint,
	"time_zone" text DEFAULT 'America/Los_Angeles' NOT NULL,
	"paused_until" timestamp (3) with time zone,
	"pause_reason" text,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "pk_quotas" PRIMARY KEY("service","pool"),
	CONSTRAINT "ck_quotas_daily_limit" CHECK ("quotas"."daily_limit" >= 0),
	CONSTRAINT "ck_quotas_pause" CHECK ("quotas"."pool" <> '*' or "quotas"."paused_until" is null)
);
--> statement-breakpoint
CREATE TABLE "task_costs" (
	"id" bigint GENERATED ALWAYS AS IDENTITY (sequence name "task_costs_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"task_id" uuid NOT NULL,
	"channel_id" uuid NOT NULL,
	"run_no" integer NOT NULL,
	"component" varchar(50) NOT NULL,
	"step" varchar(20) NOT NULL,
	"unit" varchar(100),
	"provider" varchar(50) NOT NULL,
	"cost_usd" numeric(10, 4),
	"api_calls" integer NOT NULL,
	"units" numeric(14, 4) NOT NULL,
	"metadata" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "pk_task_costs" PRIMARY KEY("id"),
	CONSTRAINT "ck_task_costs_cost_usd" CHECK ("task_costs"."cost_usd" >= 0)
);
--> statement-breakpoint
CREATE TABLE "task_edges" (
	"from_status" "task_status" NOT NULL,
	"to_status" "task_status" NOT NULL,
	CONSTRAINT "pk_task_edges" PRIMARY KEY("from_status","to_status")
);
--> statement-breakpoint
CREATE TABLE "task_errors" (
	"id" bigint GENERATED ALWAYS AS IDENTITY (sequence name "task_errors_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"task_id" uuid NOT NULL,
	"run_no" integer NOT NULL,
	"step" varchar(20),
	"code" text NOT NULL,
	"message" text NOT NULL,
	"attempt" integer NOT NULL,
	"is_transient" boolean NOT NULL,
	"next_retry_at" timestamp (3) with time zone,
	"at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "pk_task_errors" PRIMARY KEY("id")
);
--> statement-breakpoint
CREATE TABLE "task_orders" (
	"task_id" uuid NOT NULL,
	"step" varchar(20) NOT NULL,
	"unit" varchar(100) NOT NULL,
	"input_hash" varchar(64) NOT NULL,
	"state" text NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "pk_task_orders" PRIMARY KEY("task_id","step","unit")
);
--> statement-breakpoint
CREATE TABLE "task_runs" (
	"id" bigint GENERATED ALWAYS AS IDENTITY (sequence name "task_runs_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"task_id" uuid NOT NULL,
	"run_no" integer NOT NULL,
	"job_id" uuid NOT NULL,
	"from_step" varchar(20) NOT NULL,
	"queued_by" text,
	"outcome" "task_status",
	"error_step" varchar(20),
	"error_code" text,
	"cost_usd" numeric(12, 4) DEFAULT '0' NOT NULL,
	"queued_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"started_at" timestamp (3) with time zone,
	"finished_at" timestamp (3) with time zone,
	CONSTRAINT "pk_task_runs" PRIMARY KEY("id"),
	CONSTRAINT "uq_task_runs_task_id_run_no" UNIQUE("task_id","run_no"),
	CONSTRAINT "uq_task_runs_job_id" UNIQUE("job_id")
);
--> statement-breakpoint
CREATE TABLE "task_transitions" (
	"id" bigint GENERATED ALWAYS AS IDENTITY (sequence name "task_transitions_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"task_id" uuid NOT NULL,
	"run_no" integer NOT NULL,
	"from_status" "task_status",
	"to_status" "task_status" NOT NULL,
	"actor" text NOT NULL,
	"reason" text,
	"at" timestamp (3) with time zone DEFAULT clock_timestamp() NOT NULL,
	CONSTRAINT "pk_task_transitions" PRIMARY KEY("id")
);
--> statement-breakpoint
CREATE TABLE "task_units" (
	"task_id" uuid NOT NULL,
	"step" varchar(20) NOT NULL,
	"unit" varchar(100) NOT NULL,
	"take" integer DEFAULT 1 NOT NULL,
	"input_hash" varchar(64) NOT NULL,
	"blob_key" varchar(1024) NOT NULL,
	"media_type" varchar(100) NOT NULL,
	"sha256" varchar(64) NOT NULL,
	"bytes" bigint NOT NULL,
	"seconds" numeric(10, 3),
	"is_rejected" boolean DEFAULT false NOT NULL,
	"made_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "pk_task_units" PRIMARY KEY("task_id","step","unit"),
	CONSTRAINT "ck_task_units_step" CHECK ("task_units"."step" in ('assets', 'composites', 'video', 'audio', 'sfx', 'assembly', 'upload')),
	CONSTRAINT "ck_task_units_bytes" CHECK ("task_units"."bytes" >= 0)
);
--> statement-breakpoint
CREATE TABLE "tasks" (
	"id" uuid DEFAULT gen_random_uuid() NOT NULL,
	"channel_id" uuid NOT NULL,
	"notion_page_id" varchar(32) NOT NULL,
	"title" varchar(255) NOT NULL,
	"topic" varchar(500) NOT NULL,
	"story_direction" text NOT NULL,
	"status" "task_status" DEFAULT 'draft' NOT NULL,
	"priority" "task_priority" DEFAULT 'normal' NOT NULL,
	"error_log" text,
	"youtube_url" varchar(255),
	"owner_id" uuid NOT NULL,
	"job_id" uuid,
	"run_no" integer DEFAULT 0 NOT NULL,
	"narration_scripts" jsonb,
	"sfx_descriptions" jsonb,
	"privacy" varchar(10),
	"step_completion_metadata" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"final_video_path" varchar(1024),
	"final_video_duration" double precision,
	"total_cost_usd" numeric(12, 4) DEFAULT '0' NOT NULL,
	"pipeline_start_time" timestamp (3) with time zone,
	"pipeline_end_time" timestamp (3) with time zone,
	"pipeline_duration_seconds" double precision,
	"pipeline_cost_usd" numeric(12, 4),
	"review_started_at" timestamp (3) with time zone,
	"review_completed_at" timestamp (3) with time zone,
	"error_step" varchar(20),
	"error_code" text,
	"cancelled_at" timestamp (3) with time zone,
	"cancel_reason" text,
	"status_since" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"notion_seen" jsonb,
	"notion_pushed_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "pk_tasks" PRIMARY KEY("id"),
	CONSTRAINT "uq_tasks_notion_page_id" UNIQUE("notion_page_id"),
	CONSTRAINT "ck_tasks_notion_page_id" CHECK ("tasks"."notion_page_id" ~ '^[0-9a-f]{32}$'),
	CONSTRAINT "ck_tasks_title" CHECK ("tasks"."title" <> ''),
	CONSTRAINT "ck_tasks_privacy" CHECK ("tasks"."privacy" in ('private', 'unlisted', 'public')),
	CONSTRAINT "ck_tasks_error_step" CHECK ("tasks"."error_step" in ('assets', 'composites', 'video', 'audio', 'sfx', 'assembly', 'upload'))
);
--> statement-breakpoint
ALTER TABLE "channels" ADD COLUMN "channel_id" varchar(50);--> statement-breakpoint
ALTER TABLE "channels" ADD COLUMN "channel_name" varchar(100);--> statement-breakpoint
ALTER TABLE "channels" ADD COLUMN "owner_id" uuid;--> statement-breakpoint
ALTER TABLE "channels" ADD COLUMN "config" jsonb;--> statement-breakpoint
ALTER TABLE "channels" ADD COLUMN "quota_pool" varchar(50);--> statement-breakpoint
ALTER TABLE "channels" ADD COLUMN "source" text;--> statement-breakpoint
ALTER TABLE "pipeline_jobs" ADD COLUMN "quota_service" text;--> statement-breakpoint
ALTER TABLE "pipeline_jobs" ADD COLUMN "quota_pool" text;--> statement-breakpoint
ALTER TABLE "pipeline_jobs" ADD COLUMN "quota_units" integer;--> statement-breakpoint
ALTER TABLE "reviews" ADD COLUMN "details" jsonb;--> statement-breakpoint
ALTER TABLE "channel_credentials" ADD CONSTRAINT "fk_channel_credentials_channel_id" FOREIGN KEY ("channel_id") REFERENCES "public"."channels"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "quota_reservations" ADD CONSTRAINT "fk_quota_reservations_job_id" FOREIGN KEY ("job_id") REFERENCES "public"."pipeline_jobs"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "task_costs" ADD CONSTRAINT "fk_task_costs_task_id" FOREIGN KEY ("task_id") REFERENCES "public"."tasks"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "task_costs" ADD CONSTRAINT "fk_task_costs_channel_id" FOREIGN KEY ("channel_id") REFERENCES "public"."channels"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "task_errors" ADD CONSTRAINT "fk_task_errors_task_id" FOREIGN KEY ("task_id") REFERENCES "public"."tasks"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "task_orders" ADD CONSTRAINT "fk_task_orders_task_id" FOREIGN KEY ("task_id") REFERENCES "public"."tasks"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "task_runs" ADD CONSTRAINT "fk_task_runs_task_id" FOREIGN KEY ("task_id") REFERENCES "public"."tasks"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "task_transitions" ADD CONSTRAINT "fk_task_transitions_task_id" FOREIGN KEY ("task_id") REFERENCES "public"."tasks"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "task_units" ADD CONSTRAINT "fk_task_units_task_id" FOREIGN KEY ("task_id") REFERENCES "public"."tasks"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "tasks" ADD CONSTRAINT "fk_tasks_channel_id" FOREIGN KEY ("channel_id") REFERENCES "public"."channels"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "tasks" ADD CONSTRAINT "fk_tasks_owner_id" FOREIGN KEY ("owner_id") REFERENCES "public"."owners"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "tasks" ADD CONSTRAINT "fk_tasks_job_id" FOREIGN KEY ("job_id") REFERENCES "public"."pipeline_jobs"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "ix_alerts_kind_subject_at" ON "alerts" USING btree ("kind","subject","at");--> statement-breakpoint
CREATE INDEX "ix_alerts_at" ON "alerts" USING btree ("at");--> statement-breakpoint
CREATE INDEX "ix_notion_events_waiting" ON "notion_events" USING btree ("id") WHERE "notion_events"."handled_at" is null;--> statement-breakpoint
CREATE INDEX "ix_permits_provider" ON "permits" USING btree ("provider");--> statement-breakpoint
CREATE INDEX "ix_quota_reservations_service_pool" ON "quota_reservations" USING btree ("service","pool");--> statement-breakpoint
CREATE INDEX "ix_task_costs_task_id" ON "task_costs" USING btree ("task_id");--> statement-breakpoint
CREATE INDEX "ix_task_costs_channel_id_at" ON "task_costs" USING btree ("channel_id","at");--> statement-breakpoint
CREATE INDEX "ix_task_errors_task_id_id" ON "task_errors" USING btree ("task_id","id");--> statement-breakpoint
CREATE INDEX "ix_task_errors_at" ON "task_errors" USING btree ("at");--> statement-breakpoint
CREATE INDEX "ix_task_transitions_task_id_id" ON "task_transitions" USING btree ("task_id","id");--> statement-breakpoint
CREATE INDEX "ix_task_transitions_at" ON "task_transitions" USING btree ("at");--> statement-breakpoint
CREATE INDEX "ix_tasks_status" ON "tasks" USING btree ("status");--> statement-breakpoint
CREATE INDEX "ix_tasks_channel_id" ON "tasks" USING btree ("channel_id");--> statement-breakpoint
CREATE INDEX "ix_tasks_created_at" ON "tasks" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "ix_tasks_channel_id_status" ON "tasks" USING btree ("channel_id","status");--> statement-breakpoint
CREATE INDEX "ix_tasks_queued" ON "tasks" USING btree ("priority","created_at") WHERE "tasks"."status" = 'queued';--> statement-breakpoint
CREATE INDEX "ix_tasks_owner_id_created_at_id" ON "tasks" USING btree ("owner_id","created_at","id");--> statement-breakpoint
CREATE INDEX "ix_tasks_job_id" ON "tasks" USING btree ("job_id");--> statement-breakpoint
ALTER TABLE "channels" ADD CONSTRAINT "fk_channels_owner_id" FOREIGN KEY ("owner_id") REFERENCES "public"."owners"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "ix_pipeline_jobs_quota" ON "pipeline_jobs" USING btree ("quota_service","quota_pool") WHERE "pipeline_jobs"."waiting_for" = 'quota' and "pipeline_jobs"."quota_service" is not null;--> statement-breakpoint
ALTER TABLE "channels" ADD CONSTRAINT "uq_channels_channel_id" UNIQUE("channel_id");--> statement-breakpoint
ALTER TABLE "channels" ADD CONSTRAINT "ck_channels_channel_id" CHECK ("channels"."channel_id" ~ '^[A-Za-z0-9_]{1,50}$');--> statement-breakpoint
ALTER TABLE "channels" ADD CONSTRAINT "ck_channels_source" CHECK ("channels"."source" in ('file', 'api'));--> statement-breakpoint
ALTER TABLE "channels" ADD CONSTRAINT "ck_channels_video" CHECK (num_nulls("channels"."channel_id", "channels"."channel_name", "channels"."owner_id", "channels"."config", "channels"."quota_pool", "channels"."source") in (0, 6));--> statement-breakpoint
ALTER TABLE "pipeline_jobs" ADD CONSTRAINT "ck_pipeline_jobs_quota" CHECK (num_nulls("pipeline_jobs"."quota_service", "pipeline_jobs"."quota_pool", "pipeline_jobs"."quota_units") in (0, 3) and coalesce("pipeline_jobs"."quota_units" > 0, true));