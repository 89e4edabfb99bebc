import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Blobs, type Json, type Outcome, type Pipeline, type StageJob, silentLog } from "@millrace/core";
import {
  createOutboundFetch,
  type Extraction,
  type ExtractionCall,
  openBlobs,
  openFileSource,
} from "@millrace/providers";
import { type BulkInputDraft, bulkInput } from "./bulk-input.ts";
import { type ExtractionInputDraft, extractionInput } from "./input.ts";
import type { Batches, BatchFile, BatchSubmission, ExtractionNeeds, Werk24Reader } from "./needs.ts";
import { extractionPipelines } from "./pipeline.ts";

export const OWNER = "0197a6f0-0000-7000-8000-00000000beef";
export const RUN = "0197a6f0-0000-7000-8000-00000000c0de";
const NOW = new Date("2026-03-01T12:00:00Z");

export const NOTHING: Extraction = { content: {}, metadata: {}, errors: [], warnings: [] };

/** Says of every format what the test wants it to say. */
export type Reading = (call: ExtractionCall<unknown>) => Promise<Extraction>;

/** A batch's files as the database would know them. */
export interface KnownBatch extends Batches {
  readonly files: Map<number, BatchFile>;
  readonly submissions: BatchSubmission[];
  readonly cancels: string[];
  isCancelled: boolean;
}

function knownBatch(): KnownBatch {
  const files = new Map<number, BatchFile>();
  const statusOf = (status: BatchFile["status"]) => [...files.values()].filter((file) => file.status === status).length;
  const batch: KnownBatch = {
    files,
    submissions: [],
    cancels: [],
    isCancelled: false,
    async submitFiles(submission) {
      batch.submissions.push(submission);
      for (const { index, input } of submission.files) {
        const id = input.extraction_id ?? `${submission.runId}-${index}`;
        files.set(index, { id, index, filename: input.filename, status: "pending", errorCode: null });
      }
    },
    countBulk: async () => ({
      pending: statusOf("pending"),
      processing: statusOf("processing"),
      completed: statusOf("completed"),
      failed: statusOf("failed"),
      cancelled: statusOf("cancelled"),
    }),
    listFiles: async ({ status, from, limit }) =>
      [...files.values()]
        .filter((file) => file.index >= from && (status === undefined || file.status === status))
        .sort((one, other) => one.index - other.index)
        .slice(0, limit),
    cancelBulkFiles: async ({ reason }) => batch.cancels.push(`files: ${reason}`),
    cancelJob: async ({ jobId, reason }) => batch.cancels.push(`${jobId}: ${reason}`),
    isCancelRequested: async () => batch.isCancelled,
  };
  return batch;
}

export interface ExtractionBench {
  readonly blobs: Blobs;
  readonly batch: KnownBatch;
  /** Stores a file of the owner's and returns its key. */
  keep(name: string, bytes: string | Uint8Array): Promise<string>;
  /** Runs every stage in order; rejects with what a stage threw. */
  run(draft: ExtractionInputDraft, job?: Partial<StageJob>): Promise<ExtractionRun>;
  /** Runs one stage of the last file once more, and returns its output. */
  again(stage: string, outputs: Readonly<Record<string, Json>>): Promise<unknown>;
  /** Runs one stage of a batch. */
  runBulk(stage: "expand" | "follow", draft: BulkInputDraft, job?: Partial<StageJob>): Promise<Outcome<unknown>>;
  stop(): Promise<void>;
}

export interface ExtractionRun {
  readonly outputs: Readonly<Record<string, Json>>;
  // biome-ignore lint/suspicious/noExplicitAny: results are checked field by field by the tests
  readonly result: any;
  /** Of the parse stage. */
  readonly progress: readonly number[];
}

const noWerk24: Werk24Reader = { read: () => Promise.reject(new Error("nobody asked for Werk24")) };

/** The pipelines on a real folder of blobs and the real source of files. */
export async function openBench(
  reading: Reading,
  needs: Partial<Pick<ExtractionNeeds, "werk24" | "limits">> = {},
): Promise<ExtractionBench> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-extraction-"));
  const blobs = await openBlobs(pathToFileURL(folder).href);
  const extractor = { extract: reading };
  const batch = knownBatch();
  const [files, batches] = extractionPipelines({
    blobs,
    source: openFileSource({ blobs, fetch: createOutboundFetch({ userAgent: "test", allowLoopback: true }) }),
    extractors: { pdf: extractor, dxf: extractor, ifc: extractor, step: extractor },
    werk24: noWerk24,
    batches: batch,
    ...needs,
  });
  let last: { readonly draft: ExtractionInputDraft; readonly job: Partial<StageJob> | undefined } | undefined;
  if (files === undefined || batches === undefined) throw new Error("there are two pipelines");
  return {
    blobs,
    batch,
    async keep(name, bytes) {
      const { key } = await blobs.put(`${OWNER}/uploads/${name}`, bytes);
      return key;
    },
    run: (draft, job) => {
      last = { draft, job };
      return runAll(files, draft, job);
    },
    async again(stage, outputs) {
      if (last === undefined) throw new Error("nothing has run");
      const input = extractionInput.parse(last.draft);
      const run = { input: input as unknown as Json, outputs, job: jobOf(files, input, last.job) };
      const outcome = await runStage(files, stage, run);
      return outcome.kind === "done" ? outcome.output : outcome;
    },
    async runBulk(stage, draft, job) {
      const input = bulkInput.parse(draft);
      return runStage(batches, stage, { input: input as Json, outputs: {}, job: jobOf(batches, input, job) });
    },
    stop: () => rm(folder, { recursive: true, force: true }),
  };
}

function jobOf(pipeline: Pipeline, input: unknown, job: Partial<StageJob> = {}): StageJob {
  return {
    id: RUN,
    ownerId: OWNER,
    resourceKey: pipeline.spec.resourceKey(input),
    contentId: null,
    channelId: null,
    priority: "normal",
    dataTier: "compact",
    pipelineVersion: pipeline.spec.version,
    attempt: 1,
    fence: 1,
    ...job,
  };
}

interface StageRun {
  readonly input: Json;
  readonly outputs: Readonly<Record<string, Json>>;
  readonly job: StageJob;
  readonly progress?: (fraction: number) => void;
}

async function runStage(
  pipeline: Pipeline,
  name: string,
  { progress = () => {}, ...run }: StageRun,
): Promise<Outcome<unknown>> {
  const stage = pipeline.stages[name];
  if (stage === undefined) throw new Error(`no stage ${name}`);
  const { signal } = new AbortController();
  return stage({ ...run, signal, progress, log: silentLog, clock: { now: () => NOW } });
}

async function runAll(
  pipeline: Pipeline,
  draft: ExtractionInputDraft,
  given: Partial<StageJob> = {},
): Promise<ExtractionRun> {
  const input = extractionInput.parse(draft);
  const job = jobOf(pipeline, input, given);
  const outputs: Record<string, Json> = {};
  const progress: number[] = [];
  let last: Json = null;
  for (const [name, spec] of Object.entries(pipeline.spec.stages)) {
    const outcome = await runStage(pipeline, name, {
      input: input as unknown as Json,
      outputs: structuredClone(outputs),
      job,
      progress: (fraction) => name === "parse" && progress.push(fraction),
    });
    if (outcome.kind !== "done") throw new Error(`${name} ended with ${outcome.kind}`);
    last = spec.output.parse(outcome.output) as Json;
    outputs[name] = last;
  }
  return { outputs, result: last, progress };
}
