import { JOB_STATUSES } from "@millrace/core";
import { sql } from "drizzle-orm";
import { bigint, check, integer, pgTable, primaryKey, text, uuid } from "drizzle-orm/pg-core";
import { anyOf, instant } from "./column-kinds.ts";

/**
 * What happened to a job, append-only; each row is written by the statement that made it happen. No foreign key: that
 * statement holds the job's row, and the check would cost 5 µs an event. Rows go with their job by a trigger.
 */
export const jobEvents = pgTable(
  "job_events",
  {
    id: bigint({ mode: "number" }).notNull().generatedAlwaysAsIdentity({ name: "sq_job_events_id" }),
    jobId: uuid().notNull(),
    event: text().notNull(),
    fromStatus: text({ enum: JOB_STATUSES }),
    toStatus: text({ enum: JOB_STATUSES }).notNull(),
    stage: text(),
    fence: integer(),
    actor: text().notNull(),
    reason: text(),
    at: instant().notNull().default(sql`now()`),
  },
  (t) => [
    // the one index: events are read by job
    primaryKey({ name: "pk_job_events", columns: [t.jobId, t.id] }),
    check("ck_job_events_to_status", sql`${t.toStatus} in ${anyOf(JOB_STATUSES)}`),
  ],
);
