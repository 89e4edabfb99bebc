import { done, MillraceError, reject, waitUntil } from "@millrace/core";
import type { BulkInput } from "../bulk-input.ts";
import type { BulkStage } from "../extraction-stage.ts";
import { heedCancel } from "../heed-cancel.ts";
import type { BatchCounts, StageNeeds } from "../needs.ts";
import type { BulkResult } from "../outputs.ts";

/** From one look at the files to the next; each look is a claim of its own, so the fence says how many there were. */
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 5_000;
const GROWTH = 1.5;

const MAX_FAILURES = 100;

/** Waits for the files of a batch and says how it ended (B-Q18). */
export function follow({ batches }: StageNeeds): BulkStage<"follow"> {
  return async ({ job, input, progress, clock }) => {
    const bulkId = input.bulk_id ?? job.id;
    await heedCancel(batches, job.id, bulkId);
    const counts = await batches.countBulk(bulkId);
    const isAborted = !input.continue_on_error && counts.failed > 0;
    const open = counts.pending + counts.processing;
    if (isAborted && open > 0) await batches.cancelBulkFiles({ bulkId, reason: "another file of the batch failed" });
    if (open > 0) {
      progress(1 - open / input.total_files);
      const waitMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * GROWTH ** Math.max(0, job.fence - 1));
      return waitUntil(new Date(clock.now().getTime() + waitMs), `${open} files are not finished`);
    }
    const failures = await batches.listFiles({ bulkId, status: "failed", from: 0, limit: MAX_FAILURES });
    const summary = summaryOf(input, counts, failures);
    const failure = failureOf(summary, isAborted);
    return failure === undefined ? done(summary) : reject(failure);
  };
}

function summaryOf(
  { total_files }: BulkInput,
  { completed, failed }: BatchCounts,
  failures: readonly { index: number; filename: string; errorCode: string | null }[],
): BulkResult {
  return {
    total_files,
    completed,
    failed,
    cancelled: Math.max(0, total_files - completed - failed),
    partial: completed < total_files,
    failures: failures.map(({ index, filename, errorCode }) => ({ index, filename, error_code: errorCode })),
  };
}

/** A batch has failed when all its files have, or when the first failure was to end it. */
function failureOf({ total_files, completed, failed, cancelled, failures }: BulkResult, isAborted: boolean) {
  const numbers = { total_files, completed, failed, cancelled };
  const first = failures[0];
  const example = first === undefined ? "" : `, the first of them ${first.filename} (${first.error_code})`;
  if (isAborted) {
    const message = `the batch ended with the first failure: ${failed} of ${total_files} files failed${example}`;
    return new MillraceError("BATCH_ABORTED", message, { details: numbers });
  }
  if (failed < total_files) return undefined;
  return new MillraceError("BATCH_FAILED", `all ${total_files} files failed${example}`, { details: numbers });
}
