import { type Gate, type GateRequest, gateOf } from "../gate.ts";
import type { Json } from "../json.ts";

/** What a stage returns. A throw means failure. */
export type Outcome<T> =
  | { readonly kind: "done"; readonly output: T; readonly warnings: readonly StageWarning[] }
  | {
      readonly kind: "wait_for_review";
      readonly gate: Gate;
      readonly output: T;
      readonly warnings: readonly StageWarning[];
    }
  | { readonly kind: "wait_until"; readonly at: Date; readonly reason: string }
  | { readonly kind: "reject"; readonly error: Error };

/** Something a reader of the job should know that did not stop it. */
export interface StageWarning {
  readonly code: string;
  readonly message: string;
  readonly details?: Json;
}

/** The stage finished; `output` is what later stages see. */
export function done<T>(output: T, warnings: readonly StageWarning[] = []): Outcome<T> {
  return { kind: "done", output, warnings };
}

/**
 * The stage finished and people decide at `gate` before the next one starts; no slot, ticket or lease is held meanwhile.
 * A name alone: the first decision of anybody who may review.
 */
export function waitForReview<T>(
  gate: string | GateRequest,
  output: T,
  warnings: readonly StageWarning[] = [],
): Outcome<T> {
  return { kind: "wait_for_review", gate: gateOf(gate), output, warnings };
}

/** Run this stage again at `at`; no attempt is charged. */
export function waitUntil(at: Date, reason: string): Outcome<never> {
  return { kind: "wait_until", at, reason };
}

/** The job cannot succeed: fail it now, whatever attempts are left. */
export function reject(error: Error): Outcome<never> {
  return { kind: "reject", error };
}
