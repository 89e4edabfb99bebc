import { sql } from "drizzle-orm";
import { check, foreignKey, integer, pgTable, primaryKey, text, uuid, varchar } from "drizzle-orm/pg-core";
import { anyOf, instant } from "./column-kinds.ts";
import { extractionJobs } from "./extraction-jobs.ts";

/** How a try ended. */
export const ATTEMPT_OUTCOMES = ["completed", "failed", "cancelled", "retry"] as const;

/** Every try of a file, those of earlier jobs included (B-Q15): a manual retry starts the count anew, not the history. */
export const extractionAttempts = pgTable(
  "extraction_attempts",
  {
    extractionId: uuid().notNull(),
    /** Whose try it was; that job may be purged by now. */
    jobId: uuid().notNull(),
    /** From 1, in each job. */
    attempt: integer().notNull(),
    outcome: varchar({ length: 20, enum: ATTEMPT_OUTCOMES }).notNull(),
    errorCode: text(),
    errorMessage: text(),
    stage: text(),
    nextRetryAt: instant(),
    endedAt: instant().notNull().default(sql`now()`),
  },
  (t) => [
    primaryKey({ name: "pk_extraction_attempts", columns: [t.extractionId, t.jobId, t.attempt] }),
    foreignKey({
      name: "fk_extraction_attempts_extraction_id",
      columns: [t.extractionId],
      foreignColumns: [extractionJobs.id],
    }).onDelete("cascade"),
    check("ck_extraction_attempts_outcome", sql`${t.outcome} in ${anyOf(ATTEMPT_OUTCOMES)}`),
  ],
);
