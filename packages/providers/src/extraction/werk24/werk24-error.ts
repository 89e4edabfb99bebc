import { MillraceError } from "@millrace/core";
import { retryAfterOf } from "../../outbound/retry-after.ts";
import { ProtocolError } from "./web-socket-frames.ts";

export interface Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Werk24's own words, where there are some. */
  readonly words?: string;
}

const PASSING: ReadonlySet<number> = new Set([408, 409, 425]);

/** Names an HTTP status that Werk24 refused with. */
export function refusedWith({ status, headers, words = "" }: Refusal): MillraceError {
  const said = words === "" ? "" : `: ${words.slice(0, 300)}`;
  const details = { status };
  const retryAfterMs = retryAfterOf(headers);
  const later = { retry: "backoff", details, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) } as const;
  if (status === 401 || status === 403) {
    return new MillraceError("WERK24_UNAUTHORIZED", `Werk24 refused the key (${status})${said}`, { details });
  }
  if (status === 429) return new MillraceError("WERK24_RATE_LIMITED", `Werk24 asks for patience (429)${said}`, later);
  if (status >= 500 || PASSING.has(status)) {
    return new MillraceError("WERK24_UNAVAILABLE", `Werk24 failed with ${status}${said}`, later);
  }
  return new MillraceError("WERK24_REFUSED", `Werk24 refused the request (${status})${said}`, { details });
}

export const refused = (why: string, details: Readonly<Record<string, unknown>> = {}): MillraceError =>
  new MillraceError("WERK24_REFUSED", `Werk24 refused the drawing: ${why}`, { details });

export const unavailable = (why: string, cause?: unknown): MillraceError =>
  new MillraceError("WERK24_UNAVAILABLE", `Werk24 is not available: ${why}`, { retry: "backoff", cause });

export const answerInvalid = (why: string, cause?: unknown): MillraceError =>
  new MillraceError("WERK24_ANSWER_INVALID", `Werk24 answered in another shape: ${why}`, { retry: "backoff", cause });

/** Gives whatever went wrong on the way its code. */
export function werk24Error(error: unknown): MillraceError {
  if (error instanceof ProtocolError) return answerInvalid(error.message, error);
  if (!(error instanceof MillraceError)) return unavailable(reasonOf(error), error);
  switch (error.code) {
    case "FETCH_TOO_LARGE":
    case "URL_REFUSED": // Werk24's own answer named the address
      return answerInvalid(error.message, error);
    case "FETCH_TIMEOUT":
    case "URL_HTTP_ERROR":
    case "URL_UNREACHABLE":
      return unavailable(error.message, error);
    default:
      return error;
  }
}

function reasonOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code === "string") return code;
  return error instanceof Error ? error.message : String(error);
}

/** The part of a refusal's body that says why: JSON's `message`, or nothing. */
export function wordsOf(body: string): string {
  try {
    const { message } = JSON.parse(body) as { message?: unknown };
    return typeof message === "string" ? message : "";
  } catch {
    return "";
  }
}
