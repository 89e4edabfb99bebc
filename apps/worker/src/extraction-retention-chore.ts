import type { Blobs, Log } from "@millrace/core";
import type { ExtractionStore } from "@millrace/db";
import type { Chore } from "@millrace/engine";

const HOUR_MS = 3_600_000;

/** B-Q22, by the clock: old extractions go, with the files and results that nothing else names. */
export function extractionRetentionChore(
  extractions: Pick<ExtractionStore, "cleanUp">,
  blobs: Pick<Blobs, "delete">,
  log: Log,
): Chore {
  return {
    name: "extraction_retention",
    everyMs: HOUR_MS,
    async run(signal) {
      const { byStatus, bulks, blobKeys } = await extractions.cleanUp({ dryRun: false });
      let left = 0;
      for (const key of blobKeys) {
        if (signal.aborted) left += 1;
        else await blobs.delete(key).catch(() => (left += 1));
      }
      const went = Object.values(byStatus).reduce((sum, count) => sum + count, bulks);
      if (went === 0) return;
      log.info({ ...byStatus, bulks, blobs: blobKeys.length - left, blobs_left: left }, "old extractions removed");
    },
  };
}
