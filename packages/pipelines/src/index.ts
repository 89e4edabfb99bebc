export { CONTENT_TYPES, type ContentInput, type ContentInputDraft, type ContentType, contentInput } from "./content/input.ts";
export type { ContentLimits, ContentNeeds, ContentRecords } from "./content/needs.ts";
export { type ContentResult, contentResult } from "./content/outputs.ts";
export { contentPipeline } from "./content/pipeline.ts";
export { type ContentSpec, contentSpec } from "./content/spec.ts";
export { loadPipelineModules } from "./load-pipeline-modules.ts";
export { pipelineSpecs, pipelines } from "./registry.ts";
