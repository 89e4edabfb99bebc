import type { JsonObject } from "../json.ts";

/** The end of a stage that Postgres could not be told yet. */
export interface SpooledResult {
  readonly jobId: string;
  readonly stage: string;
  /** The claim that produced it. */
  readonly fence: number;
  /** What the end means for the job, as JSON. */
  readonly settlement: JsonObject;
}

/**
 * Keeps finished results while Postgres is away, one per job and stage, so that they outlive their worker. Losing one
 * costs a run of the stage, never the job. Each call is bounded in time and rejects when the place cannot be used.
 */
export interface Spool {
  /** Resolves when the result would outlive this process; replaces an older one of the same stage. */
  put(result: SpooledResult): Promise<void>;
  find(jobId: string, stage: string): Promise<SpooledResult | undefined>;
  remove(jobId: string, stage: string): Promise<void>;
}
