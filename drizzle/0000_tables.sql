CREATE TABLE "api_keys" (
	"id" uuid NOT NULL,
	"owner_id" uuid NOT NULL,
	"name" text NOT NULL,
	"prefix" text NOT NULL,
	"key_hash" text NOT NULL,
	"scopes" text[] DEFAULT '{}' NOT NULL,
	"is_admin" boolean DEFAULT false NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"last_used_at" timestamp (3) with time zone,
	"revoked_at" timestamp (3) with time zone,
	CONSTRAINT "pk_api_keys" PRIMARY KEY("id")
);
--> statement-breakpoint
CREATE TABLE "audit_events" (
	"id" bigint GENERATED ALWAYS AS IDENTITY (sequence name "sq_audit_events_id" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"event" text NOT NULL,
	"actor" text NOT NULL,
	"owner_id" uuid,
	"job_id" uuid,
	"content_id" uuid,
	"details" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "pk_audit_events" PRIMARY KEY("id")
);
--> statement-breakpoint
CREATE TABLE "callback_deliveries" (
	"id" uuid DEFAULT gen_random_uuid() NOT NULL,
	"job_id" uuid NOT NULL,
	"endpoint_id" uuid NOT NULL,
	"event" text NOT NULL,
	"status" text DEFAULT 'pending' NOT NULL,
	"attempts" smallint DEFAULT 0 NOT NULL,
	"next_attempt_at" timestamp (3) with time zone DEFAULT now(),
	"last_status_code" integer,
	"last_error" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"delivered_at" timestamp (3) with time zone,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "pk_callback_deliveries" PRIMARY KEY("id"),
	CONSTRAINT "ck_callback_deliveries_status" CHECK ("callback_deliveries"."status" in ('pending', 'delivered', 'exhausted')),
	CONSTRAINT "ck_callback_deliveries_delivered_at" CHECK (("callback_deliveries"."delivered_at" is not null) = ("callback_deliveries"."status" = 'delivered'))
);
--> statement-breakpoint
CREATE TABLE "callback_endpoints" (
	"id" uuid NOT NULL,
	"owner_id" uuid NOT NULL,
	"url" text NOT NULL,
	"secret" text NOT NULL,
	"is_enabled" boolean DEFAULT true NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "pk_callback_endpoints" PRIMARY KEY("id")
);
--> statement-breakpoint
CREATE TABLE "contents" (
	"id" uuid NOT NULL,
	"owner_id" uuid NOT NULL,
	"resource_key" text NOT NULL,
	"content_type" text NOT NULL,
	"title" text,
	"source_url" text,
	"file_path" text,
	"file_name" text,
	"file_size" bigint,
	"tags" text[] DEFAULT '{}' NOT NULL,
	"metadata" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"unified_result" jsonb,
	"quality_tier" text,
	"quality_score" smallint,
	"summary" text,
	"pipeline_tags" text[] DEFAULT '{}' NOT NULL,
	"processing_status" text DEFAULT 'pending' NOT NULL,
	"processed_at" timestamp (3) with time zone,
	"pipeline_version" text,
	"author" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "pk_contents" PRIMARY KEY("id"),
	CONSTRAINT "ck_contents_processing_status" CHECK ("contents"."processing_status" in ('pending', 'processing', 'completed', 'failed', 'cancelled')),
	CONSTRAINT "ck_contents_quality_tier" CHECK ("contents"."quality_tier" in ('S', 'A', 'B', 'C', 'D')),
	CONSTRAINT "ck_contents_quality_score" CHECK ("contents"."quality_score" between 1 and 100)
);
--> statement-breakpoint
CREATE TABLE "job_events" (
	"id" bigint GENERATED ALWAYS AS IDENTITY (sequence name "sq_job_events_id" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"job_id" uuid NOT NULL,
	"event" text NOT NULL,
	"from_status" text,
	"to_status" text NOT NULL,
	"stage" text,
	"fence" integer,
	"actor" text NOT NULL,
	"reason" text,
	"at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "pk_job_events" PRIMARY KEY("job_id","id"),
	CONSTRAINT "ck_job_events_to_status" CHECK ("job_events"."to_status" in ('pending', 'processing', 'completed', 'failed', 'cancelled'))
);
--> statement-breakpoint
CREATE TABLE "job_stages" (
	"job_id" uuid NOT NULL,
	"stage" text NOT NULL,
	"fence" integer NOT NULL,
	"attempt" integer NOT NULL,
	"output" jsonb NOT NULL,
	"warnings" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"started_at" timestamp (3) with time zone NOT NULL,
	"finished_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "pk_job_stages" PRIMARY KEY("job_id","stage")
);
--> statement-breakpoint
CREATE TABLE "leases" (
	"name" text NOT NULL,
	"holder" text NOT NULL,
	"epoch" bigint NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "pk_leases" PRIMARY KEY("name")
);
--> statement-breakpoint
CREATE TABLE "owners" (
	"id" uuid NOT NULL,
	"name" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "pk_owners" PRIMARY KEY("id")
);
--> statement-breakpoint
CREATE TABLE "pipeline_jobs" (
	"id" uuid NOT NULL,
	"seq" bigint GENERATED ALWAYS AS IDENTITY (sequence name "sq_pipeline_jobs_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"owner_id" uuid NOT NULL,
	"pipeline" text NOT NULL,
	"pipeline_version" text NOT NULL,
	"resource_key" text NOT NULL,
	"content_id" uuid,
	"channel_id" uuid,
	"priority" text DEFAULT 'normal' NOT NULL,
	"status" text DEFAULT 'pending' NOT NULL,
	"waiting_for" text,
	"gate" text,
	"lane" text NOT NULL,
	"stage" text NOT NULL,
	"stage_index" smallint DEFAULT 0 NOT NULL,
	"stage_count" smallint NOT NULL,
	"progress" smallint DEFAULT 0 NOT NULL,
	"dispatch_no" integer DEFAULT 0 NOT NULL,
	"dispatched_at" timestamp (3) with time zone,
	"fence" integer DEFAULT 0 NOT NULL,
	"lease_until" timestamp (3) with time zone,
	"worker" text,
	"stage_started_at" timestamp (3) with time zone,
	"stage_attempts" integer DEFAULT 0 NOT NULL,
	"crashes" integer DEFAULT 0 NOT NULL,
	"retry_count" integer DEFAULT 0 NOT NULL,
	"max_retries" integer NOT NULL,
	"next_retry_at" timestamp (3) with time zone,
	"cancel_requested_at" timestamp (3) with time zone,
	"cancel_requested_by" text,
	"cancel_reason" text,
	"error_code" text,
	"error_message" text,
	"error_stage" text,
	"data_tier" text DEFAULT 'compact' NOT NULL,
	"idempotency_key" text,
	"input" jsonb NOT NULL,
	"result" jsonb,
	"metadata" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"duplicate_count" integer DEFAULT 0 NOT NULL,
	"traceparent" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"started_at" timestamp (3) with time zone,
	"finished_at" timestamp (3) with time zone,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "pk_pipeline_jobs" PRIMARY KEY("id"),
	CONSTRAINT "ck_pipeline_jobs_status" CHECK ("pipeline_jobs"."status" in ('pending', 'processing', 'completed', 'failed', 'cancelled')),
	CONSTRAINT "ck_pipeline_jobs_priority" CHECK ("pipeline_jobs"."priority" in ('high', 'normal', 'low')),
	CONSTRAINT "ck_pipeline_jobs_lane" CHECK ("pipeline_jobs"."lane" in ('io', 'cpu', 'media')),
	CONSTRAINT "ck_pipeline_jobs_data_tier" CHECK ("pipeline_jobs"."data_tier" in ('compact', 'full')),
	CONSTRAINT "ck_pipeline_jobs_progress" CHECK ("pipeline_jobs"."progress" between 0 and 100),
	CONSTRAINT "ck_pipeline_jobs_finished_at" CHECK (("pipeline_jobs"."finished_at" is not null) = ("pipeline_jobs"."status" in ('completed', 'failed', 'cancelled'))),
	CONSTRAINT "ck_pipeline_jobs_waiting_for" CHECK (("pipeline_jobs"."waiting_for" is not null) = ("pipeline_jobs"."dispatched_at" is null and "pipeline_jobs"."status" = 'pending') and coalesce("pipeline_jobs"."waiting_for" in ('turn', 'retry', 'quota', 'review'), true)),
	CONSTRAINT "ck_pipeline_jobs_gate" CHECK (("pipeline_jobs"."gate" is not null) = ("pipeline_jobs"."waiting_for" is not distinct from 'review')),
	CONSTRAINT "ck_pipeline_jobs_next_retry_at" CHECK (("pipeline_jobs"."next_retry_at" is not null) = coalesce("pipeline_jobs"."waiting_for" in ('retry', 'quota'), false)),
	CONSTRAINT "ck_pipeline_jobs_lease_until" CHECK ("pipeline_jobs"."lease_until" is null or "pipeline_jobs"."status" = 'processing'),
	CONSTRAINT "ck_pipeline_jobs_dispatched_at" CHECK ("pipeline_jobs"."dispatched_at" is not null or "pipeline_jobs"."status" <> 'processing'),
	CONSTRAINT "ck_pipeline_jobs_error_code" CHECK ("pipeline_jobs"."error_code" is not null or "pipeline_jobs"."status" <> 'failed')
);
--> statement-breakpoint
CREATE TABLE "queue_settings" (
	"lane" text NOT NULL,
	"is_paused" boolean DEFAULT false NOT NULL,
	"window_tickets" integer DEFAULT 10000 NOT NULL,
	"has_room" boolean DEFAULT false NOT NULL,
	"measured_at" timestamp (3) with time zone,
	"concurrency" integer,
	"rate_limit" jsonb,
	CONSTRAINT "pk_queue_settings" PRIMARY KEY("lane"),
	CONSTRAINT "ck_queue_settings_lane" CHECK ("queue_settings"."lane" in ('io', 'cpu', 'media')),
	CONSTRAINT "ck_queue_settings_window_tickets" CHECK ("queue_settings"."window_tickets" > 0)
);
--> statement-breakpoint
CREATE TABLE "reviews" (
	"job_id" uuid NOT NULL,
	"gate" text NOT NULL,
	"decision" text NOT NULL,
	"decided_by" text NOT NULL,
	"comment" text,
	"at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "pk_reviews" PRIMARY KEY("job_id","gate"),
	CONSTRAINT "ck_reviews_decision" CHECK ("reviews"."decision" in ('approved', 'rejected'))
);
--> statement-breakpoint
ALTER TABLE "api_keys" ADD CONSTRAINT "fk_api_keys_owner_id" FOREIGN KEY ("owner_id") REFERENCES "public"."owners"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "callback_deliveries" ADD CONSTRAINT "fk_callback_deliveries_job_id" FOREIGN KEY ("job_id") REFERENCES "public"."pipeline_jobs"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "callback_deliveries" ADD CONSTRAINT "fk_callback_deliveries_endpoint_id" FOREIGN KEY ("endpoint_id") REFERENCES "public"."callback_endpoints"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "callback_endpoints" ADD CONSTRAINT "fk_callback_endpoints_owner_id" FOREIGN KEY ("owner_id") REFERENCES "public"."owners"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "contents" ADD CONSTRAINT "fk_contents_owner_id" FOREIGN KEY ("owner_id") REFERENCES "public"."owners"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "pipeline_jobs" ADD CONSTRAINT "fk_pipeline_jobs_owner_id" FOREIGN KEY ("owner_id") REFERENCES "public"."owners"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "pipeline_jobs" ADD CONSTRAINT "fk_pipeline_jobs_content_id" FOREIGN KEY ("content_id") REFERENCES "public"."contents"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "reviews" ADD CONSTRAINT "fk_reviews_job_id" FOREIGN KEY ("job_id") REFERENCES "public"."pipeline_jobs"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "uq_api_keys_key_hash" ON "api_keys" USING btree ("key_hash");--> statement-breakpoint
CREATE INDEX "ix_api_keys_owner_id" ON "api_keys" USING btree ("owner_id");--> statement-breakpoint
CREATE INDEX "ix_audit_events_owner_id_id" ON "audit_events" USING btree ("owner_id","id");--> statement-breakpoint
CREATE INDEX "ix_audit_events_at" ON "audit_events" USING btree ("at");--> statement-breakpoint
CREATE UNIQUE INDEX "uq_callback_deliveries_job_id_event" ON "callback_deliveries" USING btree ("job_id","event");--> statement-breakpoint
CREATE INDEX "ix_callback_deliveries_next_attempt_at" ON "callback_deliveries" USING btree ("next_attempt_at") WHERE "callback_deliveries"."status" = 'pending';--> statement-breakpoint
CREATE INDEX "ix_callback_deliveries_endpoint_id" ON "callback_deliveries" USING btree ("endpoint_id");--> statement-breakpoint
CREATE UNIQUE INDEX "uq_callback_endpoints_owner_id_enabled" ON "callback_endpoints" USING btree ("owner_id") WHERE "callback_endpoints"."is_enabled";--> statement-breakpoint
CREATE INDEX "ix_callback_endpoints_owner_id" ON "callback_endpoints" USING btree ("owner_id");--> statement-breakpoint
CREATE UNIQUE INDEX "uq_contents_owner_id_resource_key" ON "contents" USING btree ("owner_id","resource_key");--> statement-breakpoint
CREATE INDEX "ix_contents_processing_status" ON "contents" USING btree ("processing_status");--> statement-breakpoint
CREATE INDEX "ix_contents_owner_id_created_at_id" ON "contents" USING btree ("owner_id","created_at","id");--> statement-breakpoint
CREATE UNIQUE INDEX "uq_pipeline_jobs_owner_id_resource_key_active" ON "pipeline_jobs" USING btree ("owner_id","resource_key") WHERE "pipeline_jobs"."status" in ('pending', 'processing');--> statement-breakpoint
CREATE UNIQUE INDEX "uq_pipeline_jobs_owner_id_idempotency_key" ON "pipeline_jobs" USING btree ("owner_id","idempotency_key") WHERE "pipeline_jobs"."idempotency_key" is not null;--> statement-breakpoint
CREATE INDEX "ix_pipeline_jobs_backlog_turn" ON "pipeline_jobs" USING btree ("lane",(case "priority" when 'high' then 0 when 'normal' then 1 else 2 end),"seq") WHERE "pipeline_jobs"."dispatched_at" is null and "pipeline_jobs"."status" = 'pending' and "pipeline_jobs"."waiting_for" = 'turn';--> statement-breakpoint
CREATE INDEX "ix_pipeline_jobs_backlog_due" ON "pipeline_jobs" USING btree ("lane",(case "priority" when 'high' then 0 when 'normal' then 1 else 2 end),"next_retry_at") WHERE "pipeline_jobs"."dispatched_at" is null and "pipeline_jobs"."status" = 'pending' and "pipeline_jobs"."waiting_for" in ('retry', 'quota');--> statement-breakpoint
CREATE INDEX "ix_pipeline_jobs_dispatched" ON "pipeline_jobs" USING btree ("seq") WHERE "pipeline_jobs"."dispatched_at" is not null and "pipeline_jobs"."status" in ('pending', 'processing');--> statement-breakpoint
CREATE INDEX "ix_pipeline_jobs_cancel_requested_at" ON "pipeline_jobs" USING btree ("cancel_requested_at") WHERE "pipeline_jobs"."cancel_requested_at" is not null and "pipeline_jobs"."status" in ('pending', 'processing');--> statement-breakpoint
CREATE INDEX "ix_pipeline_jobs_owner_id_created_at_id" ON "pipeline_jobs" USING btree ("owner_id","created_at","id");--> statement-breakpoint
CREATE INDEX "ix_pipeline_jobs_status" ON "pipeline_jobs" USING btree ("status","owner_id","created_at","id");--> statement-breakpoint
CREATE INDEX "ix_pipeline_jobs_resource_key" ON "pipeline_jobs" USING btree ("resource_key");--> statement-breakpoint
CREATE INDEX "ix_pipeline_jobs_content_id" ON "pipeline_jobs" USING btree ("content_id","seq") WHERE "pipeline_jobs"."content_id" is not null;