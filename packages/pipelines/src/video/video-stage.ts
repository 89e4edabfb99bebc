import type { StageFunctions } from "@millrace/core";
import type { VideoInput } from "./input.ts";
import type { VideoNeeds } from "./needs.ts";
import type { VideoStages } from "./spec.ts";

/** The function of one of the stages, made from what they need. */
export type VideoStage<Name extends keyof VideoStages> = (
  needs: VideoNeeds,
) => StageFunctions<VideoInput, VideoStages>[Name];
