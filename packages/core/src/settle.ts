import { MillraceError } from "./errors.ts";
import type { Json } from "./json.ts";
import type { Outcome } from "./pipeline/outcome.ts";
import { type PipelineSpec, placeAfter, type StagePlace } from "./pipeline/pipeline-spec.ts";
import type { QuotaNeed } from "./quota.ts";
import { delayBeforeAttempt } from "./retry-policy.ts";
import {
  advance,
  complete,
  fail,
  handOver,
  type JobError,
  parkForQuota,
  parkForReview,
  parkUntil,
  retryLater,
  type Settlement,
  waitForTurn,
} from "./settlement.ts";

/** `error_message` holds at most this many characters (A2.5). */
const MAX_ERROR_MESSAGE = 500;
const MAX_STACK = 16_000;

/** How long a job waits for quota when nobody said when it is back. */
const DEFAULT_QUOTA_WAIT_MS = 60_000;

export interface SettleInput {
  readonly spec: PipelineSpec;
  readonly place: StagePlace;
  /** The job's own input: what the next stage takes of a quota may depend on it. */
  readonly jobInput: Json;
  /** Which try of the stage this was, from 1. */
  readonly attempt: number;
  /** Retries of the whole job so far. */
  readonly retryCount: number;
  readonly maxRetries: number;
  readonly now: Date;
  /** In [0, 1), for jitter. */
  readonly random: number;
}

/** What a stage's returned outcome means for the job. */
export function settleOutcome(input: SettleInput, outcome: Outcome<Json>): Settlement {
  switch (outcome.kind) {
    case "done": {
      const next = placeAfter(input.spec, input.place);
      const stageResult = { output: outcome.output, warnings: outcome.warnings };
      if (next === undefined) return complete(stageResult);
      const quota = quotaOf(input, next);
      if (quota !== null) return waitForTurn(next, quota, stageResult);
      return next.spec.lane === input.place.spec.lane ? advance(next, stageResult) : handOver(next, stageResult);
    }
    case "wait_for_review": {
      const next = placeAfter(input.spec, input.place);
      const stageResult = { output: outcome.output, warnings: outcome.warnings };
      if (next === undefined) return complete(stageResult);
      return parkForReview(outcome.gate, { ...next, quota: quotaOf(input, next) }, stageResult);
    }
    case "wait_until":
      return parkUntil(Math.max(0, outcome.at.getTime() - input.now.getTime()), outcome.reason);
    case "reject":
      return fail(jobErrorOf(outcome.error, input.place.name));
  }
}

function quotaOf({ jobInput }: SettleInput, { spec }: StagePlace): QuotaNeed | null {
  return spec.quota?.(jobInput) ?? null;
}

/** What a stage's thrown error means for the job; unknown errors are retried (B2.1). */
export function settleError(input: SettleInput, error: unknown): Settlement {
  const jobError = jobErrorOf(error, input.place.name);
  const advice = error instanceof MillraceError ? error.retry : "backoff";
  const retryAfterMs = error instanceof MillraceError ? error.retryAfterMs : undefined;
  if (advice === "park") return parkForQuota(retryAfterMs ?? DEFAULT_QUOTA_WAIT_MS, jobError);
  const policy = input.place.spec.retry;
  const isWorthIt = advice === "backoff" || (advice === "once" && input.attempt === 1);
  const isRetryable = isWorthIt && input.attempt < policy.attempts && input.retryCount < input.maxRetries;
  if (!isRetryable) return fail(jobError);
  const wait = delayBeforeAttempt(policy, input.attempt + 1, input.random);
  return retryLater(Math.max(wait, retryAfterMs ?? 0), jobError);
}

/** The typed error that a job shows for whatever a stage threw. */
export function jobErrorOf(error: unknown, stage: string): JobError {
  const code = error instanceof MillraceError ? error.code : "PIPELINE_EXCEPTION";
  const message = storableText(messageOf(error), MAX_ERROR_MESSAGE);
  const stack = error instanceof Error && typeof error.stack === "string" ? error.stack : undefined;
  return { code, message, stage, ...(stack !== undefined && { stack: storableText(stack, MAX_STACK) }) };
}

/** Postgres refuses NUL in text and half a surrogate pair in jsonb; the cut can make one. */
function storableText(text: string, maxCharacters: number): string {
  return text
    .replaceAll("\u0000", "")
    .slice(0, maxCharacters)
    .replace(/\p{Surrogate}/gu, "\uFFFD");
}

function messageOf(error: unknown): string {
  try {
    return String(error instanceof Error ? error.message : error);
  } catch {
    // an object without a usable toString
    return "something that cannot be shown as text was thrown";
  }
}
