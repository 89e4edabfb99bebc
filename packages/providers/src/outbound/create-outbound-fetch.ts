import { lookup as dnsLookup } from "node:dns/promises";
import { Readable } from "node:stream";
import { MillraceError } from "@millrace/core";
import { Client } from "undici";
import { openDeadline } from "./deadline.ts";
import { guardedConnector, type Lookup } from "./guarded-connector.ts";
import { firstHop, type Hop, nextHop } from "./hop.ts";
import { keepReading } from "./keep-reading.ts";
import { outboundError } from "./outbound-error.ts";
import type { OutboundFetch, OutboundRequest, OutboundResponse } from "./outbound-fetch.ts";
import { boundedBody, readBody, readStart } from "./read-body.ts";

export interface OutboundFetchOptions {
  readonly userAgent: string;
  /** Lets 127.0.0.0/8 and ::1 through, for development. */
  readonly allowLoopback?: boolean;
  /** Hosts that may be at a private address, such as a wiki inside the network. */
  readonly allowedPrivateHosts?: readonly string[];
  readonly lookup?: Lookup;
}

/** How one hop is made. */
interface Passage {
  readonly connect: ReturnType<typeof guardedConnector>;
  readonly signal: AbortSignal;
  readonly maxBytes: number;
  readonly isFollowing: boolean;
  readonly isCutting: boolean;
  readonly read: typeof readBody;
  readonly save: OutboundRequest["save"];
}

type Answer = Omit<OutboundResponse, "url" | "redirects">;

const DEFAULT_MAX_REDIRECTS = 5;
/** Of an answer that says only why there is nothing to save. */
const KEPT_OF_REFUSAL = 65_536;

/** The SSRF guard and every limit of OutboundRequest in one function; it holds nothing open between calls. */
export function createOutboundFetch(options: OutboundFetchOptions): OutboundFetch {
  const policy = {
    allowLoopback: options.allowLoopback ?? false,
    allowedPrivateHosts: new Set(options.allowedPrivateHosts?.map((host) => host.toLowerCase())),
  };
  const lookup: Lookup = options.lookup ?? ((hostname) => dnsLookup(hostname, { all: true }));

  return async (target, request) => {
    const maxRedirects = request.maxRedirects ?? DEFAULT_MAX_REDIRECTS;
    let hop = firstHop(target, request, options.userAgent);
    const deadline = openDeadline(request.timeoutMs, request.signal);
    const { signal } = deadline;
    const passage = {
      connect: guardedConnector({ policy, lookup, signal }),
      signal,
      maxBytes: request.maxBytes,
      isFollowing: maxRedirects > 0,
      isCutting: request.cutsBody ?? false,
      read: request.cutsBody ? readStart : readBody,
      save: request.save,
    };
    const redirects: string[] = [];
    try {
      for (;;) {
        signal.throwIfAborted();
        const answer = await exchange(hop, passage);
        if (!("next" in answer)) return { url: hop.url.href, redirects, ...answer };
        redirects.push(hop.url.href);
        if (redirects.length > maxRedirects) throw tooManyRedirects(maxRedirects);
        hop = answer.next;
      }
    } catch (error) {
      throw signal.aborted ? signal.reason : outboundError(error, hop.url);
    } finally {
      deadline.clear();
    }
  };
}

/** A connection of its own for each hop: checked anew each time, and gone with the answer, the error or the deadline. */
async function exchange(hop: Hop, passage: Passage): Promise<Answer | { readonly next: Hop }> {
  const { connect, signal } = passage;
  // Zero switches undici's own limits off: the deadline covers headers and body together.
  const client = new Client(hop.url.origin, { connect, pipelining: 0, headersTimeout: 0, bodyTimeout: 0 });
  try {
    const response = await client.compose(keepReading(passage)).request({
      path: hop.url.pathname + hop.url.search,
      method: hop.method,
      headers: hop.headers,
      body: hop.body ?? null,
      signal,
      highWaterMark: Number.MAX_SAFE_INTEGER,
    });
    // A body nobody reads ends with an error when its connection does.
    response.body.on("error", () => {});
    const headers = flatten(response.headers);
    const next = passage.isFollowing ? nextHop(hop, response.statusCode, headers["location"]) : undefined;
    if (next) return { next };
    const isBodiless = hop.method === "HEAD" || response.statusCode === 204 || response.statusCode === 304;
    const body = isBodiless ? new Uint8Array() : await takeBody(hop, response, headers, passage);
    return { status: response.statusCode, headers, body };
  } finally {
    await client.destroy();
  }
}

async function takeBody(
  hop: Hop,
  response: { readonly statusCode: number; readonly body: AsyncIterable<Buffer> },
  headers: Readonly<Record<string, string>>,
  { read, save, maxBytes }: Passage,
): Promise<Uint8Array> {
  if (save === undefined) return read(response.body, headers, maxBytes);
  const isSuccess = response.statusCode >= 200 && response.statusCode < 300;
  if (!isSuccess) return readStart(response.body, headers, Math.min(maxBytes, KEPT_OF_REFUSAL));
  const body = Readable.from(await boundedBody(response.body, headers, maxBytes), { objectMode: false });
  try {
    await save(body, { url: hop.url.href, headers });
  } finally {
    body.destroy();
  }
  return new Uint8Array();
}

function flatten(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : (value ?? "")]),
  );
}

function tooManyRedirects(maxRedirects: number): MillraceError {
  return new MillraceError("URL_HTTP_ERROR", `More than ${maxRedirects} redirects.`, {
    details: { max_redirects: maxRedirects },
  });
}
