import { setTimeout as sleep } from "node:timers/promises";
import { delayBeforeAttempt, MillraceError, type RetryPolicy } from "@millrace/core";
import type { OutboundFetch, OutboundResponse } from "./outbound-fetch.ts";

/** Answers that say "ask again": a gateway without its server, a server that is starting or full. */
const PASSING_STATUSES: ReadonlySet<number> = new Set([502, 503, 504]);

export interface ReadRetries {
  /** Tries in all. */
  readonly tries: number;
  /** Wait before the second try; doubles after. Default 250. */
  readonly baseMs?: number;
}

const READS: ReadonlySet<string> = new Set(["GET", "HEAD"]);

/**
 * Asks again for GET and HEAD after trouble that can pass: no connection, or 502, 503, 504 (A-Q01: reads inside a stage
 * may retry). `timeoutMs` covers all tries and waits together; a wait that would not fit returns what there is.
 */
export function withReadRetries(fetch: OutboundFetch, { tries, baseMs = 250 }: ReadRetries): OutboundFetch {
  const policy: RetryPolicy = { attempts: tries, baseMs, factor: 2, maxMs: 10_000, jitter: 0.5 };
  return async (url, request) => {
    if (!READS.has(request.method ?? "GET")) return fetch(url, request);
    const endsAt = performance.now() + request.timeoutMs;
    for (let attempt = 1; ; attempt++) {
      const result = await outcomeOf(fetch(url, { ...request, timeoutMs: endsAt - performance.now() }));
      const wait = Math.max(delayBeforeAttempt(policy, attempt + 1, Math.random()), retryAfterMs(result));
      if (!canPass(result) || attempt >= tries || performance.now() + wait >= endsAt) return unwrap(result);
      await sleep(wait, undefined, request.signal ? { signal: request.signal } : {}).catch((error: unknown) => {
        throw request.signal?.reason ?? error;
      });
    }
  };
}

type Result = { readonly response: OutboundResponse } | { readonly error: unknown };

async function outcomeOf(answer: Promise<OutboundResponse>): Promise<Result> {
  try {
    return { response: await answer };
  } catch (error) {
    return { error };
  }
}

function unwrap(result: Result): OutboundResponse {
  if ("error" in result) throw result.error;
  return result.response;
}

function canPass(result: Result): boolean {
  if ("response" in result) return PASSING_STATUSES.has(result.response.status);
  const { error } = result;
  return error instanceof MillraceError && error.code === "URL_UNREACHABLE" && error.retry === "backoff";
}

/** Seconds only: the date form is not used with these statuses in practice. */
function retryAfterMs(result: Result): number {
  const seconds = "response" in result ? Number(result.response.headers["retry-after"]) : Number.NaN;
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1_000 : 0;
}
