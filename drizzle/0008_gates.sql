CREATE TABLE "job_gates" (
	"job_id" uuid NOT NULL,
	"gate" text NOT NULL,
	"policy" jsonb NOT NULL,
	"opened_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp (3) with time zone,
	"closed_at" timestamp (3) with time zone,
	"verdict" text,
	CONSTRAINT "pk_job_gates" PRIMARY KEY("job_id","gate"),
	CONSTRAINT "ck_job_gates_verdict" CHECK ("job_gates"."verdict" in ('approved', 'rejected', 'expired')),
	CONSTRAINT "ck_job_gates_closed_at" CHECK ("job_gates"."closed_at" is not null or "job_gates"."verdict" is null)
);
--> statement-breakpoint
CREATE TABLE "review_links" (
	"id" uuid NOT NULL,
	"job_id" uuid NOT NULL,
	"gate" text NOT NULL,
	"token_hash" text NOT NULL,
	"reviewer" text NOT NULL,
	"roles" text[] DEFAULT '{}' NOT NULL,
	"created_by" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"used_at" timestamp (3) with time zone,
	CONSTRAINT "pk_review_links" PRIMARY KEY("id")
);
--> statement-breakpoint
ALTER TABLE "api_keys" ADD COLUMN "roles" text[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE "reviews" ADD COLUMN "roles" text[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE "job_gates" ADD CONSTRAINT "fk_job_gates_job_id" FOREIGN KEY ("job_id") REFERENCES "public"."pipeline_jobs"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "review_links" ADD CONSTRAINT "fk_review_links_job_id" FOREIGN KEY ("job_id") REFERENCES "public"."pipeline_jobs"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "ix_job_gates_expires_at" ON "job_gates" USING btree ("expires_at") WHERE "job_gates"."closed_at" is null;--> statement-breakpoint
CREATE UNIQUE INDEX "uq_review_links_token_hash" ON "review_links" USING btree ("token_hash");--> statement-breakpoint
CREATE INDEX "ix_review_links_job_id" ON "review_links" USING btree ("job_id");--> statement-breakpoint
ALTER TABLE "reviews" DROP CONSTRAINT "pk_reviews";
--> statement-breakpoint
ALTER TABLE "reviews" ADD CONSTRAINT "pk_reviews" PRIMARY KEY("job_id","gate","decided_by");--> statement-breakpoint
-- jobs that wait at a gate already: decided by the first person, as before
INSERT INTO "job_gates" ("job_id", "gate", "policy", "opened_at")
SELECT "id", "gate", '{"approvals":1,"roles":[],"allowsSelfApproval":true,"needsReason":false,"expiresInMs":null,"onExpiry":null}', "updated_at"
FROM "pipeline_jobs" WHERE "waiting_for" = 'review' AND "gate" IS NOT NULL;
