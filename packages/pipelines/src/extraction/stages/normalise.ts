import { done } from "@millrace/core";
import { cutToSize } from "../cut-to-size.ts";
import type { ExtractionStage } from "../extraction-stage.ts";
import { keepJson, workKey } from "../found-blobs.ts";
import { readFound } from "../keep-found.ts";
import type { StageNeeds } from "../needs.ts";
import { envelopeForRow, wholeOf } from "../whole.ts";

/** Puts what was found into the form that every format shares (B2.3), no larger than a reader can be asked to take. */
export function normalise({ blobs }: StageNeeds): ExtractionStage<"normalise"> {
  return async ({ job, input, outputs, progress }) => {
    const found = cutToSize(await readFound(blobs, outputs.parse.found));
    progress(0.5);
    const { filename, format } = input;
    const { envelope, fields } = wholeOf(found, { filename, format, fileSize: outputs.download.bytes });
    const whole = await keepJson(blobs, workKey(job.id, "whole.json"), { ...fields, ...envelope });
    return done({ whole, envelope: envelopeForRow(envelope) });
  };
}
