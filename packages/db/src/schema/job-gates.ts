import { sql } from "drizzle-orm";
import { check, foreignKey, index, jsonb, pgTable, primaryKey, text, uuid } from "drizzle-orm/pg-core";
import { anyOf, instant } from "./column-kinds.ts";
import { pipelineJobs } from "./pipeline-jobs.ts";

/** A gate that a job has arrived at: who decides there, until when, and how it closed. */
export const jobGates = pgTable(
  "job_gates",
  {
    jobId: uuid().notNull(),
    gate: text().notNull(),
    /** core's GatePolicy. */
    policy: jsonb().notNull(),
    openedAt: instant().notNull().default(sql`now()`),
    expiresAt: instant(),
    closedAt: instant(),
    /** Null while it is open, and where the job ended otherwise. */
    verdict: text({ enum: ["approved", "rejected", "expired"] }),
  },
  (t) => [
    primaryKey({ name: "pk_job_gates", columns: [t.jobId, t.gate] }),
    foreignKey({ name: "fk_job_gates_job_id", columns: [t.jobId], foreignColumns: [pipelineJobs.id] }).onDelete(
      "cascade",
    ),
    index("ix_job_gates_expires_at").on(t.expiresAt).where(sql`${t.closedAt} is null`),
    check("ck_job_gates_verdict", sql`${t.verdict} in ${anyOf(["approved", "rejected", "expired"])}`),
    check("ck_job_gates_closed_at", sql`${t.closedAt} is not null or ${t.verdict} is null`),
  ],
);
