import { setTimeout as sleep } from "node:timers/promises";
import { MillraceError } from "@millrace/core";
import type { OutboundFetch, OutboundRequest, OutboundResponse } from "../outbound/outbound-fetch.ts";

export const SITE = "https://www.youtube.com";
const LIMITS = { timeoutMs: 20_000, maxBytes: 10 * 1024 * 1024 };
/** Every question asked here is a read, POST ones too, so one more try after a stumble is safe (A-Q01). */
const RETRY_AFTER_MS = 500;

export type Ask = (url: string, request?: Partial<OutboundRequest>) => Promise<OutboundResponse>;

export interface AskOptions {
  readonly fetch: OutboundFetch;
  /** Stands in for https://www.youtube.com. */
  readonly site: string;
  readonly signal: AbortSignal;
}

function refuse({ status }: OutboundResponse, host: string): MillraceError | undefined {
  if (status >= 200 && status < 300) return undefined;
  const isPassing = status === 429 || status >= 500;
  const why = status === 429 ? "is asked too often from here" : `answered ${status}`;
  const retry = isPassing ? "backoff" : "never";
  return new MillraceError("URL_HTTP_ERROR", `${host} ${why}`, { retry, details: { status } });
}

/** A way to ask YouTube's addresses: bounded, tried twice, and an answer that is no success is an error. */
export function askYoutube({ fetch, site, signal }: AskOptions): Ask {
  const askOnce: Ask = async (address, request = {}) => {
    const url = new URL(address, SITE);
    const target = url.origin === SITE ? new URL(url.pathname + url.search, site) : url;
    const answer = await fetch(target.href, { ...LIMITS, ...request, signal });
    const problem = refuse(answer, url.host);
    if (problem !== undefined) throw problem;
    return answer;
  };
  return async (address, request) => {
    try {
      return await askOnce(address, request);
    } catch (error) {
      if (!(error instanceof MillraceError) || error.retry !== "backoff") throw error;
      await sleep(RETRY_AFTER_MS, undefined, { signal });
      return askOnce(address, request);
    }
  };
}

export function parseJson(answer: OutboundResponse): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(answer.body));
  } catch (cause) {
    throw new MillraceError("URL_HTTP_ERROR", `${new URL(answer.url).host} did not answer with JSON`, { cause });
  }
}
