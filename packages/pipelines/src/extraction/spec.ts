import type { Lane, PipelineSpec, RetryPolicy, Schema, StageSpec } from "@millrace/core";
import { type BulkInput, bulkInput } from "./bulk-input.ts";
import { type ExtractionInput, extractionInput } from "./input.ts";
import {
  bulkResult,
  consultOutput,
  downloadOutput,
  expandOutput,
  extractionResult,
  normaliseOutput,
  parseOutput,
} from "./outputs.ts";
import { resourceKeyOf } from "./resource-key-of.ts";

/** B-Q13: 30 s, 2 min, 8 min and so on. How many of them there are is the job's `max_retries` (B-Q12), 10 at most. */
const EXTRACTION_RETRIES: RetryPolicy = {
  attempts: 11,
  baseMs: 30_000,
  factor: 4,
  maxMs: 3_600_000,
  jitter: 0.25,
};

/** Retries after the first try (B-Q12). */
const MAX_RETRIES = 3;

/** B-Q21; a deployment may allow up to 1,800. */
const DEFAULT_TIMEOUT_SECONDS = 300;

function stage<T>(lane: Lane, timeoutMs: number, output: Schema<T>): StageSpec<T> {
  return { lane, timeoutMs, retry: EXTRACTION_RETRIES, isAbortable: true, output };
}

function extractionStages(timeoutMs: number) {
  return {
    download: stage("io", timeoutMs, downloadOutput),
    consult: stage("io", timeoutMs, consultOutput),
    parse: stage("cpu", timeoutMs, parseOutput),
    normalise: stage("cpu", timeoutMs, normaliseOutput),
    store: stage("io", timeoutMs, extractionResult),
  };
}

export type ExtractionStages = ReturnType<typeof extractionStages>;
export type ExtractionSpec = PipelineSpec<ExtractionInput, ExtractionStages>;

/** The pure half of the extraction of one file: an API needs no more than this to accept work. */
export function extractionSpec({ timeoutSeconds = DEFAULT_TIMEOUT_SECONDS } = {}): ExtractionSpec {
  return {
    name: "extraction",
    version: "0.1.0",
    admission: "fair",
    input: extractionInput,
    stages: extractionStages(timeoutSeconds * 1_000),
    maxRetries: MAX_RETRIES,
    resourceKey: resourceKeyOf,
  };
}

const bulkStages = {
  expand: stage("io", 300_000, expandOutput),
  follow: stage("io", 60_000, bulkResult),
};

export type BulkStages = typeof bulkStages;
export type BulkSpec = PipelineSpec<BulkInput, BulkStages>;

/** A batch: hands in its files as jobs of their own and is over when they are. */
export const bulkSpec: BulkSpec = {
  name: "extraction_bulk",
  version: "0.1.0",
  admission: "fair",
  input: bulkInput,
  stages: bulkStages,
  maxRetries: MAX_RETRIES,
  resourceKey: ({ bulk_id, manifest_key }) => `bulk:${bulk_id ?? manifest_key}`,
};
