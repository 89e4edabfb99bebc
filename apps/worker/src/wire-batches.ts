import {
  type JobStore,
  type JsonObject,
  type Log,
  specRegistryOf,
  systemClock,
  type TicketQueue,
} from "@millrace/core";
import { type ExtractionStore, newId } from "@millrace/db";
import { createSubmit } from "@millrace/engine";
import { type Batches, extractionSpec } from "@millrace/pipelines";
import { batchChannelId, fileJobId } from "./file-job-id.ts";

/** Who asks, in the history of what a batch does to its files. */
const BY = "batch";

/** What a batch does with its files: in Postgres, like any caller of the API. */
export function wireBatches(needs: {
  readonly extractions: ExtractionStore;
  readonly store: JobStore;
  readonly queue: TicketQueue;
  readonly log: Log;
  /** Files of one owner's batches that may have a ticket at a time: what a single file may have to wait for. */
  readonly maxInFlight: number;
}): Batches {
  const { extractions, store } = needs;
  const specs = specRegistryOf([extractionSpec()]);
  const submit = createSubmit({ ...needs, specs, clock: systemClock, newId });
  const capped = new Set<string>();
  const channelOf = async (ownerId: string): Promise<string> => {
    const channelId = batchChannelId(ownerId);
    if (!capped.has(channelId)) await extractions.capChannel({ channelId, maxInFlight: needs.maxInFlight });
    capped.add(channelId);
    return channelId;
  };
  return {
    async submitFiles({ runId, ownerId, files, priority, dataTier, maxRetries, callbackUrl }) {
      const metadata: JsonObject = callbackUrl === null ? { callback: "none" } : { callback_url: callbackUrl };
      const channelId = await channelOf(ownerId);
      const every = {
        ownerId,
        pipeline: "extraction",
        channelId,
        priority,
        dataTier,
        metadata,
      };
      await Promise.all(
        files.map(({ index, input }) =>
          submit({ ...every, jobId: fileJobId(runId, index), input, ...(maxRetries !== null && { maxRetries }) }),
        ),
      );
    },
    countBulk: (bulkId) => extractions.countBulk(bulkId),
    async listFiles({ bulkId, status, from, limit }) {
      const rows = await extractions.listBulkFiles({ bulkId, status, limit, afterIndex: from - 1 });
      return rows.map(({ id, bulkIndex, filename, status: is, errorCode }) => ({
        id,
        index: bulkIndex ?? 0,
        filename,
        status: is,
        errorCode,
      }));
    },
    cancelBulkFiles: (cancel) => extractions.cancelBulkFiles({ ...cancel, by: BY }),
    cancelJob: (cancel) => store.cancel({ ...cancel, ownerId: null, by: BY }),
    isCancelRequested: (bulkId) => extractions.isBulkCancelRequested(bulkId),
  };
}
