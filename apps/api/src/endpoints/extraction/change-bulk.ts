import type { Routes } from "@millrace/contracts";
import { isTerminal } from "@millrace/core";
import type { BulkRow } from "@millrace/db";
import type { BulkInput, BulkInputDraft } from "@millrace/pipelines";
import { actorOf, type Principal, visibleOwner } from "../../auth/principal.ts";
import type { Endpoint } from "../../http/endpoint.ts";
import { requestProblem } from "../../http/request-problem.ts";
import type { EndpointNeeds } from "../needs.ts";
import { traceparentOf } from "../submit-job.ts";
import { findVisibleBulk } from "./read-bulks.ts";

/** What waits is cancelled now, what runs at its next boundary; what is over stays as it is. */
export function cancelBulk(needs: EndpointNeeds): Endpoint<Routes["cancelBulk"]> {
  return async ({ principal, params, body }) => {
    const bulk = await findVisibleBulk(needs, params.id, principal);
    const reason = body.reason ?? null;
    const outcome = await needs.extractions.requestBulkCancel({
      bulkId: bulk.id,
      ownerId: visibleOwner(principal),
      by: actorOf(principal),
      reason,
    });
    if (outcome !== "requested") throw requestProblem("CONFLICT", `The batch is over already: ${bulk.status}.`);
    await note(needs, principal, bulk, "audit.cancellation", { reason });
    return {
      status: 202,
      body: {
        id: bulk.id,
        bulk_job_id: bulk.id,
        cancel_requested: true,
        message: "Files that wait are cancelled; those that run end at their next boundary between stages.",
      },
    };
  };
}

/** B2.4: only what failed, from where it is stored; may be asked for again and again. */
export function retryBulk(needs: EndpointNeeds): Endpoint<Routes["retryBulk"]> {
  return async ({ principal, params, request }) => {
    const bulk = await findVisibleBulk(needs, params.id, principal);
    if (!isTerminal(bulk.status)) throw requestProblem("CONFLICT", `The batch is not over yet: ${bulk.status}.`);
    if (bulk.filesFailed === 0) throw requestProblem("CONFLICT", "No file of the batch failed.");
    if (bulk.createdById === null) throw requestProblem("CONFLICT", "Whoever it belonged to is gone.");
    const before = bulk.jobId === null ? undefined : await needs.store.findJob(bulk.jobId, null);
    const url = before?.metadata["callback_url"];
    const answer = await needs.submit({
      jobId: needs.newId(),
      ownerId: bulk.createdById,
      pipeline: "extraction_bulk",
      input: inputOf(bulk, before?.input ?? bulk.options),
      ...(before && { priority: before.priority }),
      metadata: url === undefined ? {} : { callback_url: url },
      submittedBy: actorOf(principal),
      traceparent: traceparentOf(request.headers["traceparent"]),
    });
    const job_id = answer.jobId ?? "";
    await note(needs, principal, bulk, "audit.extraction_retry", { new_job_id: job_id, outcome: answer.kind });
    const about = { id: bulk.id, bulk_job_id: bulk.id, job_id };
    // where the first failure ended the batch, what it kept from being extracted is tried too
    const files_retried = bulk.continueOnError ? bulk.filesFailed : bulk.totalFiles - bulk.filesCompleted;
    return { status: 202, body: { ...about, status: answer.status ?? "pending", files_retried } };
  };
}

/** How its files are worked on the run before knows; once that is purged, the row does. */
function inputOf(bulk: BulkRow, before: unknown): BulkInputDraft {
  const { file_callback_url, file_max_retries, file_priority, file_data_tier } = before as Partial<BulkInput>;
  return {
    file_callback_url,
    file_max_retries,
    file_priority,
    file_data_tier,
    bulk_id: bulk.id,
    manifest_key: bulk.manifestUrl,
    total_files: bulk.totalFiles,
    continue_on_error: bulk.continueOnError,
    retry_of_failed: true,
  };
}

async function note(
  { audit, log }: EndpointNeeds,
  principal: Principal,
  bulk: BulkRow,
  event: string,
  details: Readonly<Record<string, unknown>>,
): Promise<void> {
  const about = { bulk_id: bulk.id, ...details };
  await audit({ event, actor: actorOf(principal), ownerId: bulk.createdById, jobId: bulk.jobId, details: about }).catch(
    (err: unknown) => log.error({ err, ...about }, `${event} was not audited`),
  );
}
