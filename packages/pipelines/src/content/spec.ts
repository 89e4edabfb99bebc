import { type Lane, NO_RETRY, type PipelineSpec, type Schema, type StageSpec } from "@millrace/core";
import { type ContentInput, contentInput } from "./input.ts";
import {
  analyseOutput,
  chunkOutput,
  contentResult,
  contextOutput,
  convertOutput,
  fetchOutput,
  linksOutput,
  resolveOutput,
  storeOutput,
} from "./outputs.ts";
import { resourceKeyOf } from "./resource-key-of.ts";

/** A stage that is tried once: a domain retry is an explicit reprocess, reads retry inside the stage (A-Q01). */
function stage<T>(lane: Lane, timeoutMs: number, output: Schema<T>): StageSpec<T> {
  return { lane, timeoutMs, retry: NO_RETRY, isAbortable: true, output };
}

/** Why in this order: docs/decisions/0002-content-stages.md. */
function contentStages(analyserLane: "cpu" | "io") {
  return {
    resolve: stage("io", 5_000, resolveOutput),
    fetch: stage("io", 180_000, fetchOutput),
    convert: stage("cpu", 120_000, convertOutput),
    extract_links: stage("cpu", 60_000, linksOutput),
    chunk: stage("cpu", 60_000, chunkOutput),
    store: stage("io", 60_000, storeOutput),
    context: stage("io", 30_000, contextOutput),
    analyse: stage(analyserLane, 300_000, analyseOutput),
    persist: stage("io", 30_000, contentResult),
  };
}

export type ContentStages = ReturnType<typeof contentStages>;
export type ContentSpec = PipelineSpec<ContentInput, ContentStages>;

/** The pure half of content ingest: an API needs no more than this to accept work. */
export function contentSpec({
  analyserLane,
  trackingParameters = [],
}: {
  readonly analyserLane: "cpu" | "io";
  /** Names or patterns beside the built-in ones; only where keys are made, which is where jobs are submitted (A-Q04). */
  readonly trackingParameters?: readonly string[];
}): ContentSpec {
  return {
    name: "content",
    version: "0.1.0",
    admission: "direct",
    input: contentInput,
    stages: contentStages(analyserLane),
    maxRetries: 0,
    resourceKey: resourceKeyOf(trackingParameters),
  };
}
