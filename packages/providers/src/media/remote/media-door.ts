import { type Clock, type ErrorCode, MillraceError, type MillraceErrorOptions, systemClock } from "@millrace/core";
import type { OutboundFetch, OutboundRequest, OutboundResponse } from "../../outbound/outbound-fetch.ts";
import { waitOfHeaders } from "./wait-of-headers.ts";

export interface DoorOptions {
  /** In messages and in the account of costs: `kie`. */
  readonly provider: string;
  readonly fetch: OutboundFetch;
  /** Blacked out of every message, for providers that repeat what they were sent. */
  readonly secrets: readonly string[];
  readonly clock?: Clock;
}

/** The way to one provider: what goes wrong there comes back as a MEDIA_ code that says what the engine should do. */
export interface MediaDoor {
  /** Any status is an answer. */
  send(url: string, request: OutboundRequest): Promise<OutboundResponse>;
  /** What a status means where the provider's words say no more; `words` are the provider's. */
  errorOf(response: Pick<OutboundResponse, "status" | "headers">, words: string): MillraceError;
  /** Its own trouble: MEDIA_PROVIDER_FAILED, tried again. */
  failed(why: string, details?: Details): MillraceError;
  /** MEDIA_REFUSED, final. */
  refused(why: string, details?: Details): MillraceError;
  /** MEDIA_RATE_LIMITED: the job waits. */
  limited(why: string, retryAfterMs: number, details?: Details): MillraceError;
  /** QUOTA_EXHAUSTED: the job waits. */
  exhausted(why: string, retryAfterMs: number, details?: Details): MillraceError;
  /** MEDIA_ANSWER_INVALID, tried again. */
  invalid(why: string, details?: Details): MillraceError;
  /** Blacks out one more secret from now on. */
  hide(secret: string): void;
  /** How long the answer asks to wait. */
  waitOf(response: Pick<OutboundResponse, "headers">): number | undefined;
}

type Details = Readonly<Record<string, unknown>>;

/** For "too many requests" without a time. */
const DEFAULT_WAIT_MS = 30_000;
const MAX_WORDS = 300;
/** 4xx that say "later": request timeout, conflict with another request, too early. */
const PASSING: ReadonlySet<number> = new Set([408, 409, 425]);

/** How a connection that ends in an answer shows when its end is seen before its error. */
const CUT_SHORT = /^(?:UND_ERR_RES_CONTENT_LENGTH_MISMATCH|HPE_INVALID_EOF_STATE)$/;

export function createMediaDoor({ provider, fetch, clock = systemClock, ...options }: DoorOptions): MediaDoor {
  const secrets = new Set(options.secrets);
  const error = (code: ErrorCode, why: string, options: MillraceErrorOptions): MillraceError =>
    new MillraceError(code, `${provider} ${blackOut(why, secrets)}`, {
      ...options,
      details: { provider, ...options.details },
    });
  const waitOf: MediaDoor["waitOf"] = ({ headers }) => waitOfHeaders(headers, clock.now());
  const door: MediaDoor = {
    waitOf,
    hide: (secret) => void secrets.add(secret),
    failed: (why, details = {}) => error("MEDIA_PROVIDER_FAILED", why, { retry: "backoff", details }),
    refused: (why, details = {}) => error("MEDIA_REFUSED", why, { details }),
    limited: (why, retryAfterMs, details = {}) =>
      error("MEDIA_RATE_LIMITED", why, { retry: "park", retryAfterMs, details }),
    exhausted: (why, retryAfterMs, details = {}) =>
      error("QUOTA_EXHAUSTED", why, { retry: "park", retryAfterMs, details }),
    invalid: (why, details = {}) => error("MEDIA_ANSWER_INVALID", why, { retry: "backoff", details }),

    errorOf({ status, headers }, words) {
      const said = words === "" ? "" : `: ${words.slice(0, MAX_WORDS)}`;
      const details = { status };
      const wait = waitOf({ headers });
      if (status === 429) return door.limited(`asks for patience (429)${said}`, wait ?? DEFAULT_WAIT_MS, details);
      if (status >= 500 || PASSING.has(status)) {
        const later = wait === undefined ? {} : { retryAfterMs: wait };
        return error("MEDIA_PROVIDER_FAILED", `failed with ${status}${said}`, { retry: "backoff", details, ...later });
      }
      if (status < 400) return door.invalid(`answered ${status} in an unknown shape${said}`, details);
      return door.refused(`refuses the request (${status})${said}`, details);
    },

    async send(url, request) {
      try {
        return await fetch(url, request);
      } catch (thrown) {
        throw request.signal?.aborted ? request.signal.reason : named(thrown);
      }
    },
  };
  return door;

  /** Causes carry raw requests and answers: only the words go on. */
  function named(thrown: unknown): unknown {
    if (!(thrown instanceof MillraceError)) return thrown;
    const options = { details: { cause: thrown.code }, cause: new Error(blackOut(thrown.message, secrets)) };
    switch (CUT_SHORT.test(String(thrown.details["cause"])) ? "URL_UNREACHABLE" : thrown.code) {
      case "FETCH_TIMEOUT":
      case "URL_UNREACHABLE":
        return error("MEDIA_PROVIDER_FAILED", `did not answer: ${thrown.message}`, { retry: "backoff", ...options });
      case "FETCH_TOO_LARGE":
      case "URL_HTTP_ERROR":
        return error("MEDIA_ANSWER_INVALID", `answered badly: ${thrown.message}`, { retry: "backoff", ...options });
      case "URL_REFUSED":
        return error("MEDIA_REFUSED", `has an address that may not be asked: ${thrown.message}`, options);
      default:
        return thrown;
    }
  }
}

/** Longest first, so that a secret that holds another one leaves no rest. */
function blackOut(text: string, secrets: ReadonlySet<string>): string {
  return [...secrets]
    .filter((secret) => secret !== "")
    .sort((a, b) => b.length - a.length)
    .reduce((words, secret) => words.replaceAll(secret, "[secret]"), text);
}

/** The body as JSON; undefined when it is none. */
export function jsonOf(response: Pick<OutboundResponse, "body">): unknown {
  try {
    return JSON.parse(Buffer.from(response.body).toString("utf8"));
  } catch {
    return undefined;
  }
}
