/**
 * What the engine does after an error: fail for good, try again later, try again unless this was a retry already, wait
 * without charging an attempt, write nothing.
 */
export type RetryAdvice = "never" | "backoff" | "once" | "park" | "stop";

/** Every code a caller, an operator or a job's `error_code` can show. Each has a heading in docs/errors.md. */
export const ERROR_CODES = [
  // requests
  "VALIDATION_FAILED",
  "MALFORMED_JSON",
  "UNAUTHENTICATED",
  "FORBIDDEN",
  "NOT_FOUND",
  "METHOD_NOT_ALLOWED",
  "CONFLICT",
  "PAYLOAD_TOO_LARGE",
  "UNSUPPORTED_MEDIA_TYPE",
  "IDEMPOTENCY_KEY_REUSED",
  "RATE_LIMITED",
  "STORE_UNAVAILABLE",
  "NOT_CONFIGURED",
  "INTERNAL",
  // engine
  "LEASE_LOST",
  "STAGE_TIMEOUT",
  "STAGE_OUTPUT_INVALID",
  "STAGE_UNKNOWN",
  "STAGE_CRASHED",
  "WORKER_LOST",
  "CANCELLED",
  "REVIEW_REJECTED",
  "REVIEW_EXPIRED",
  "PIPELINE_EXCEPTION",
  // outgoing requests
  "URL_REFUSED",
  "URL_UNREACHABLE",
  "URL_HTTP_ERROR",
  "FETCH_TOO_LARGE",
  "FETCH_TIMEOUT",
  // content
  "UNSUPPORTED_CONTENT",
  "CONTENT_EMPTY",
  "CONTENT_DAMAGED",
  "CONTENT_ENCRYPTED",
  "CONTENT_NOT_TEXT",
  "CONTENT_TOO_LARGE",
  "CONTENT_TOO_COMPLEX",
  "BLOB_MISSING",
  "BLOB_STORE_FAILED",
  "TRANSCRIPT_UNAVAILABLE",
  "VIDEO_UNAVAILABLE",
  "CONTEXT_FETCH_ERROR",
  "LLM_CALL_ERROR",
  "EMPTY_RESPONSE",
  "PARSE_FAILED",
  "QUOTA_EXHAUSTED",
  // extraction
  "UNSUPPORTED_FORMAT",
  "BATCH_FAILED",
  "BATCH_ABORTED",
  "WERK24_NOT_CONFIGURED",
  "WERK24_UNAUTHORIZED",
  "WERK24_REFUSED",
  "WERK24_RATE_LIMITED",
  "WERK24_UNAVAILABLE",
  "WERK24_ANSWER_INVALID",
  // video
  "MEDIA_PROVIDER_FAILED",
  "MEDIA_REFUSED",
  "MEDIA_RATE_LIMITED",
  "MEDIA_ANSWER_INVALID",
  "MEDIA_TOOL_MISSING",
  "MEDIA_FAILED",
  "BUDGET_EXCEEDED",
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

export interface MillraceErrorOptions {
  readonly retry?: RetryAdvice;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
  /** Earliest next try, in milliseconds from now, where the other side named one (Retry-After). */
  readonly retryAfterMs?: number;
}

/** The one error class: `code` says what, `retry` says what the engine does about it. */
export class MillraceError extends Error {
  readonly code: ErrorCode;
  readonly retry: RetryAdvice;
  readonly details: Readonly<Record<string, unknown>>;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, options: MillraceErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "MillraceError";
    this.code = code;
    this.retry = options.retry ?? "never";
    this.details = options.details ?? {};
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** The store did not answer or refused the connection: nothing was decided, asking again later is safe. */
export class StoreUnavailableError extends MillraceError {
  constructor(message: string, options: { readonly cause?: unknown } = {}) {
    super("STORE_UNAVAILABLE", message, { retry: "backoff", cause: options.cause });
    this.name = "StoreUnavailableError";
  }
}

/** The queue, rather than Postgres, does not answer. */
export class QueueUnavailableError extends StoreUnavailableError {}
