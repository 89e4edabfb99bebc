import { done, MillraceError } from "@millrace/core";
import type { Extraction, ExtractionCall } from "@millrace/providers";
import type { ExtractionStage } from "../extraction-stage.ts";
import { workKey } from "../found-blobs.ts";
import type { ExtractionInput } from "../input.ts";
import { keepFound } from "../keep-found.ts";
import type { StageNeeds } from "../needs.ts";

type Call = Omit<ExtractionCall<unknown>, "options">;

function extract({ extractors }: StageNeeds, input: ExtractionInput, call: Call): Promise<Extraction> | undefined {
  switch (input.format) {
    case "pdf":
      return extractors.pdf.extract({ ...call, options: input.options });
    case "dxf":
      return extractors.dxf.extract({ ...call, options: input.options });
    case "ifc":
      return extractors.ifc.extract({ ...call, options: input.options });
    case "step":
      return extractors.step.extract({ ...call, options: input.options });
    case "werk24":
      return undefined;
  }
}

/** What writing down the findings takes of the stage, to leave something for the progress to grow into. */
const SHARE_OF_READING = 0.95;
/** An extractor may say every entity; a reader sees whole percents. */
const LEAST_STEP = 0.01;

/**
 * Reads the file. What an extractor throws that is no error of its own is told apart: running out of room is the
 * file's doing, and so, when it happens twice, is a crash (B-Q14); anything else is tried again.
 */
export function parse(needs: StageNeeds): ExtractionStage<"parse"> {
  return async ({ job, input, outputs, signal, progress }) => {
    const { blobs, limits } = needs;
    if (outputs.consult.found !== null) return done({ found: outputs.consult.found });
    const bytes = await blobs.get(outputs.download.key, { maxBytes: limits.maxBytes });
    let furthest = 0;
    const call: Call = {
      bytes,
      fileName: input.filename,
      limits,
      signal,
      progress: (share) => {
        const reached = Math.min(1, share);
        if (!(reached >= furthest + LEAST_STEP)) return;
        furthest = reached;
        progress(furthest * SHARE_OF_READING);
      },
    };
    try {
      const found = await extract(needs, input, call);
      if (found === undefined) throw new MillraceError("STAGE_OUTPUT_INVALID", "nothing was asked of Werk24");
      return done({ found: await keepFound(blobs, workKey(job.id, "found.json"), found) });
    } catch (error) {
      signal.throwIfAborted();
      throw typed(error);
    }
  };
}

function typed(error: unknown): unknown {
  if (error instanceof MillraceError || !(error instanceof Error)) return error;
  const isCrash = error.name === "RuntimeError";
  if (!isCrash && !(error instanceof RangeError)) return error;
  const code = isCrash ? "STAGE_CRASHED" : "CONTENT_TOO_COMPLEX";
  return new MillraceError(code, `reading the file broke off: ${error.message}`, { retry: "once", cause: error });
}
