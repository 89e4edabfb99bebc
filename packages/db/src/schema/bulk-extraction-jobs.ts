import { JOB_STATUSES } from "@millrace/core";
import { sql } from "drizzle-orm";
import {
  boolean,
  check,
  foreignKey,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
  uuid,
  varchar,
} from "drizzle-orm/pg-core";
import { anyOf, instant } from "./column-kinds.ts";
import { owners } from "./owners.ts";
import { pipelineJobs } from "./pipeline-jobs.ts";

/**
 * A batch of files (B-Q18); its id is that of its first parent job. Follows its newest parent job by a trigger on
 * `pipeline_jobs`. How its files stand is counted from their rows; `deleted_*` are those that retention has removed.
 */
export const bulkExtractionJobs = pgTable(
  "bulk_extraction_jobs",
  {
    id: uuid().notNull(),
    jobId: uuid(),
    createdById: uuid(),
    status: varchar({ length: 20, enum: JOB_STATUSES }).notNull().default("pending"),
    continueOnError: boolean().notNull().default(true),
    /** The blob that lists the files, a line each. */
    manifestUrl: varchar({ length: 2048 }).notNull(),
    totalFiles: integer().notNull(),
    /** What else its first job was asked. */
    options: jsonb().notNull().default({}),
    errorCode: text(),
    errorMessage: text(),
    cancelRequestedAt: instant(),
    cancelRequestedBy: text(),
    cancelReason: text(),
    deletedCompleted: integer().notNull().default(0),
    deletedFailed: integer().notNull().default(0),
    deletedCancelled: integer().notNull().default(0),
    startedAt: instant(),
    completedAt: instant(),
    createdAt: instant().notNull().default(sql`now()`),
    updatedAt: instant().notNull().default(sql`now()`),
  },
  (t) => [
    primaryKey({ name: "pk_bulk_extraction_jobs", columns: [t.id] }),
    foreignKey({
      name: "fk_bulk_extraction_jobs_job_id",
      columns: [t.jobId],
      foreignColumns: [pipelineJobs.id],
    }).onDelete("set null"),
    foreignKey({
      name: "fk_bulk_extraction_jobs_created_by_id",
      columns: [t.createdById],
      foreignColumns: [owners.id],
    }).onDelete("set null"),
    uniqueIndex("uq_bulk_extraction_jobs_job_id").on(t.jobId),
    index("ix_bulk_extraction_jobs_status").on(t.status),
    index("ix_bulk_extraction_jobs_created_by_id").on(t.createdById),
    // read backwards: newest first
    index("ix_bulk_extraction_jobs_created_by_id_created_at").on(t.createdById, t.createdAt),
    check("ck_bulk_extraction_jobs_status", sql`${t.status} in ${anyOf(JOB_STATUSES)}`),
    check("ck_bulk_extraction_jobs_total_files", sql`${t.totalFiles} >= 0`),
  ],
);
