import { type ErrorCode, MillraceError, type Outcome, type RetryAdvice } from "@millrace/core";
import type { StageCall } from "./stage-runner.ts";

/** To the thread or process that runs a stage. */
export type ToSeat =
  | { readonly kind: "run"; readonly id: number; readonly call: StageCall }
  | { readonly kind: "abort"; readonly id: number; readonly reason: ThrownError };

/** Back from it. */
export type FromSeat =
  | { readonly kind: "ready" }
  /** It ends of its own accord and takes no more. */
  | { readonly kind: "leaving" }
  | { readonly kind: "ended"; readonly id: number; readonly outcome: PlainOutcome }
  | { readonly kind: "threw"; readonly id: number; readonly error: ThrownError }
  | { readonly kind: "progress"; readonly id: number; readonly fraction: number }
  | {
      readonly kind: "log";
      readonly id: number;
      readonly level: LogLevel;
      readonly fields: Readonly<Record<string, unknown>>;
      readonly message: string;
    };

export type LogLevel = "debug" | "info" | "warn" | "error";

type PlainOutcome =
  | Exclude<Outcome<unknown>, { kind: "reject" }>
  | { readonly kind: "reject"; readonly error: ThrownError };

/** An error as data: structured clone would keep its message and lose its code. */
export interface ThrownError {
  readonly message: string;
  readonly stack: string | undefined;
  readonly typed: {
    readonly code: ErrorCode;
    readonly retry: RetryAdvice;
    readonly details: string;
    readonly retryAfterMs: number | undefined;
  } | null;
}

export function packError(error: unknown): ThrownError {
  if (!(error instanceof Error)) return { message: String(error), stack: undefined, typed: null };
  const { message, stack } = error;
  if (!(error instanceof MillraceError)) return { message, stack, typed: null };
  const { code, retry, retryAfterMs } = error;
  return { message, stack, typed: { code, retry, retryAfterMs, details: JSON.stringify(error.details) } };
}

export function unpackError({ message, stack, typed }: ThrownError): Error {
  const error =
    typed === null
      ? new Error(message)
      : new MillraceError(typed.code, message, {
          retry: typed.retry,
          details: JSON.parse(typed.details),
          ...(typed.retryAfterMs !== undefined && { retryAfterMs: typed.retryAfterMs }),
        });
  if (stack !== undefined) error.stack = stack;
  return error;
}

export function packOutcome(outcome: Outcome<unknown>): PlainOutcome {
  return outcome.kind === "reject" ? { kind: "reject", error: packError(outcome.error) } : outcome;
}

export function unpackOutcome(outcome: PlainOutcome): Outcome<unknown> {
  return outcome.kind === "reject" ? { kind: "reject", error: unpackError(outcome.error) } : outcome;
}
