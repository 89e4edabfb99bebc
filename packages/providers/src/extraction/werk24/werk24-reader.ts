import { MillraceError } from "@millrace/core";
import { openDeadline } from "../../outbound/deadline.ts";
import type { OutboundFetch } from "../../outbound/outbound-fetch.ts";
import type { Werk24Options } from "../extraction-options.ts";
import type { Extraction } from "../extractor.ts";
import { converse } from "./converse.ts";
import { toExtraction } from "./to-extraction.ts";
import { asksFor } from "./werk24-asks.ts";
import { werk24Error } from "./werk24-error.ts";

export interface Werk24ReaderOptions {
  /** For the upload and for files Werk24 names. */
  readonly fetch: OutboundFetch;
  /** The licence token; without one every call is WERK24_NOT_CONFIGURED. */
  readonly apiKey: string | undefined;
  /** Default `wss://ws-api.w24.co/v2`. */
  readonly baseUrl?: string;
  /** For one drawing, from the handshake to the last answer; default 300 s. */
  readonly timeoutMs?: number;
  /** Of one document; default 5, Werk24's own. */
  readonly maxPages?: number;
  /** Of all messages together, and of all files Werk24 names; default 32 MiB. */
  readonly maxAnswerBytes?: number;
}

export interface Werk24Call {
  /** A PDF, PNG, JPEG or TIFF. */
  readonly bytes: Uint8Array;
  readonly fileName: string;
  readonly mediaType: string;
  readonly options: Werk24Options;
  readonly signal: AbortSignal;
  /** Share of the work that is done, 0 to 1, never falling. */
  readonly progress: (share: number) => void;
}

export interface Werk24Reader {
  /**
   * Asks Werk24 what a drawing says. What some asks could not find is in `errors`, the rest is there. Final:
   * WERK24_NOT_CONFIGURED, WERK24_UNAUTHORIZED, WERK24_REFUSED. To be tried again: WERK24_RATE_LIMITED (with
   * Retry-After), WERK24_UNAVAILABLE, WERK24_ANSWER_INVALID. Each try is paid for anew.
   */
  read(call: Werk24Call): Promise<Extraction>;
}

const WERK24_URL = "wss://ws-api.w24.co/v2";
const DEFAULT_TIMEOUT_MS = 300_000;
const DEFAULT_MAX_PAGES = 5;
const DEFAULT_MAX_ANSWER = 32 * 1024 * 1024;

export function createWerk24Reader(options: Werk24ReaderOptions): Werk24Reader {
  const { fetch, baseUrl = WERK24_URL, timeoutMs = DEFAULT_TIMEOUT_MS, maxPages = DEFAULT_MAX_PAGES } = options;
  const { maxAnswerBytes = DEFAULT_MAX_ANSWER } = options;
  const url = new URL(baseUrl.replace(/^http/i, "ws"));
  const apiKey = options.apiKey?.trim() ?? "";

  return {
    async read({ bytes, mediaType, options: wanted, signal, progress }) {
      signal.throwIfAborted();
      // A header takes nothing else.
      if (!/^[\x21-\x7e]+$/.test(apiKey)) throw notConfigured();
      const asks = asksFor(wanted);
      if (asks.length === 0) return NOTHING_ASKED;
      const startedAt = performance.now();
      const deadline = openDeadline(timeoutMs, signal);
      try {
        const talk = { url, apiKey, fetch, bytes, mediaType, asks, maxPages, maxAnswerBytes, timeoutMs, progress };
        const conversed = await converse({ ...talk, signal: deadline.signal });
        const extraction = toExtraction(conversed, wanted);
        progress(1);
        const processingMs = Math.round(performance.now() - startedAt);
        const sent = { asks, bytes_sent: bytes.byteLength, processing_ms: processingMs };
        return { ...extraction, metadata: { ...sent, ...extraction.metadata } };
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        throw werk24Error(deadline.signal.aborted ? deadline.signal.reason : error);
      } finally {
        deadline.clear();
      }
    },
  };
}

const NOTHING_ASKED: Extraction = {
  content: {},
  metadata: { asks: [], counts: {} },
  errors: [],
  warnings: [{ code: "NOTHING_ASKED", message: "Every option is off, so Werk24 was not asked." }],
};

function notConfigured(): MillraceError {
  return new MillraceError("WERK24_NOT_CONFIGURED", "There is no usable key for Werk24.");
}
