import type { Routes } from "@millrace/contracts";
import { JOB_STATUSES, type JobStatus } from "@millrace/core";
import type { StuckExtraction } from "@millrace/db";
import { actorOf, type Principal } from "../../auth/principal.ts";
import type { Endpoint } from "../../http/endpoint.ts";
import { requestProblem } from "../../http/request-problem.ts";
import type { EndpointNeeds } from "../needs.ts";
import { noSuchExtraction } from "./read-extractions.ts";
import { removeBlobs } from "./remove-blobs.ts";
import { summaryOf } from "./show-extraction.ts";

/** B-Q22: what is older than its status may be, with its files. */
export function cleanUpExtractions(needs: EndpointNeeds): Endpoint<Routes["cleanUpExtractions"]> {
  return async ({ principal, body }) => {
    const { dry_run: dryRun, older_than_days: olderThanDays, status } = body;
    const { byStatus, bulks, blobKeys } = await needs.extractions.cleanUp({ dryRun, olderThanDays, status });
    const blobs_deleted = await removeBlobs(needs, blobKeys);
    const report = { dry_run: dryRun, deleted: { ...byStatus }, bulks_deleted: bulks, blobs_deleted };
    if (!dryRun) await note(needs, principal, "audit.extraction_cleanup", { ...body, ...report });
    return { status: 200, body: report };
  };
}

export function readExtractionStats({ extractions }: EndpointNeeds): Endpoint<Routes["readExtractionStats"]> {
  return async () => {
    const { total, byStatus, groups } = await extractions.stats();
    const by_status = Object.fromEntries(JOB_STATUSES.map((status) => [status, byStatus[status] ?? 0]));
    return {
      status: 200,
      body: {
        total,
        by_status: by_status as Record<JobStatus, number>,
        groups: groups.map(({ format, status, count, retries, meanMs, medianMs, p95Ms, maxMs }) => ({
          format,
          status,
          count,
          retries,
          mean_ms: meanMs,
          median_ms: medianMs,
          p95_ms: p95Ms,
          max_ms: maxMs,
        })),
      },
    };
  };
}

export function listStuckExtractions({ extractions }: EndpointNeeds): Endpoint<Routes["listStuckExtractions"]> {
  return async ({ query }) => {
    const { timeout_minutes, limit } = query;
    const rows = await extractions.listStuck({ minutes: timeout_minutes, limit });
    return { status: 200, body: { timeout_minutes, jobs: rows.map(stuckOf) } };
  };
}

const stuckOf = (row: StuckExtraction) => ({
  ...summaryOf(row),
  reason: row.reason,
  stuck_since: row.stuckSince.toISOString(),
  stage: row.stage,
  worker: row.worker,
  lease_until: row.leaseUntil?.toISOString() ?? null,
});

export function recoverExtraction(needs: EndpointNeeds): Endpoint<Routes["recoverExtraction"]> {
  const { extractions, queue, log } = needs;
  return async ({ principal, params }) => {
    const recovered = await extractions.recoverStuck(params.id);
    if (recovered.kind === "not_found") throw noSuchExtraction();
    if (recovered.kind === "terminal") {
      throw requestProblem("CONFLICT", `The extraction is over already: ${recovered.status}.`);
    }
    if (recovered.kind === "redispatched") {
      // else the leader's next look adds it
      const { ticket } = recovered;
      await queue.add([ticket]).catch((err: unknown) => log.debug({ err, job_id: ticket.jobId }, "ticket left behind"));
    }
    await note(needs, principal, "audit.extraction_recovery", { extraction_id: params.id, outcome: recovered.kind });
    return { status: 200, body: { id: params.id, outcome: recovered.kind } };
  };
}

export function cleanUpOrphanedExtractions(needs: EndpointNeeds): Endpoint<Routes["cleanUpOrphanedExtractions"]> {
  return async ({ principal, body }) => {
    const { dry_run: dryRun } = body;
    const ended = await needs.extractions.cleanUpOrphans({ dryRun });
    const report = { dry_run: dryRun, failed: ended.failed, cancelled: ended.cancelled };
    if (!dryRun) await note(needs, principal, "audit.extraction_cleanup", report);
    return { status: 200, body: report };
  };
}

/** The change is done; failing its answer because the note about it failed would mislead. */
async function note(
  { audit, log }: EndpointNeeds,
  principal: Principal,
  event: string,
  details: Readonly<Record<string, unknown>>,
): Promise<void> {
  await audit({ event, actor: actorOf(principal), ownerId: principal.ownerId, details }).catch((err: unknown) =>
    log.error({ err, ...details }, `${event} was not audited`),
  );
}
