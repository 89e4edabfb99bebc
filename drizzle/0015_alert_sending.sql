ALTER TABLE "alerts" ADD COLUMN "fact" varchar(300) NOT NULL;--> statement-breakpoint
ALTER TABLE "alerts" ADD COLUMN "every_ms" integer NOT NULL;--> statement-breakpoint
ALTER TABLE "alerts" ADD COLUMN "next_try_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "alerts" ADD COLUMN "tries" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX "ix_alerts_next_try_at" ON "alerts" USING btree ("next_try_at") WHERE "alerts"."next_try_at" is not null;--> statement-breakpoint
ALTER TABLE "alerts" ADD CONSTRAINT "uq_alerts_fact" UNIQUE("fact");