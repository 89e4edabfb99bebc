import type { Lane } from "../job.ts";
import type { Json, Schema } from "../json.ts";
import type { QuotaNeed } from "../quota.ts";
import type { RetryPolicy } from "../retry-policy.ts";

/** The pure half of a stage: where it runs, for how long, how often, what it returns. */
export interface StageSpec<Output = unknown> {
  readonly lane: Lane;
  /** Limit for one attempt; then the stage's signal aborts and the attempt counts as STAGE_TIMEOUT. */
  readonly timeoutMs: number;
  readonly retry: RetryPolicy;
  /** Whether a cancel request aborts the stage's signal, or waits for the stage to finish. */
  readonly isAbortable: boolean;
  readonly output: Schema<Output>;
  /** What it takes of a day's quota, from the job's input; such a stage waits for its turn in the backlog first. */
  // biome-ignore lint/suspicious/noExplicitAny: a stage's spec does not know its pipeline's input type
  readonly quota?: (input: any) => QuotaNeed | null;
}

// biome-ignore lint/suspicious/noExplicitAny: the registry holds pipelines of every input and output type
export type AnyStages = { readonly [name: string]: StageSpec<any> };

/** The pure half of a pipeline. Stages run in the order of the object's keys. */
export interface PipelineSpec<Input = unknown, Stages extends AnyStages = AnyStages> {
  readonly name: string;
  /** Semver. A worker runs jobs of the same major version whose stage it knows. */
  readonly version: string;
  /** `direct`: the API gives a new job its ticket. `fair`: the dispatcher does, when its turn comes. */
  readonly admission: "direct" | "fair";
  readonly input: Schema<Input>;
  readonly stages: Stages;
  /** How often a job may go back to `retry` over all its stages. */
  readonly maxRetries: number;
  /** The canonical name of what a job with this input works on (one active job per owner and key). */
  resourceKey(input: Input): string;
}

export type OutputOf<S> = S extends StageSpec<infer T> ? T : never;
export type OutputsOf<Stages extends AnyStages> = { readonly [K in keyof Stages]: OutputOf<Stages[K]> };

export interface StagePlace {
  readonly name: string;
  readonly index: number;
  readonly count: number;
  readonly spec: StageSpec;
}

const placesBySpec = new WeakMap<AnyStages, ReadonlyMap<string, StagePlace>>();

/** Looked up several times a stage, so worked out once. */
function placesOf({ stages }: PipelineSpec): ReadonlyMap<string, StagePlace> {
  let places = placesBySpec.get(stages);
  if (places === undefined) {
    const entries = Object.entries(stages);
    const count = entries.length;
    places = new Map(entries.map(([name, spec], index) => [name, { name, index, count, spec }]));
    placesBySpec.set(stages, places);
  }
  return places;
}

/** The stage called `name` with its place in the order, or undefined if the pipeline has none of that name. */
export function placeOf(spec: PipelineSpec, name: string): StagePlace | undefined {
  return placesOf(spec).get(name);
}

/** The stage after `place`, or undefined after the last one. */
export function placeAfter(spec: PipelineSpec, place: StagePlace): StagePlace | undefined {
  for (const other of placesOf(spec).values()) if (other.index === place.index + 1) return other;
  return undefined;
}

/** The first stage; a pipeline without stages is a programming error. */
export function firstPlace(spec: PipelineSpec): StagePlace {
  const [first] = placesOf(spec).values();
  if (first === undefined) throw new Error(`pipeline ${spec.name} has no stages`);
  return first;
}

export type StageOutputs = Readonly<Record<string, Json>>;
