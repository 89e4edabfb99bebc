import { MillraceError, type Registry, registryOf } from "@millrace/core";
import { type Batches, type ContentRecords, loadPipelineModules, pipelines } from "@millrace/pipelines";
import {
  type Analyser,
  type AnalysisContext,
  createDocumentReader,
  createLanguageModelAnalyser,
  createLocalAnalyser,
  createOutboundFetch,
  createYoutube,
  openBlobs,
  withReadRetries,
} from "@millrace/providers";
import type { WorkerConfig } from "./config.ts";
import { wireExtraction } from "./wire-extraction.ts";
import { type VideoStores, wireVideo } from "./wire-video.ts";

export interface PipelineStores {
  /** undefined in a stage thread, which computes and asks Postgres nothing. */
  readonly contents: ({ contextFor(ownerId: string): Promise<AnalysisContext> } & ContentRecords) | undefined;
  /** undefined there, too. */
  readonly batches: Batches | undefined;
  /** undefined there, too. */
  readonly video: VideoStores | undefined;
}

const USER_AGENT = "Millrace/0.1";

const noContents = {
  contextFor: () =>
    Promise.reject(new MillraceError("CONTEXT_FETCH_ERROR", "this stage belongs in a lane without threads")),
};

/** Every pipeline this worker runs, with what its stages need. */
export async function wirePipelines(
  config: WorkerConfig,
  { contents, batches, video }: PipelineStores,
): Promise<Registry> {
  const outbound = createOutboundFetch({ userAgent: USER_AGENT, allowLoopback: config.ALLOW_LOOPBACK });
  // a stage of content is tried once (A-Q01), so what only reads is repeated here
  const fetch = withReadRetries(outbound, { tries: 3 });
  const blobs = await openBlobs(config.BLOB_URL);
  const built = pipelines({
    video: video === undefined ? undefined : wireVideo(config, { blobs, fetch: outbound, stores: video }),
    extraction: wireExtraction(config, { blobs, fetch: outbound, batches }),
    content: {
      blobs,
      fetch,
      readers: createDocumentReader(),
      youtube: createYoutube({ fetch, apiKey: config.YOUTUBE_API_KEY }),
      analyser: analyserOf(config),
      context: contents ?? noContents,
      ...(contents !== undefined && { records: contents }),
      ...(config.LLM_BASE_URL !== undefined && { provider: new URL(config.LLM_BASE_URL).host }),
    },
  });
  const own = await loadPipelineModules(config.PIPELINE_MODULES);
  return registryOf([...built.pipelines, ...own]);
}

function analyserOf(config: WorkerConfig): Analyser {
  const { ANALYSER, LLM_BASE_URL, LLM_MODEL, LLM_API_KEY, LLM_FALLBACK_MODELS, MAX_NEW_TAGS } = config;
  if (ANALYSER === "local" || LLM_BASE_URL === undefined || LLM_MODEL === undefined) {
    return createLocalAnalyser({ maxNewTags: MAX_NEW_TAGS });
  }
  return createLanguageModelAnalyser({
    baseUrl: LLM_BASE_URL,
    model: LLM_MODEL,
    maxNewTags: MAX_NEW_TAGS,
    fallbackModels: LLM_FALLBACK_MODELS,
    ...(LLM_API_KEY !== undefined && { apiKey: LLM_API_KEY }),
  });
}
