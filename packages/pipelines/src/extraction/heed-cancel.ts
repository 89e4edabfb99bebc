import { MillraceError } from "@millrace/core";
import type { Batches } from "./needs.ts";

/**
 * Ends a job whose batch was asked to be cancelled. What is asked for here is granted when the stage ends, whatever it
 * ends with; so a cancel that was begun and not finished still reaches all, and so does one of the parent job alone.
 */
export async function heedCancel(batches: Batches, jobId: string, bulkId: string | null): Promise<void> {
  if (bulkId === null || !(await batches.isCancelRequested(bulkId))) return;
  const reason = "its batch was cancelled";
  await batches.cancelBulkFiles({ bulkId, reason });
  await batches.cancelJob({ jobId, reason });
  throw new MillraceError("CANCELLED", reason);
}
