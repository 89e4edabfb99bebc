import type { ErrorCode } from "./errors.ts";
import type { Gate, GatePolicy } from "./gate.ts";
import type { JobStatus, WaitReason } from "./job.ts";
import type { Json } from "./json.ts";
import type { JobEvent } from "./lifecycle/job-lifecycle.ts";
import type { StageWarning } from "./pipeline/outcome.ts";
import type { StagePlace } from "./pipeline/pipeline-spec.ts";
import type { QuotaNeed } from "./quota.ts";

/** What a job's `error_*` columns hold; `message` is at most 500 characters (A2.5). */
export interface JobError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly stage: string;
  /** Where it was thrown, at most 16,000 characters; kept for jobs of the full data tier only. */
  readonly stack?: string;
}

export interface StageResult {
  readonly output: Json;
  readonly warnings: readonly StageWarning[];
}

/**
 * What a stage's end means for its job's row. The constructors below are the only way to make one, so a wrong mix of
 * status, ticket, lease and reason cannot be built. A requested cancel overrides `toStatus` in the statement itself.
 */
export interface Settlement {
  readonly event: JobEvent;
  readonly toStatus: JobStatus;
  readonly waitingFor: WaitReason | null;
  /** Where the job stands next; null leaves stage, index and lane as they are. */
  readonly next: StagePlace | null;
  /** What the next stage takes of a quota; says nothing where there is no next one. */
  readonly quota: QuotaNeed | null;
  /** `keep`: same claim goes on. `hand_over`: new ticket in another lane. `backlog`: no ticket, the dispatcher decides. `none`: no ticket ever again. `return`: same ticket, lease released. */
  readonly ticket: "keep" | "hand_over" | "backlog" | "none" | "return";
  /** Not before this long from now (Postgres' clock). */
  readonly delayMs: number | null;
  readonly attempts: "keep" | "reset" | "uncharge";
  readonly countsAsRetry: boolean;
  /** Present when the stage finished: becomes its `job_stages` row. */
  readonly stageResult: StageResult | null;
  /** The job's own result, on completion. */
  readonly result: Json | null;
  readonly gate: string | null;
  readonly gatePolicy: GatePolicy | null;
  readonly error: JobError | null;
  readonly reason: string | null;
}

type Named = Pick<Settlement, "event" | "toStatus" | "ticket"> & Partial<Settlement>;

/** Every field in the same order: settlements of one shape keep the code that reads thousands a second fast. */
function settlement(of: Named): Settlement {
  return {
    event: of.event,
    toStatus: of.toStatus,
    waitingFor: of.waitingFor ?? null,
    next: of.next ?? null,
    quota: of.quota ?? null,
    ticket: of.ticket,
    delayMs: of.delayMs ?? null,
    attempts: of.attempts ?? "keep",
    countsAsRetry: of.countsAsRetry ?? false,
    stageResult: of.stageResult ?? null,
    result: of.result ?? null,
    gate: of.gate ?? null,
    gatePolicy: of.gatePolicy ?? null,
    error: of.error ?? null,
    reason: of.reason ?? null,
  };
}

/** The stage finished and the next one runs in the same lane, under the same claim. */
export function advance(next: StagePlace, stageResult: StageResult): Settlement {
  return settlement({ event: "advance", toStatus: "processing", ticket: "keep", attempts: "reset", next, stageResult });
}

/** The stage finished and the next one belongs to another lane. */
export function handOver(next: StagePlace, stageResult: StageResult): Settlement {
  return settlement({
    event: "hand_over",
    toStatus: "processing",
    ticket: "hand_over",
    attempts: "reset",
    next,
    stageResult,
  });
}

/** The stage finished; the next one takes of a quota, so the dispatcher gives it its turn. */
export function waitForTurn(next: StagePlace, quota: QuotaNeed, stageResult: StageResult): Settlement {
  return settlement({
    event: "wait_for_turn",
    toStatus: "pending",
    waitingFor: "turn",
    ticket: "backlog",
    attempts: "reset",
    next,
    quota,
    stageResult,
  });
}

/** The last stage finished; its output is the job's result. */
export function complete(stageResult: StageResult): Settlement {
  return settlement({
    event: "complete",
    toStatus: "completed",
    ticket: "none",
    stageResult,
    result: stageResult.output,
  });
}

/** The next stage, with what it takes of a quota for this job. */
export interface StageAhead extends StagePlace {
  readonly quota?: QuotaNeed | null;
}

/** The stage finished; the job parks before the next one until `gate` is decided. */
export function parkForReview({ name, policy }: Gate, next: StageAhead, stageResult: StageResult): Settlement {
  return settlement({
    event: "wait_for_review",
    toStatus: "pending",
    waitingFor: "review",
    ticket: "backlog",
    attempts: "reset",
    next,
    quota: next.quota ?? null,
    stageResult,
    gate: name,
    gatePolicy: policy,
  });
}

/** The stage asked to run again later; no attempt charged. */
export function parkUntil(delayMs: number, reason: string): Settlement {
  return settlement({
    event: "wait_until",
    toStatus: "pending",
    waitingFor: "retry",
    ticket: "backlog",
    attempts: "uncharge",
    delayMs,
    reason,
  });
}

/** A provider's quota is used up; no attempt charged. */
export function parkForQuota(delayMs: number, error: JobError): Settlement {
  return settlement({
    event: "wait_for_quota",
    toStatus: "pending",
    waitingFor: "quota",
    ticket: "backlog",
    attempts: "uncharge",
    delayMs,
    reason: error.message,
  });
}

/** The attempt failed and another one is due after `delayMs`. */
export function retryLater(delayMs: number, error: JobError): Settlement {
  return settlement({
    event: "retry_later",
    toStatus: "pending",
    waitingFor: "retry",
    ticket: "backlog",
    countsAsRetry: true,
    delayMs,
    error,
  });
}

/** The job has failed for good. */
export function fail(error: JobError): Settlement {
  return settlement({ event: "fail", toStatus: "failed", ticket: "none", error });
}

/** The worker hands the stage back unfinished (shutdown, unknown stage); no attempt charged, same ticket. */
export function interrupt(reason: string): Settlement {
  return settlement({ event: "interrupt", toStatus: "processing", ticket: "return", attempts: "uncharge", reason });
}

/** A cancel was requested while this claim held the job. */
export function cancelled(stageResult: StageResult | null): Settlement {
  return settlement({ event: "cancel", toStatus: "cancelled", ticket: "none", stageResult });
}
