import type { StageFunctions } from "@millrace/core";
import type { BulkInput } from "./bulk-input.ts";
import type { ExtractionInput } from "./input.ts";
import type { BulkStages, ExtractionStages } from "./spec.ts";

/** The function of one of the stages of a file. */
export type ExtractionStage<Name extends keyof ExtractionStages> = StageFunctions<
  ExtractionInput,
  ExtractionStages
>[Name];

/** The function of one of the stages of a batch. */
export type BulkStage<Name extends keyof BulkStages> = StageFunctions<BulkInput, BulkStages>[Name];
