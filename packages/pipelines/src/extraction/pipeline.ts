import { definePipeline, MillraceError, type Pipeline } from "@millrace/core";
import { type Batches, DEFAULT_LIMITS, type ExtractionNeeds, type StageNeeds } from "./needs.ts";
import { bulkSpec, extractionSpec } from "./spec.ts";
import { consult } from "./stages/consult.ts";
import { download } from "./stages/download.ts";
import { expand } from "./stages/expand.ts";
import { follow } from "./stages/follow.ts";
import { normalise } from "./stages/normalise.ts";
import { parse } from "./stages/parse.ts";
import { store } from "./stages/store.ts";

const elsewhere = () =>
  Promise.reject(new MillraceError("STAGE_UNKNOWN", "this stage belongs in a lane without threads"));

/** Where stages only compute, nothing knows of batches. */
const NO_BATCHES: Batches = {
  submitFiles: elsewhere,
  countBulk: elsewhere,
  listFiles: elsewhere,
  cancelBulkFiles: elsewhere,
  cancelJob: elsewhere,
  isCancelRequested: elsewhere,
};

/** Extraction of CAD files and PDFs (B): a pipeline for a file, and one for a batch of them. */
export function extractionPipelines(needs: ExtractionNeeds): readonly Pipeline[] {
  const limits = { ...DEFAULT_LIMITS, ...needs.limits };
  const all: StageNeeds = { ...needs, batches: needs.batches ?? NO_BATCHES, limits };
  const { timeoutSeconds } = needs;
  return [
    definePipeline(extractionSpec(timeoutSeconds === undefined ? {} : { timeoutSeconds }), {
      download: download(all),
      consult: consult(all),
      parse: parse(all),
      normalise: normalise(all),
      store: store(all),
    }),
    definePipeline(bulkSpec, { expand: expand(all), follow: follow(all) }),
  ];
}
