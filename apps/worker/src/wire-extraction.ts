import type { Blobs } from "@millrace/core";
import type { Batches, ExtractionNeeds } from "@millrace/pipelines";
import {
  createDxfExtractor,
  createIfcExtractor,
  createPdfExtractor,
  createStepExtractor,
  createWerk24Reader,
  type OutboundFetch,
  openFileSource,
} from "@millrace/providers";
import type { WorkerConfig } from "./config.ts";

const WERK24_HASTE_MS = 10_000;

/** What extraction needs. `fetch` does not repeat anything: a file that cannot be had now is a retry of its job. */
export function wireExtraction(
  config: WorkerConfig,
  { blobs, fetch, batches }: { blobs: Blobs; fetch: OutboundFetch; batches: Batches | undefined },
): ExtractionNeeds {
  const timeoutMs = config.EXTRACTION_TIMEOUT_SECONDS * 1_000;
  return {
    blobs,
    source: openFileSource({ blobs, fetch, timeoutMs }),
    extractors: {
      pdf: createPdfExtractor(),
      dxf: createDxfExtractor(),
      ifc: createIfcExtractor(),
      step: createStepExtractor(),
    },
    werk24: createWerk24Reader({
      fetch,
      apiKey: config.WERK24_API_KEY,
      // so that it can say what it waited for before its stage is over
      timeoutMs: Math.max(timeoutMs / 2, timeoutMs - WERK24_HASTE_MS),
      maxPages: config.EXTRACTION_MAX_PAGES,
      ...(config.WERK24_BASE_URL !== undefined && { baseUrl: config.WERK24_BASE_URL }),
    }),
    limits: {
      maxBytes: config.EXTRACTION_MAX_BYTES,
      maxPages: config.EXTRACTION_MAX_PAGES,
      maxElements: config.EXTRACTION_MAX_ELEMENTS,
      maxParts: config.EXTRACTION_MAX_PARTS,
    },
    timeoutSeconds: config.EXTRACTION_TIMEOUT_SECONDS,
    ...(batches !== undefined && { batches }),
  };
}
