import { setTimeout as sleep } from "node:timers/promises";
import { MillraceError } from "@millrace/core";
import { z } from "zod";
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

/** Google's word for why it says no. */
const refusal = z.object({ error: z.object({ errors: z.array(z.object({ reason: z.string() })) }) });
/** Too many at once, rather than too many today. */
const TOO_FAST = ["rateLimitExceeded", "userRateLimitExceeded"];

/** What stands where an answer should: asks for a person's consent, or for proof of being one. */
const INTERSTITIALS = [
  [/consent\.(?:youtube|google)\.com/, "asks for consent to cookies before it answers this address"],
  [/google\.com\/sorry\/|unusual traffic/, "takes this address for a robot"],
] as const;

function reasonOf({ body }: OutboundResponse): string | undefined {
  try {
    return refusal.parse(JSON.parse(new TextDecoder().decode(body))).error.errors[0]?.reason;
  } catch {
    return undefined;
  }
}

/** Nothing that is asked for here is a page, so a page is one of those that stand before YouTube. */
function refuseInterstitial(answer: OutboundResponse, host: string): MillraceError | undefined {
  if (!/^text\/html\b/i.test(answer.headers["content-type"] ?? "")) return undefined;
  const text = `${answer.url}\n${new TextDecoder().decode(answer.body)}`;
  const why = INTERSTITIALS.find(([pattern]) => pattern.test(text))?.[1];
  if (why === undefined) return undefined;
  return new MillraceError("URL_HTTP_ERROR", `${host} ${why}`, {
    retry: "backoff",
    details: { status: answer.status },
  });
}

function refuse(answer: OutboundResponse, host: string): MillraceError | undefined {
  const { status } = answer;
  const interstitial = refuseInterstitial(answer, host);
  if (interstitial !== undefined || (status >= 200 && status < 300)) return interstitial;
  const reason = reasonOf(answer);
  const isTooFast = status === 429 || TOO_FAST.includes(reason ?? "");
  const why = isTooFast ? "is asked too often from here" : `answered ${status}${reason ? `, ${reason}` : ""}`;
  const retry = isTooFast || status >= 500 ? "backoff" : "never";
  return new MillraceError("URL_HTTP_ERROR", `${host} ${why}`, {
    retry,
    details: { status, ...(reason && { reason }) },
  });
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
