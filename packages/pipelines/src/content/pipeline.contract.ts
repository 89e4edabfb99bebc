import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import {
  type Blobs,
  type Json,
  MillraceError,
  type Pipeline,
  type StageJob,
  type StageWarning,
  silentLog,
} from "@millrace/core";
import {
  createDocumentReader,
  createLocalAnalyser,
  createOutboundFetch,
  openBlobs,
  type Youtube,
} from "@millrace/providers";
import { type ContentInputDraft, contentInput } from "./input.ts";
import type { ContentNeeds } from "./needs.ts";
import type { ContentResult } from "./outputs.ts";
import { contentPipeline } from "./pipeline.ts";

export const OWNER = "0197a6f0-0000-7000-8000-00000000beef";
const NOW = new Date("2026-03-01T12:00:00Z");

/** YouTube when nobody expects it to be asked. */
export const noYoutube: Youtube = {
  transcript: () => Promise.reject(new MillraceError("URL_UNREACHABLE", "nobody there", { retry: "backoff" })),
  metadata: () => Promise.reject(new MillraceError("URL_UNREACHABLE", "nobody there", { retry: "backoff" })),
};

export interface Run {
  readonly job: StageJob;
  readonly result: ContentResult;
  readonly outputs: Readonly<Record<string, Json>>;
  readonly warnings: readonly string[];
}

export interface ContentBench {
  readonly blobs: Blobs;
  readonly needs: ContentNeeds;
  /** Runs every stage in order; rejects with what a stage threw, `stage` added. */
  run(draft: ContentInputDraft, job?: Partial<StageJob>): Promise<Run>;
  stop(): Promise<void>;
}

async function runAll(pipeline: Pipeline, draft: ContentInputDraft, given: Partial<StageJob>): Promise<Run> {
  const input = contentInput.parse(draft);
  const job: StageJob = {
    id: randomUUID(),
    ownerId: OWNER,
    resourceKey: pipeline.spec.resourceKey(input),
    contentId: input.content_id,
    channelId: null,
    priority: "normal",
    dataTier: "compact",
    pipelineVersion: pipeline.spec.version,
    attempt: 1,
    fence: 1,
    ...given,
  };
  const outputs: Record<string, Json> = {};
  const warnings: StageWarning[] = [];
  for (const [name, stage] of Object.entries(pipeline.stages)) {
    const signal = new AbortController().signal;
    const context = { job, input, outputs, signal, progress: () => {}, log: silentLog, clock: { now: () => NOW } };
    try {
      const outcome = await stage(context);
      if (outcome.kind !== "done") throw new Error(`stage ${name} answered ${outcome.kind}`);
      // what the engine does with an output: the schema, then JSON and back
      const checked = pipeline.spec.stages[name]?.output.parse(outcome.output);
      outputs[name] = JSON.parse(JSON.stringify(checked)) as Json;
      warnings.push(...outcome.warnings);
    } catch (error) {
      throw error instanceof Error ? Object.assign(error, { stage: name }) : error;
    }
  }
  const result = outputs["persist"] as unknown as ContentResult;
  return { job, result, outputs, warnings: warnings.map((warning) => warning.code) };
}

/** The content pipeline on a real folder, real readers and the local analyser; what is given replaces a part. */
export async function openContentBench(given: Partial<ContentNeeds> = {}): Promise<ContentBench> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-content-"));
  const blobs = await openBlobs(pathToFileURL(folder).href);
  const needs: ContentNeeds = {
    blobs,
    fetch: createOutboundFetch({ userAgent: "test", allowLoopback: true }),
    readers: createDocumentReader(),
    youtube: noYoutube,
    analyser: createLocalAnalyser(),
    context: { contextFor: async () => ({ tags: [], topics: [], tag_pairs: [], tiers: {}, aliases: [] }) },
    ...given,
  };
  const pipeline = contentPipeline(needs);
  return {
    blobs,
    needs,
    run: (draft, job = {}) => runAll(pipeline, draft, job),
    stop: () => rm(folder, { recursive: true, force: true }),
  };
}
