import { JOB_STATUSES } from "@millrace/core";
import { sql } from "drizzle-orm";
import {
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
import { bulkExtractionJobs } from "./bulk-extraction-jobs.ts";
import { anyOf, instant } from "./column-kinds.ts";
import { owners } from "./owners.ts";
import { pipelineJobs } from "./pipeline-jobs.ts";
import { records } from "./records.ts";

/** What can be extracted (B-S05, B-S24). */
export const EXTRACTION_FORMATS = ["pdf", "dxf", "ifc", "step", "werk24"] as const;

/**
 * One file to be extracted (B-S01, B-S04); its id is that of its first job. Made from a job's input and following its
 * newest job (`job_id`) by a trigger on `pipeline_jobs`: nothing else writes its status, result, error, retry and times.
 */
export const extractionJobs = pgTable(
  "extraction_jobs",
  {
    id: uuid().notNull(),
    /** The newest job; null once that was purged. */
    jobId: uuid(),
    filename: varchar({ length: 512 }).notNull(),
    /** An http(s) URL, or the key of a blob. */
    fileUrl: varchar({ length: 2048 }).notNull(),
    /** Bytes; 0 while nobody has looked. */
    fileSize: integer().notNull(),
    format: varchar({ length: 20, enum: EXTRACTION_FORMATS }).notNull(),
    status: varchar({ length: 20, enum: JOB_STATUSES }).notNull().default("pending"),
    options: jsonb().notNull().default({}),
    result: jsonb(),
    errorCode: text(),
    errorMessage: text(),
    /** Of jobs of the full data tier only. */
    errorStackTrace: text(),
    retryCount: integer().notNull().default(0),
    maxRetries: integer().notNull().default(3),
    nextRetryAt: instant(),
    createdById: uuid(),
    recordId: uuid(),
    fieldId: varchar({ length: 255 }),
    attachmentId: varchar({ length: 255 }),
    /** Opaque: of another program's files (B-S02, B-Q06). */
    cloudFileId: integer(),
    bulkId: uuid(),
    /** Place in its batch, from 0. */
    bulkIndex: integer(),
    startedAt: instant(),
    completedAt: instant(),
    createdAt: instant().notNull().default(sql`now()`),
    updatedAt: instant().notNull().default(sql`now()`),
  },
  (t) => {
    const isOfBulk = sql`${t.bulkId} is not null`;
    return [
      primaryKey({ name: "pk_extraction_jobs", columns: [t.id] }),
      foreignKey({
        name: "fk_extraction_jobs_job_id",
        columns: [t.jobId],
        foreignColumns: [pipelineJobs.id],
      }).onDelete("set null"),
      foreignKey({
        name: "fk_extraction_jobs_created_by_id",
        columns: [t.createdById],
        foreignColumns: [owners.id],
      }).onDelete("set null"),
      foreignKey({
        name: "fk_extraction_jobs_record_id",
        columns: [t.recordId],
        foreignColumns: [records.id],
      }).onDelete("set null"),
      foreignKey({
        name: "fk_extraction_jobs_bulk_id",
        columns: [t.bulkId],
        foreignColumns: [bulkExtractionJobs.id],
      }).onDelete("set null"),

      uniqueIndex("uq_extraction_jobs_job_id").on(t.jobId),
      // B-Q08
      index("ix_extraction_jobs_status").on(t.status),
      index("ix_extraction_jobs_status_next_retry_at").on(t.status, t.nextRetryAt),
      index("ix_extraction_jobs_file_url").on(t.fileUrl),
      index("ix_extraction_jobs_record_id").on(t.recordId),
      index("ix_extraction_jobs_record_id_attachment_id").on(t.recordId, t.attachmentId),
      index("ix_extraction_jobs_cloud_file_id").on(t.cloudFileId),
      index("ix_extraction_jobs_created_by_id").on(t.createdById),
      index("ix_extraction_jobs_created_by_id_created_at").on(t.createdById, t.createdAt),
      index("ix_extraction_jobs_format_status").on(t.format, t.status),
      // B-S20
      index("ix_extraction_jobs_attachment_id").on(t.attachmentId),
      index("ix_extraction_jobs_next_retry_at").on(t.nextRetryAt),
      index("ix_extraction_jobs_bulk_id_bulk_index").on(t.bulkId, t.bulkIndex).where(isOfBulk),
      // how a batch stands is counted in the index alone
      index("ix_extraction_jobs_bulk_id_status_bulk_index").on(t.bulkId, t.status, t.bulkIndex).where(isOfBulk),

      check("ck_extraction_jobs_status", sql`${t.status} in ${anyOf(JOB_STATUSES)}`),
      check("ck_extraction_jobs_format", sql`${t.format} in ${anyOf(EXTRACTION_FORMATS)}`),
      check("ck_extraction_jobs_file_size", sql`${t.fileSize} >= 0`),
    ];
  },
);
