import {
  type ClaimedJob,
  type JsonObject,
  type Log,
  type PipelineSpec,
  placeOf,
  type Settlement,
  type Spool,
  type SpooledResult,
} from "@millrace/core";

/** The ends of stages that Postgres could not be told yet, kept where they outlive this worker. */
export interface ResultSpool {
  /** Whether some place has it now. */
  keep(job: ClaimedJob, settlement: Settlement): Promise<boolean>;
  /** How this stage ended under an earlier claim whose worker was lost before it could be written. */
  recall(job: ClaimedJob, spec: PipelineSpec): Promise<Settlement | undefined>;
  forget(job: Pick<ClaimedJob, "id" | "stage">): Promise<void>;
}

/** `places` in the order they are tried: the first that takes a result keeps it, any of them may have it. */
export function createResultSpool({
  places,
  log,
}: {
  readonly places: readonly Spool[];
  readonly log: Log;
}): ResultSpool {
  return {
    async keep(job, settlement) {
      const result = { jobId: job.id, stage: job.stage, fence: job.fence, settlement: toJson(settlement) };
      const fields = { job_id: job.id, stage: job.stage, fence: job.fence };
      for (const place of places) {
        try {
          await place.put(result);
          log.info(fields, "result spooled until Postgres is back");
          return true;
        } catch (error) {
          log.warn({ ...fields, err: error }, "result not spooled here");
        }
      }
      return false;
    },

    async recall(job, spec) {
      // without a lost claim at this stage all of them were settled, and what they spooled is of no use any more. The lost
      // one need not be the last: a claim after it may have been handed back before the result was there to be found
      if (!hasLostClaim(job)) return undefined;
      for (const place of places) {
        try {
          const result = await place.find(job.id, job.stage);
          const settlement = result && isUnwritten(result, job) ? fromJson(result.settlement, spec) : undefined;
          if (settlement !== undefined) return settlement;
        } catch (error) {
          log.warn({ err: error, job_id: job.id, stage: job.stage }, "spool not readable; the stage may run again");
        }
      }
      return undefined;
    },

    async forget({ id, stage }) {
      await Promise.allSettled(places.map((place) => place.remove(id, stage)));
    },
  };
}

/** A worker was lost at this stage: right before this claim, or before one that was given back. */
export function hasLostClaim({ isRecovered, crashes }: ClaimedJob): boolean {
  return isRecovered || crashes > 0;
}

/**
 * Where the claim right before this one was lost unsettled, whatever it spooled is unwritten. An older one's result is, too,
 * if it was to move the job on: the job still stands at this stage. An older failure may have been written long ago.
 */
function isUnwritten({ fence, settlement }: SpooledResult, job: ClaimedJob): boolean {
  const isOfLostClaim = job.isRecovered && fence === job.fence - 1;
  return isOfLostClaim || (fence < job.fence && settlement["stageResult"] !== null);
}

function toJson(settlement: Settlement): JsonObject {
  return { ...settlement, next: settlement.next?.name ?? null } as unknown as JsonObject;
}

/** Undefined when it names a stage this pipeline does not have. */
function fromJson(json: JsonObject, spec: PipelineSpec): Settlement | undefined {
  const name = json["next"];
  const next = typeof name === "string" ? placeOf(spec, name) : null;
  return next === undefined ? undefined : ({ ...json, next } as unknown as Settlement);
}
