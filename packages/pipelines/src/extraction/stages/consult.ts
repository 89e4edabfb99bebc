import { done } from "@millrace/core";
import type { ExtractionStage } from "../extraction-stage.ts";
import { workKey } from "../found-blobs.ts";
import { keepFound } from "../keep-found.ts";
import type { StageNeeds } from "../needs.ts";

/** Asks Werk24, which is the whole work where the format says so; nothing to do for the others. */
export function consult({ blobs, werk24, limits }: StageNeeds): ExtractionStage<"consult"> {
  return async ({ job, input, outputs, signal, progress }) => {
    if (input.format !== "werk24") return done({ found: null });
    const { key, media_type: mediaType } = outputs.download;
    const found = await werk24.read({
      bytes: await blobs.get(key, { maxBytes: limits.maxBytes }),
      fileName: input.filename,
      mediaType,
      options: input.options,
      signal,
      progress,
    });
    return done({ found: await keepFound(blobs, workKey(job.id, "found.json"), found) });
  };
}
