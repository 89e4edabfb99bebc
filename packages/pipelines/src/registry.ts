import { type Registry, registryOf, type SpecRegistry, specRegistryOf } from "@millrace/core";
import type { ContentNeeds } from "./content/needs.ts";
import { contentPipeline } from "./content/pipeline.ts";
import { contentSpec } from "./content/spec.ts";
import type { ExtractionNeeds } from "./extraction/needs.ts";
import { extractionPipelines } from "./extraction/pipeline.ts";
import { bulkSpec, extractionSpec } from "./extraction/spec.ts";
import type { VideoNeeds } from "./video/needs.ts";
import { videoPipeline } from "./video/pipeline.ts";
import { type VideoSpecSettings, videoSpec } from "./video/spec.ts";

/** Every workload's spec: what an API accepts. */
export function pipelineSpecs(settings: {
  readonly content: Parameters<typeof contentSpec>[0];
  /** All local unless said. */
  readonly video?: VideoSpecSettings;
}): SpecRegistry {
  return specRegistryOf([contentSpec(settings.content), extractionSpec(), bulkSpec, videoSpec(settings.video)]);
}

/** Every workload with its stages: what a worker runs. */
export function pipelines(needs: {
  readonly content: ContentNeeds;
  readonly extraction: ExtractionNeeds;
  /** Left out where stages only compute. */
  readonly video?: { readonly needs: VideoNeeds; readonly settings: VideoSpecSettings } | undefined;
}): Registry {
  const { content, extraction, video } = needs;
  return registryOf([
    contentPipeline(content),
    ...extractionPipelines(extraction),
    ...(video === undefined ? [] : [videoPipeline(video.needs, video.settings)]),
  ]);
}
