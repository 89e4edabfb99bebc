CREATE TABLE "callback_attempts" (
	"delivery_id" uuid NOT NULL,
	"fence" integer NOT NULL,
	"attempt" smallint NOT NULL,
	"url" text NOT NULL,
	"request_headers" jsonb,
	"status_code" integer,
	"latency_ms" integer,
	"response_body" text,
	"error" text,
	"started_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"finished_at" timestamp (3) with time zone,
	CONSTRAINT "pk_callback_attempts" PRIMARY KEY("delivery_id","fence")
);
--> statement-breakpoint
DROP INDEX "ix_callback_deliveries_next_attempt_at";--> statement-breakpoint
DROP INDEX "ix_callback_deliveries_endpoint_id";--> statement-breakpoint
ALTER TABLE "callback_deliveries" ADD COLUMN "url" text;--> statement-breakpoint
ALTER TABLE "callback_deliveries" ADD COLUMN "lease_until" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "callback_deliveries" ADD COLUMN "fence" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "callback_deliveries" ADD COLUMN "interruptions" smallint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "callback_endpoints" ADD COLUMN "description" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "callback_endpoints" ADD COLUMN "previous_secret" text;--> statement-breakpoint
ALTER TABLE "callback_endpoints" ADD COLUMN "previous_secret_until" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "callback_endpoints" ADD COLUMN "payload" text DEFAULT 'summary' NOT NULL;--> statement-breakpoint
ALTER TABLE "callback_endpoints" ADD COLUMN "allows_job_urls" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "callback_endpoints" ADD COLUMN "disabled_reason" text;--> statement-breakpoint
ALTER TABLE "callback_endpoints" ADD COLUMN "disabled_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "callback_endpoints" ADD COLUMN "failures" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "callback_endpoints" ADD COLUMN "failing_since" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "callback_attempts" ADD CONSTRAINT "fk_callback_attempts_delivery_id" FOREIGN KEY ("delivery_id") REFERENCES "public"."callback_deliveries"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "ix_callback_deliveries_pending" ON "callback_deliveries" USING btree ("endpoint_id","next_attempt_at") WHERE "callback_deliveries"."status" = 'pending';--> statement-breakpoint
CREATE INDEX "ix_callback_deliveries_exhausted" ON "callback_deliveries" USING btree ("endpoint_id","created_at") WHERE "callback_deliveries"."status" = 'exhausted';--> statement-breakpoint
CREATE INDEX "ix_callback_deliveries_endpoint_id_created_at_id" ON "callback_deliveries" USING btree ("endpoint_id","created_at","id");--> statement-breakpoint
-- Rows of the time before, so that the rules below hold for them too.
UPDATE "callback_endpoints" SET "disabled_reason" = 'owner', "disabled_at" = "updated_at" WHERE NOT "is_enabled";--> statement-breakpoint
UPDATE "callback_deliveries" SET "next_attempt_at" = CASE WHEN "status" = 'pending' THEN coalesce("next_attempt_at", now()) END
  WHERE ("next_attempt_at" IS NOT NULL) <> ("status" = 'pending');--> statement-breakpoint
ALTER TABLE "callback_deliveries" ADD CONSTRAINT "ck_callback_deliveries_next_attempt_at" CHECK (("callback_deliveries"."next_attempt_at" is not null) = ("callback_deliveries"."status" = 'pending'));--> statement-breakpoint
ALTER TABLE "callback_deliveries" ADD CONSTRAINT "ck_callback_deliveries_lease_until" CHECK ("callback_deliveries"."lease_until" is null or "callback_deliveries"."status" = 'pending');--> statement-breakpoint
ALTER TABLE "callback_endpoints" ADD CONSTRAINT "ck_callback_endpoints_payload" CHECK ("callback_endpoints"."payload" in ('summary', 'full'));--> statement-breakpoint
ALTER TABLE "callback_endpoints" ADD CONSTRAINT "ck_callback_endpoints_disabled_reason" CHECK ("callback_endpoints"."is_enabled" = ("callback_endpoints"."disabled_reason" is null) and coalesce("callback_endpoints"."disabled_reason" in ('owner', 'failing', 'gone', 'deleted'), true));--> statement-breakpoint
ALTER TABLE "callback_endpoints" ADD CONSTRAINT "ck_callback_endpoints_previous_secret" CHECK (("callback_endpoints"."previous_secret" is null) = ("callback_endpoints"."previous_secret_until" is null));