import { createHash } from "node:crypto";
import type { SubmitAnswer } from "@millrace/engine";
import { canonicalJson } from "./canonical-json.ts";
import { fieldProblem, requestProblem } from "./request-problem.ts";

const PRINTABLE = /^[\x20-\x7e]{1,255}$/;

/** The Idempotency-Key header, checked; null without one. */
export function readIdempotencyKey(header: string | string[] | undefined): string | null {
  if (header === undefined) return null;
  if (typeof header !== "string" || !PRINTABLE.test(header)) {
    throw fieldProblem("Idempotency-Key", "printable", "must be 1 to 255 printable ASCII characters");
  }
  return header;
}

/** What tells a replay from another request under the same key. `content` is the body, or what stands for it. */
export function fingerprintOf(request: {
  readonly method: string;
  readonly path: string;
  readonly query: unknown;
  readonly content: unknown;
}): string {
  return createHash("sha256")
    .update(`${request.method} ${request.path}\n${canonicalJson([request.query, request.content])}`)
    .digest("base64url");
}

/** Whether the answer repeats an earlier one; a key first used with another request is refused (A-Q02). */
export function isReplay(answer: SubmitAnswer, fingerprint: string | null): boolean {
  if (answer.kind !== "replayed") return false;
  if (answer.requestFingerprint !== fingerprint) {
    throw requestProblem("IDEMPOTENCY_KEY_REUSED", "This Idempotency-Key was first used with another request.");
  }
  return true;
}
