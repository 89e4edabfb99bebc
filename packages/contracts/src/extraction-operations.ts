import { JOB_STATUSES, type JobStatus } from "@millrace/core";
import { z } from "zod";
import { extractionFormat, extractionSummary } from "./extraction-contracts.ts";
import { jobStatus } from "./job-contracts.ts";
import { instant, nullableInstant, pageLimit } from "./parts.ts";

const dryRun = z.boolean().default(false).meta({ description: "Only count." });
const count = z.int().nonnegative();

export const cleanupRequest = z
  .strictObject({
    older_than_days: z.int().min(1).max(365).optional().meta({
      description: "In place of 30 days for completed and cancelled ones and 90 for failed ones.",
    }),
    status: z.enum(["completed", "failed", "cancelled"]).optional(),
    dry_run: dryRun,
  })
  .meta({ id: "ExtractionCleanup" });

export const cleanupReport = z
  .object({
    dry_run: z.boolean(),
    deleted: z.object({ completed: count, failed: count, cancelled: count }).meta({
      description: "Extractions that were deleted; with dry_run, that would be.",
    }),
    bulks_deleted: count.meta({ description: "Batches, which go after the last of their files." }),
    blobs_deleted: count.meta({ description: "Stored files and results that nothing names any more." }),
  })
  .meta({ id: "ExtractionCleanupReport" });

const milliseconds = z.number().nullable();

export const extractionStats = z
  .object({
    total: count,
    by_status: z.object(
      Object.fromEntries(JOB_STATUSES.map((status) => [status, count])) as Record<JobStatus, typeof count>,
    ),
    groups: z.array(
      z
        .object({
          format: extractionFormat,
          status: jobStatus,
          count,
          retries: count,
          mean_ms: milliseconds,
          median_ms: milliseconds,
          p95_ms: milliseconds,
          max_ms: milliseconds,
        })
        .meta({ description: "By format and status; times from the first start to the end." }),
    ),
  })
  .meta({ id: "ExtractionStats" });

export const stuckQuery = z.strictObject({
  timeout_minutes: z.coerce.number().int().min(5).max(1440).default(30),
  limit: pageLimit,
});

const stuckExtraction = z
  .object({
    ...extractionSummary.shape,
    reason: z.enum(["job_gone", "lease_over", "not_claimed", "running_long"]).meta({
      description:
        "job_gone: its job was deleted. lease_over: its worker died. not_claimed: nobody took its ticket. running_long: a live worker takes long.",
    }),
    stuck_since: instant,
    stage: z.string().nullable(),
    worker: z.string().nullable(),
    lease_until: nullableInstant,
  })
  .meta({ id: "StuckExtraction" });

export const stuckList = z
  .object({ timeout_minutes: z.int(), jobs: z.array(stuckExtraction) })
  .meta({ id: "StuckExtractions" });

export const recoverAnswer = z
  .object({
    id: z.uuid(),
    outcome: z.enum(["redispatched", "failed", "running", "waiting"]).meta({
      description:
        "redispatched: it has a new ticket. failed: its job was gone; it can be retried. running: a live worker has it. waiting: it gets its turn.",
    }),
  })
  .meta({ id: "RecoverAnswer" });

export const orphanRequest = z.strictObject({ dry_run: dryRun }).meta({ id: "OrphanCleanup" });

export const orphanReport = z
  .object({
    dry_run: z.boolean(),
    failed: count.meta({ description: "Unfinished for more than a day after their job was gone: failed now." }),
    cancelled: count.meta({ description: "Failed for more than 7 days without a retry left or a job: cancelled now." }),
  })
  .meta({ id: "OrphanReport" });
