import { type Problem, type ProblemItem, type ProblemSubject, problemType } from "@millrace/contracts";
import { type ErrorCode, MillraceError } from "@millrace/core";
import { z } from "zod";
import { HTTP_STATUS, titleOf } from "./http-status.ts";
import { problemOfZodError, requestProblem } from "./request-problem.ts";

export interface ProblemAnswer {
  readonly problem: Problem;
  readonly headers: Readonly<Record<string, string>>;
  /** Set when nobody foresaw this error: log it. */
  readonly unexpected: unknown;
}

/** Errors from 500 on whose words are for callers. */
const TELLABLE: readonly ErrorCode[] = ["STORE_UNAVAILABLE", "BLOB_STORE_FAILED", "NOT_CONFIGURED"];

/** How long a caller should wait when the store is away and nobody knows better. */
const STORE_RETRY_SECONDS = 2;

/** Turns whatever was thrown into the answer the caller gets. An unforeseen error tells nothing of its inside. */
export function problemOf(thrown: unknown, requestId: string): ProblemAnswer {
  const error = foreseen(thrown);
  const code: ErrorCode = error?.code ?? "INTERNAL";
  const status = HTTP_STATUS[code];
  const errors = error?.details["errors"] as ProblemItem[] | undefined;
  const subject = error?.details["subject"] as ProblemSubject | undefined;
  const isOurs = status >= 500 && !TELLABLE.includes(code);
  const problem: Problem = {
    type: problemType(code),
    title: titleOf(code),
    status,
    detail: error && !isOurs ? detailOf(error) : `An unforeseen error; quote request_id ${requestId}.`,
    code,
    request_id: requestId,
    ...(errors && errors.length > 0 && { errors }),
    ...subject,
  };
  const isUnexpected = status >= 500 && code !== "NOT_CONFIGURED";
  return { problem, headers: headersOf(status, error), unexpected: isUnexpected ? thrown : undefined };
}

function detailOf(error: MillraceError): string {
  if (error.code === "STORE_UNAVAILABLE") return "Postgres does not answer; nothing was accepted. Try again shortly.";
  if (error.code === "BLOB_STORE_FAILED")
    return "The file store does not answer; nothing was accepted. Try again shortly.";
  return error.message;
}

function headersOf(status: number, error: MillraceError | undefined): Record<string, string> {
  const headers: Record<string, string> = {};
  if (status === 401) headers["www-authenticate"] = 'Bearer realm="millrace"';
  if (status === 503) {
    headers["retry-after"] = String(Math.ceil((error?.retryAfterMs ?? STORE_RETRY_SECONDS * 1000) / 1000));
  }
  return headers;
}

function foreseen(thrown: unknown): MillraceError | undefined {
  if (thrown instanceof MillraceError) return thrown;
  if (thrown instanceof z.core.$ZodError) return problemOfZodError(thrown);
  // Express' router: a path segment with a broken percent escape
  if (thrown instanceof URIError) return requestProblem("VALIDATION_FAILED", "The path has a broken percent escape.");
  return undefined;
}
