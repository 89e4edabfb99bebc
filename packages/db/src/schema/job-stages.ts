import { sql } from "drizzle-orm";
import { integer, jsonb, pgTable, primaryKey, text, uuid } from "drizzle-orm/pg-core";
import { instant } from "./column-kinds.ts";

/**
 * A stage's recorded result: written once, by the claim whose fence it names. Like `job_events` it has no foreign key
 * and goes with its job by a trigger.
 */
export const jobStages = pgTable(
  "job_stages",
  {
    jobId: uuid().notNull(),
    stage: text().notNull(),
    fence: integer().notNull(),
    attempt: integer().notNull(),
    output: jsonb().notNull(),
    warnings: jsonb().notNull().default([]),
    startedAt: instant().notNull(),
    finishedAt: instant().notNull().default(sql`now()`),
  },
  (t) => [primaryKey({ name: "pk_job_stages", columns: [t.jobId, t.stage] })],
);
