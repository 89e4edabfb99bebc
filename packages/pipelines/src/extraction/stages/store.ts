import { done } from "@millrace/core";
import type { ExtractionStage } from "../extraction-stage.ts";
import { readJson, resultKey, workKey } from "../found-blobs.ts";
import type { StageNeeds } from "../needs.ts";
import type { ExtractionResult } from "../outputs.ts";

/** A result up to this many bytes stands in the job's row; a larger one in its blob alone. */
const MAX_INLINE_BYTES = 256 * 1024;

/** What the stages before left for each other. */
const WORK = ["source", "found.json", "whole.json"];

/**
 * Puts the result where it stays. The database copies what this returns to the extraction's row as the job completes.
 * What was left on the way goes; a run after that (its worker died before the commit) finds the result in its place.
 */
export function store({ blobs }: StageNeeds): ExtractionStage<"store"> {
  return async ({ job, input, outputs }) => {
    const { whole, envelope } = outputs.normalise;
    const result_ref = resultKey(job.ownerId, input.extraction_id ?? job.id, job.id);
    const isLeft = (await blobs.head(whole.key)) !== undefined;
    if (isLeft) await blobs.putStream(result_ref, await blobs.getStream(whole.key), { maxBytes: whole.bytes });
    const is_inline = whole.bytes <= MAX_INLINE_BYTES;
    const fields = is_inline ? await readJson(blobs, result_ref) : {};
    await Promise.allSettled(WORK.map((name) => blobs.delete(workKey(job.id, name))));
    return done({ ...(fields as Partial<ExtractionResult>), ...envelope, result_ref, is_inline });
  };
}
