import type { Json, Log, Outcome, Pipeline, StageJob } from "@millrace/core";

/** One attempt of one stage, as data: it can cross into a thread. */
export interface StageCall {
  readonly pipeline: string;
  readonly pipelineVersion: string;
  readonly stage: string;
  readonly job: StageJob;
  readonly input: Json;
  readonly outputs: Readonly<Record<string, Json>>;
}

export interface StageCallOptions {
  readonly signal: AbortSignal;
  readonly log: Log;
  progress(fraction: number): void;
}

/** Runs stage functions somewhere: in this thread, or in another one. Rejects with what the stage threw. */
export interface StageRunner {
  run(pipeline: Pipeline, call: StageCall, options: StageCallOptions): Promise<Outcome<unknown>>;
}
