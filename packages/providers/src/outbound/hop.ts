import { MillraceError, parseHttpUrl } from "@millrace/core";
import type { OutboundRequest } from "./outbound-fetch.ts";
import { ACCEPTED_ENCODINGS } from "./read-body.ts";

/** One request on the way to an answer: the first, or one a redirect asked for. */
export interface Hop {
  readonly url: URL;
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "HEAD";
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | undefined;
}

/** What another origin may see of the caller's headers; everything else (Authorization, cookies, keys) stays behind. */
const HEADERS_FOR_ANYONE: ReadonlySet<string> = new Set([
  "accept",
  "accept-encoding",
  "accept-language",
  "content-type",
  "range",
  "user-agent",
]);

/** Set by the connection itself. */
const OWN_HEADERS: ReadonlySet<string> = new Set(["connection", "content-length", "host", "transfer-encoding"]);

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

export function firstHop(target: string, request: OutboundRequest, userAgent: string): Hop {
  const given = Object.entries(request.headers ?? {})
    .map(([name, value]) => [name.toLowerCase(), value] as const)
    .filter(([name]) => !OWN_HEADERS.has(name));
  return {
    url: readTarget(target),
    method: request.method ?? "GET",
    headers: { "user-agent": userAgent, ...Object.fromEntries(given), "accept-encoding": ACCEPTED_ENCODINGS },
    body: request.body,
  };
}

/** Where an answer sends us on; `undefined` when it is the answer. Methods change as browsers change them. */
export function nextHop(hop: Hop, status: number, location: string | undefined): Hop | undefined {
  if (!REDIRECTS.has(status) || location === undefined) return undefined;
  // Header bytes arrive as Latin-1; browsers read an unescaped Location as UTF-8.
  const url = readTarget(Buffer.from(location, "latin1").toString("utf8"), hop.url);
  const becomesGet = status === 303 ? hop.method !== "HEAD" : status < 303 && hop.method === "POST";
  const kept = Object.entries(hop.headers)
    .filter(([name]) => url.origin === hop.url.origin || HEADERS_FOR_ANYONE.has(name))
    .filter(([name]) => !becomesGet || name !== "content-type");
  return {
    url,
    method: becomesGet ? "GET" : hop.method,
    headers: Object.fromEntries(kept),
    body: becomesGet ? undefined : hop.body,
  };
}

/** An http(s) address without what is never sent: credentials and fragment. */
function readTarget(text: string, base?: URL): URL {
  try {
    const url = parseHttpUrl(base && URL.canParse(text, base.href) ? new URL(text, base).href : text);
    url.username = "";
    url.password = "";
    url.hash = "";
    return url;
  } catch (cause) {
    const rule = cause instanceof MillraceError ? cause.details["rule"] : undefined;
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new MillraceError("URL_REFUSED", base ? `Redirected to a refused address: ${message}` : message, {
      details: { rule },
      cause,
    });
  }
}
