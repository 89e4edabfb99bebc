import type { Routes } from "@millrace/contracts";
import { isTerminal, type JobRow, type JsonObject } from "@millrace/core";
import type { ExtractionRow } from "@millrace/db";
import { type ExtractionInput, type ExtractionInputDraft, extractionInput } from "@millrace/pipelines";
import { actorOf, type Principal, visibleOwner } from "../../auth/principal.ts";
import type { Endpoint } from "../../http/endpoint.ts";
import { requestProblem } from "../../http/request-problem.ts";
import { answerOf } from "../cancel-job.ts";
import type { EndpointNeeds } from "../needs.ts";
import { traceparentOf } from "../submit-job.ts";
import { extractionIdOf } from "./accept-extraction.ts";
import { readInput } from "./draft-extraction.ts";
import { findVisible, noSuchExtraction } from "./read-extractions.ts";
import { removeBlobs } from "./remove-blobs.ts";
import { accepted } from "./show-extraction.ts";

/** B-Q17: at once while it waits, at its next boundary while it runs; one that is over is 409. */
export function cancelExtraction(needs: EndpointNeeds): Endpoint<Routes["cancelExtraction"]> {
  return async ({ principal, params, body }) => {
    const row = await findVisible(needs, params.id, principal);
    if (isTerminal(row.status) || row.jobId === null) throw isOver(row.status);
    const outcome = await needs.cancel({
      jobId: row.jobId,
      ownerId: visibleOwner(principal),
      by: actorOf(principal),
      reason: body.reason ?? null,
    });
    if (outcome.kind === "terminal") throw isOver(outcome.status);
    if (outcome.kind === "not_found") throw noSuchExtraction();
    await note(needs, principal, row, "audit.cancellation", { outcome: outcome.kind, reason: body.reason ?? null });
    return answerOf(row.jobId, outcome);
  };
}

const isOver = (status: string) => requestProblem("CONFLICT", `The extraction is over already: ${status}.`);

/** B-Q15: a new job with all its retries; the tries so far stay in the history. */
export function retryExtraction(needs: EndpointNeeds): Endpoint<Routes["retryExtraction"]> {
  return async ({ principal, params, request }) => {
    const row = await findVisible(needs, params.id, principal);
    const ownerId = checkRetryable(row);
    const before = row.jobId === null ? undefined : await needs.store.findJob(row.jobId, null);
    const input = readInput(needs, inputOf(row, before));
    const answer = await needs.submit({
      jobId: needs.newId(),
      ownerId,
      pipeline: "extraction",
      input,
      maxRetries: row.maxRetries,
      ...(before && { priority: before.priority, dataTier: before.dataTier }),
      metadata: callbackOf(before),
      submittedBy: actorOf(principal),
      traceparent: traceparentOf(request.headers["traceparent"]),
    });
    const jobId = answer.jobId ?? "";
    if (answer.kind === "active") {
      // the same retry asked for twice is one retry
      const other = extractionIdOf(await needs.store.findJob(jobId, null));
      if (other !== row.id) {
        throw requestProblem("CONFLICT", `The same is being extracted already, as ${other}.`);
      }
    } else await note(needs, principal, row, "audit.extraction_retry", { new_job_id: jobId });
    return { status: 202, body: accepted(row.id, jobId, input, row.maxRetries) };
  };
}

/** Whose job the retry will be. */
function checkRetryable(row: ExtractionRow): string {
  if (row.status !== "failed") {
    throw requestProblem("CONFLICT", `Only a failed extraction can be tried again; this one is ${row.status}.`);
  }
  if (row.bulkId !== null) {
    throw requestProblem(
      "CONFLICT",
      `It belongs to a batch, whose failed files are tried again together: POST /api/v1/extraction/bulk/${row.bulkId}/retry.`,
    );
  }
  if (row.createdById === null) throw requestProblem("CONFLICT", "Whoever it belonged to is gone.");
  return row.createdById;
}

/** What the job before worked on; once that is purged, as far as the row tells. */
function inputOf(row: ExtractionRow, before: JobRow | undefined): ExtractionInputDraft {
  const earlier = extractionInput.safeParse(before?.input);
  const links = { extraction_id: row.id, record_id: row.recordId };
  if (earlier.success) return { ...earlier.data, ...links } as ExtractionInput;
  return {
    filename: row.filename,
    file_url: row.fileUrl,
    file_size: row.fileSize,
    format: row.format,
    options: row.options,
    field_id: row.fieldId,
    attachment_id: row.attachmentId,
    cloud_file_id: row.cloudFileId,
    ...links,
  } as ExtractionInputDraft;
}

function callbackOf(before: JobRow | undefined): JsonObject {
  const url = before?.metadata["callback_url"];
  return url === undefined ? {} : { callback_url: url };
}

/** Rows that are over only (B-Q17), with the files that nothing else needs. */
export function deleteExtraction(needs: EndpointNeeds): Endpoint<Routes["deleteExtraction"]> {
  return async ({ principal, params }) => {
    const row = await findVisible(needs, params.id, principal);
    const bulk = row.bulkId === null ? undefined : await needs.extractions.findBulk(row.bulkId, null);
    // the batch counts its files until it is over
    if (bulk !== undefined && !isTerminal(bulk.status)) {
      throw requestProblem("CONFLICT", `Its batch is ${bulk.status}; wait for its end, or cancel it.`);
    }
    const outcome = await needs.extractions.deleteExtraction(row.id, visibleOwner(principal));
    if (outcome.kind === "not_found") throw noSuchExtraction();
    if (outcome.kind === "active") {
      throw requestProblem("CONFLICT", `The extraction is ${outcome.status}; cancel it first.`);
    }
    await removeBlobs(needs, outcome.blobKeys);
    await note(needs, principal, row, "audit.extraction_deleted", { blobs: outcome.blobKeys.length });
    return { status: 204, body: null };
  };
}

/** The change is done; failing its answer because the note about it failed would mislead. */
async function note(
  { audit, log }: EndpointNeeds,
  principal: Principal,
  row: ExtractionRow,
  event: string,
  details: Readonly<Record<string, unknown>>,
): Promise<void> {
  const about = { extraction_id: row.id, ...details };
  await audit({ event, actor: actorOf(principal), ownerId: row.createdById, jobId: row.jobId, details: about }).catch(
    (err: unknown) => log.error({ err, ...about }, `${event} was not audited`),
  );
}
