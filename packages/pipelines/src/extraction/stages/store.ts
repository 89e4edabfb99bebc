import { done } from "@millrace/core";
import type { ExtractionStage } from "../extraction-stage.ts";
import { readJson, resultKey } from "../found-blobs.ts";
import type { StageNeeds } from "../needs.ts";
import type { ExtractionResult } from "../outputs.ts";

/** A result up to this many bytes stands in the job's row; a larger one in its blob alone. */
const MAX_INLINE_BYTES = 256 * 1024;

/** Puts the result where it stays. The database copies what this returns to the extraction's row as the job completes. */
export function store({ blobs }: StageNeeds): ExtractionStage<"store"> {
  return async ({ job, input, outputs }) => {
    const { whole, envelope } = outputs.normalise;
    const result_ref = resultKey(job.ownerId, input.extraction_id ?? job.id, job.id);
    await blobs.putStream(result_ref, await blobs.getStream(whole.key), { maxBytes: whole.bytes });
    const is_inline = whole.bytes <= MAX_INLINE_BYTES;
    const fields = is_inline ? await readJson(blobs, whole) : {};
    return done({ ...(fields as Partial<ExtractionResult>), ...envelope, result_ref, is_inline });
  };
}
