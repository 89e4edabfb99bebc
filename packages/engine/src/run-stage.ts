import {
  type ClaimedJob,
  type Clock,
  type ErrorCode,
  fail,
  interrupt,
  type Json,
  type Log,
  MillraceError,
  type Outcome,
  type Pipeline,
  type SettleInput,
  type Settlement,
  type StagePlace,
  settleError,
  settleOutcome,
} from "@millrace/core";
import type { AbortCause, HeldClaimEntry } from "./held-claims.ts";
import { lazyChild } from "./lazy-child.ts";
import type { StageRunner } from "./stage-runner.ts";

export interface RunStageNeeds {
  readonly runner: StageRunner;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}

/** The claim was lost or must be dropped: there is nothing this process may write. */
export const NOTHING_TO_WRITE = Symbol("nothing to write");

/**
 * One attempt of one stage: starts it, watches its time limit and its claim, checks its output, and says what its end
 * means for the job. Never rejects. A stage that ignores its signal is not waited for.
 */
export async function runStage(
  needs: RunStageNeeds,
  pipeline: Pipeline,
  place: StagePlace,
  entry: HeldClaimEntry,
  job: ClaimedJob,
): Promise<Settlement | typeof NOTHING_TO_WRITE> {
  const settling: SettleInput = {
    spec: pipeline.spec,
    place,
    jobInput: job.input,
    attempt: job.stageAttempts,
    retryCount: job.retryCount,
    maxRetries: job.maxRetries,
    now: needs.clock.now(),
    random: needs.random(),
  };
  const attempt = startAttempt(needs, pipeline, place, entry, job);
  try {
    const outcome = await attempt.ended;
    return settleOutcome({ ...settling, now: needs.clock.now() }, checkOutput(place, outcome));
  } catch (error) {
    const cause = attempt.abortedBy();
    if (cause === "lease_lost") return NOTHING_TO_WRITE;
    if (cause === "shutdown") return interrupt("the worker is shutting down");
    if (cause === "timeout") {
      const message = `stage ${place.name} did not finish within ${place.spec.timeoutMs} ms`;
      return settleError(settling, new MillraceError("STAGE_TIMEOUT", message, { retry: "backoff" }));
    }
    if (cause === "cancel")
      return fail({ code: "CANCELLED", message: "stopped by a cancel request", stage: place.name });
    if (error instanceof MillraceError && error.retry === "stop") return NOTHING_TO_WRITE;
    return settleError(settling, error);
  } finally {
    attempt.finish();
  }
}

const ABORT_CODES = {
  timeout: "STAGE_TIMEOUT",
  cancel: "CANCELLED",
  lease_lost: "LEASE_LOST",
  shutdown: "LEASE_LOST",
} as const satisfies Record<AbortCause, ErrorCode>;

interface Attempt {
  readonly ended: Promise<Outcome<unknown>>;
  abortedBy(): AbortCause | undefined;
  finish(): void;
}

function startAttempt(
  needs: RunStageNeeds,
  pipeline: Pipeline,
  place: StagePlace,
  entry: HeldClaimEntry,
  job: ClaimedJob,
): Attempt {
  let controller: AbortController | undefined;
  let reason: Error | undefined;
  let cause: AbortCause | undefined;
  let giveUp: (error: Error) => void = () => {};
  const abort = (why: AbortCause): void => {
    if (cause !== undefined || (why === "cancel" && !place.spec.isAbortable)) return;
    cause = why;
    reason = new MillraceError(ABORT_CODES[why], why);
    controller?.abort(reason);
    giveUp(reason);
  };
  const timer = setTimeout(abort, place.spec.timeoutMs, "timeout");
  entry.onAbort = abort;
  if (entry.isCancelRequested) abort("cancel");

  const call = {
    pipeline: pipeline.spec.name,
    pipelineVersion: pipeline.spec.version,
    stage: place.name,
    job: stageJobOf(job),
    input: job.input,
    outputs: job.outputs,
  };
  const log = lazyChild(needs.log, { job_id: job.id, stage: place.name });
  const progress = (fraction: number): void => {
    entry.progress = overallProgress(place, fraction);
  };
  const options = {
    log,
    progress,
    get signal() {
      controller ??= new AbortController();
      if (reason !== undefined) controller.abort(reason);
      return controller.signal;
    },
  };
  const ended = new Promise<Outcome<unknown>>((resolve, reject) => {
    giveUp = reject;
    if (reason !== undefined) return reject(reason);
    needs.runner.run(pipeline, call, options).then(resolve, reject);
  });
  return {
    ended,
    abortedBy: () => cause,
    finish: () => {
      clearTimeout(timer);
      entry.onAbort = undefined;
    },
  };
}

function stageJobOf(job: ClaimedJob) {
  const { id, ownerId, resourceKey, contentId, channelId, priority, dataTier, pipelineVersion, fence } = job;
  return {
    id,
    ownerId,
    resourceKey,
    contentId,
    channelId,
    priority,
    dataTier,
    pipelineVersion,
    fence,
    attempt: job.stageAttempts,
  };
}

/** Percent of the whole job, 0 to 100, when a stage is `fraction` done. */
function overallProgress(place: StagePlace, fraction: number): number {
  const within = Math.min(1, Math.max(0, Number.isFinite(fraction) ? fraction : 0));
  return Math.floor((100 * (place.index + within)) / place.count);
}

/** An output that its own schema refuses is a bug in the stage: final, and named. */
function checkOutput(place: StagePlace, outcome: Outcome<unknown>): Outcome<Json> {
  if (outcome.kind !== "done" && outcome.kind !== "wait_for_review") return outcome;
  try {
    return { ...outcome, output: place.spec.output.parse(outcome.output) as Json };
  } catch (error) {
    const message = `stage ${place.name} returned an output its schema refuses: ${error instanceof Error ? error.message : String(error)}`;
    throw new MillraceError("STAGE_OUTPUT_INVALID", message, { cause: error });
  }
}
