import { done } from "@millrace/core";
import type { ExtractionStage } from "../extraction-stage.ts";
import { workKey } from "../found-blobs.ts";
import { heedCancel } from "../heed-cancel.ts";
import type { StageNeeds } from "../needs.ts";

/** Brings the bytes to where the next stages find them, and judges size and kind before anything is read (B-Q20). */
export function download(needs: StageNeeds): ExtractionStage<"download"> {
  return async ({ job, input, signal }) => {
    await heedCancel(needs.batches, job.id, input.bulk_id);
    const { key, bytes, sha256, mediaType } = await needs.source.bring({
      fileUrl: input.file_url,
      ownerId: job.ownerId,
      format: input.format,
      workKey: workKey(job.id, "source"),
      maxBytes: needs.limits.maxBytes,
      signal,
    });
    return done({ key, bytes, sha256, media_type: mediaType });
  };
}
