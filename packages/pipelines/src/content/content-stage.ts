import type { StageContext, StageFunctions } from "@millrace/core";
import type { ContentInput } from "./input.ts";
import type { ContentStages } from "./spec.ts";

/** The function of one of the content pipeline's stages. */
export type ContentStage<Name extends keyof ContentStages> = StageFunctions<ContentInput, ContentStages>[Name];
/** What each of them gets. */
export type ContentContext = Parameters<ContentStage<"resolve">>[0] & StageContext<ContentInput, unknown>;
