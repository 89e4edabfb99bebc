import type { Readable } from "node:stream";

/** A finished, bounded answer from outside. */
export interface OutboundResponse {
  /** The address that answered, after redirects. */
  readonly url: string;
  /** The addresses that sent us on, oldest first; a step down from https to http shows here. */
  readonly redirects: readonly string[];
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface OutboundRequest {
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "HEAD";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly signal?: AbortSignal;
  /** Bytes after decompression; more is FETCH_TOO_LARGE. */
  readonly maxBytes: number;
  /** For the whole exchange, redirects included; more is FETCH_TIMEOUT. */
  readonly timeoutMs: number;
  /**
   * A longer body, or one that does not end in time, is cut instead of refused: once there is a status, what has come of
   * the body by then is the answer. For callers to whom the status says all.
   */
  readonly cutsBody?: boolean;
  /**
   * Takes the body of a 2xx answer as it comes, decompressed and counted, and resolves when it is stored; the answer's
   * `body` is then empty. What it throws is what the call throws. Of any other answer the first 64 KiB are kept.
   */
  readonly save?: (
    body: Readable,
    answer: { readonly url: string; readonly headers: Readonly<Record<string, string>> },
  ) => Promise<unknown>;
  /** How many redirects to follow, each checked like the first address; default 5. 0 hands the redirect itself back. */
  readonly maxRedirects?: number;
}

/**
 * The one way out to addresses that a caller named. Refuses anything but http(s) and public unicast addresses
 * (literals, every DNS answer at connect time, each redirect): URL_REFUSED. Any HTTP status is an answer, not an error.
 */
export type OutboundFetch = (url: string, request: OutboundRequest) => Promise<OutboundResponse>;
