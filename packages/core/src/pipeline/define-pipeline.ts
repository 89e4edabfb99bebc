import type { Clock } from "../clock.ts";
import type { DataTier, Priority } from "../job.ts";
import type { Json } from "../json.ts";
import type { Log } from "../log.ts";
import type { Outcome } from "./outcome.ts";
import type { AnyStages, OutputOf, OutputsOf, PipelineSpec } from "./pipeline-spec.ts";

/** The job as a stage sees it. */
export interface StageJob {
  readonly id: string;
  readonly ownerId: string;
  readonly resourceKey: string;
  readonly contentId: string | null;
  readonly channelId: string | null;
  readonly priority: Priority;
  readonly dataTier: DataTier;
  readonly pipelineVersion: string;
  /** Which try of this stage this is, from 1. */
  readonly attempt: number;
  readonly fence: number;
}

/** Everything a stage gets. It returns an outcome and touches nothing else of the job. */
export interface StageContext<Input, Outputs> {
  readonly job: StageJob;
  readonly input: Input;
  /** Outputs of the stages that have finished; reading a later stage's gives undefined. */
  readonly outputs: Outputs;
  /** Aborts at the stage's time limit, when the lease is lost, at shutdown, and on cancel where the stage is abortable. */
  readonly signal: AbortSignal;
  /** How far this stage is, 0 to 1; shown to people, never decides anything. */
  progress(fraction: number): void;
  readonly log: Log;
  readonly clock: Clock;
}

export type StageFunction<Input, Outputs, Output> = (context: StageContext<Input, Outputs>) => Promise<Outcome<Output>>;

export type StageFunctions<Input, Stages extends AnyStages> = {
  readonly [K in keyof Stages]: StageFunction<Input, OutputsOf<Stages>, OutputOf<Stages[K]>>;
};

/** A pipeline that can run: its spec and a function for each stage. */
export interface Pipeline {
  readonly spec: PipelineSpec;
  readonly stages: Readonly<Record<string, StageFunction<unknown, Readonly<Record<string, Json>>, unknown>>>;
}

/** Ties each stage of a spec to the function that does it; the compiler checks inputs, outputs and that none is missing. */
export function definePipeline<Input, Stages extends AnyStages>(
  spec: PipelineSpec<Input, Stages>,
  stages: StageFunctions<Input, Stages>,
): Pipeline {
  // JavaScript moves keys made of digits to the front, whatever their place
  const numeric = Object.keys(spec.stages).find((name) => /^\d+$/.test(name));
  if (numeric !== undefined)
    throw new Error(`pipeline ${spec.name}: a stage cannot be called "${numeric}", its order would be lost`);
  return { spec: spec as unknown as PipelineSpec, stages: stages as unknown as Pipeline["stages"] };
}
