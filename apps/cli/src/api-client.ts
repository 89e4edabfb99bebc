import { join } from "node:path";
import type { AnswerOf, RouteId, Routes } from "@millrace/contracts";
import { readIfThere } from "@millrace/embedded";
import type { CliConfig } from "./config.ts";
import { findRunning } from "./up/instance-file.ts";
import { KEY_FILE } from "./up/local-key.ts";

export interface ApiAddress {
  readonly apiUrl: string;
  readonly apiKey: string;
}

/** The bodies a route answers with when it says yes. */
export type Body<Id extends RouteId> = AnswerOf<Routes[Id]>["body"];

/** What the API answered; a problem+json answer that says no is thrown as `ApiProblem`. */
export interface ApiAnswer<T> {
  readonly status: number;
  readonly body: T;
}

export class ApiProblem extends Error {
  readonly code: string;
  readonly status: number;
  /** How long the API asks to wait before the next try. */
  readonly retryAfterMs: number | undefined;

  constructor(status: number, body: unknown, retryAfter: string | null = null) {
    const { code, title, detail } = (typeof body === "object" && body !== null ? body : {}) as Record<string, unknown>;
    super(`${status} ${code ?? title ?? "error"}${detail ? `: ${detail}` : ""}`);
    this.name = "ApiProblem";
    this.code = String(code ?? "");
    this.status = status;
    this.retryAfterMs = /^\d+$/.test(retryAfter ?? "") ? Number(retryAfter) * 1_000 : undefined;
  }
}

/** No answer, or half of one: nobody knows whether the request was carried out. */
export class ApiSilence extends Error {}

export interface ApiClient {
  get<T>(path: string): Promise<ApiAnswer<T>>;
  post<T>(path: string, body?: FormData | Readonly<Record<string, unknown>>): Promise<ApiAnswer<T>>;
  put<T>(path: string, body: Readonly<Record<string, unknown>>): Promise<ApiAnswer<T>>;
  patch<T>(path: string, body: Readonly<Record<string, unknown>>): Promise<ApiAnswer<T>>;
  delete<T>(path: string): Promise<ApiAnswer<T>>;
  /** The bytes of something, however large. */
  download(path: string): Promise<ReadableStream<Uint8Array>>;
}

const TIMEOUT_MS = 30_000;

export function createApiClient({ apiUrl, apiKey }: ApiAddress): ApiClient {
  const call = async <T>(path: string, init: RequestInit): Promise<ApiAnswer<T>> => {
    const response = await fetch(new URL(path, apiUrl), {
      ...init,
      headers: { ...init.headers, authorization: `Bearer ${apiKey}` },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    }).catch((cause: unknown) => {
      throw new ApiSilence(`The API at ${apiUrl} does not answer. Is Millrace up (npm start)?`, { cause });
    });
    const text = await response.text().catch((cause: unknown) => {
      throw new ApiSilence(`The API at ${apiUrl} broke off its answer.`, { cause });
    });
    const body: unknown = text.startsWith("{") ? JSON.parse(text) : text;
    if (!response.ok) throw new ApiProblem(response.status, body, response.headers.get("retry-after"));
    return { status: response.status, body: body as T };
  };
  const send = <T>(method: string, path: string, body: Readonly<Record<string, unknown>>): Promise<ApiAnswer<T>> =>
    call(path, { method, headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  return {
    get: (path) => call(path, {}),
    post: (path, body) =>
      body === undefined || body instanceof FormData
        ? call(path, { method: "POST", body: body ?? null })
        : send("POST", path, body),
    put: (path, body) => send("PUT", path, body),
    patch: (path, body) => send("PATCH", path, body),
    delete: (path) => call(path, { method: "DELETE" }),
    async download(path) {
      const response = await fetch(new URL(path, apiUrl), { headers: { authorization: `Bearer ${apiKey}` } });
      if (response.ok && response.body !== null) return response.body;
      throw new ApiProblem(response.status, await response.json().catch(() => undefined));
    },
  };
}

/** The API the settings name, else the one that is up in the data folder. */
export async function findApi(config: CliConfig): Promise<ApiAddress> {
  const running = await findRunning(config.dataDir);
  const apiUrl = config.MILLRACE_API_URL ?? running?.apiUrl;
  if (!apiUrl) throw new Error(`Nothing is up in ${config.dataDir}. Run npm start, or set MILLRACE_API_URL.`);
  const apiKey = config.MILLRACE_API_KEY ?? (await readIfThere(join(config.dataDir, KEY_FILE)))?.trim();
  if (!apiKey) throw new Error("No API key: set MILLRACE_API_KEY.");
  return { apiUrl, apiKey };
}
