import { sql } from "drizzle-orm";
import { check, foreignKey, jsonb, pgTable, primaryKey, text, uuid } from "drizzle-orm/pg-core";
import { anyOf, instant } from "./column-kinds.ts";
import { pipelineJobs } from "./pipeline-jobs.ts";

export const REVIEW_DECISIONS = ["approved", "rejected"] as const;

/** What each person decided at a gate; their first decision stands, also one that came before the job did. */
export const reviews = pgTable(
  "reviews",
  {
    jobId: uuid().notNull(),
    gate: text().notNull(),
    decision: text({ enum: REVIEW_DECISIONS }).notNull(),
    decidedBy: text().notNull(),
    /** What they were when they decided. */
    roles: text().array().notNull().default(sql`'{}'`),
    comment: text(),
    /** What else the pipeline wants to know of a decision, such as the parts to be made again. */
    details: jsonb(),
    at: instant().notNull().default(sql`now()`),
  },
  (t) => [
    primaryKey({ name: "pk_reviews", columns: [t.jobId, t.gate, t.decidedBy] }),
    foreignKey({ name: "fk_reviews_job_id", columns: [t.jobId], foreignColumns: [pipelineJobs.id] }).onDelete(
      "cascade",
    ),
    check("ck_reviews_decision", sql`${t.decision} in ${anyOf(REVIEW_DECISIONS)}`),
  ],
);
