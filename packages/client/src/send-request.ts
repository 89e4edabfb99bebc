import { setTimeout as sleep } from "node:timers/promises";
import type { Problem } from "@millrace/contracts";
import { ApiError } from "./api-error.ts";

export interface ClientOptions {
  /** Such as https://millrace.example; without /api/v1. */
  readonly apiUrl: string;
  readonly apiKey: string;
  /** For one try; default 30 s. */
  readonly timeoutMs?: number;
  /** Further tries after 429, 503 or no connection, for requests that are safe to repeat; default 3. */
  readonly retries?: number;
}

export interface ApiRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** A form, or what is sent as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly isRepeatable: boolean;
  readonly signal?: AbortSignal | undefined;
}

const DEFAULT_TIMEOUT_MS = 30_000;
const DEFAULT_RETRIES = 3;
const FIRST_WAIT_MS = 250;
const MAX_WAIT_MS = 30_000;

/** One request of the API, repeated where that is safe and can help. Rejects with ApiError when the API says no. */
export async function sendRequest<T>(options: ClientOptions, request: ApiRequest): Promise<T> {
  const retries = request.isRepeatable ? (options.retries ?? DEFAULT_RETRIES) : 0;
  for (let tried = 0; ; tried++) {
    const outcome = await tryOnce<T>(options, request).catch((error: unknown) => ({ error, waitMs: 0 }));
    if ("body" in outcome) return outcome.body;
    const canPass = !(outcome.error instanceof ApiError) || [429, 503].includes(outcome.error.status);
    if (!canPass || tried >= retries || request.signal?.aborted) throw outcome.error;
    const waitMs = Math.min(MAX_WAIT_MS, Math.max(outcome.waitMs, FIRST_WAIT_MS * 2 ** tried));
    await sleep(waitMs, undefined, request.signal ? { signal: request.signal } : {});
  }
}

type Outcome<T> = { readonly body: T } | { readonly error: unknown; readonly waitMs: number };

async function tryOnce<T>(
  options: ClientOptions,
  { method, path, query, body, headers, signal }: ApiRequest,
): Promise<Outcome<T>> {
  const url = new URL(`/api/v1${path}`, options.apiUrl);
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  const isForm = body instanceof FormData;
  const limit = AbortSignal.timeout(options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  const response = await fetch(url, {
    method,
    headers: {
      authorization: `Bearer ${options.apiKey}`,
      ...(body !== undefined && !isForm && { "content-type": "application/json" }),
      ...headers,
    },
    ...(body !== undefined && { body: isForm ? body : JSON.stringify(body) }),
    signal: signal ? AbortSignal.any([limit, signal]) : limit,
  });
  const text = await response.text();
  if (response.ok) return { body: (text === "" ? undefined : JSON.parse(text)) as T };
  const seconds = Number(response.headers.get("retry-after"));
  return {
    error: new ApiError(response.status, problemOf(text)),
    waitMs: Number.isFinite(seconds) && seconds > 0 ? seconds * 1_000 : 0,
  };
}

/** Something in between, such as a proxy, may answer with anything. */
function problemOf(text: string): Partial<Problem> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}
