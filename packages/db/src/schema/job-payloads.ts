import { sql } from "drizzle-orm";
import { foreignKey, integer, jsonb, pgTable, primaryKey, text, uuid } from "drizzle-orm/pg-core";
import { instant } from "./column-kinds.ts";
import { pipelineJobs } from "./pipeline-jobs.ts";

/** What only jobs of the full data tier keep (A-Q13): prompts, raw answers, what a stage did in detail. */
export const jobPayloads = pgTable(
  "job_payloads",
  {
    jobId: uuid().notNull(),
    stage: text().notNull(),
    fence: integer().notNull(),
    payload: jsonb().notNull(),
    createdAt: instant().notNull().default(sql`now()`),
  },
  (t) => [
    primaryKey({ name: "pk_job_payloads", columns: [t.jobId, t.stage] }),
    foreignKey({
      name: "fk_job_payloads_job_id",
      columns: [t.jobId],
      foreignColumns: [pipelineJobs.id],
    }).onDelete("cascade"),
  ],
);
