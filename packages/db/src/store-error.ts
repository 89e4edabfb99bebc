import { StoreUnavailableError } from "@millrace/core";

/** Codes that say nothing about the statement, only that the database cannot be used right now. */
const OUTAGE_CODES = new Set([
  // node's sockets
  "ECONNREFUSED",
  "ECONNRESET",
  "ECONNABORTED",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "EHOSTDOWN",
  "ENETUNREACH",
  "ENETDOWN",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ENOENT",
  // postgres.js
  "CONNECT_TIMEOUT",
  "CONNECTION_CLOSED",
  "CONNECTION_ENDED",
  "CONNECTION_DESTROYED",
  // Postgres: shutting down, crashed, starting, dropped, session timed out, statement_timeout, lock_timeout, read-only standby
  "57P01",
  "57P02",
  "57P03",
  "57P04",
  "57P05",
  "57014",
  "55P03",
  "25P03",
  "25006",
]);

/** 08: connection exceptions; 53: out of connections, memory or disk; 58: trouble of the server's machine. */
const OUTAGE_CLASSES = ["08", "53", "58"];

/** Another transaction was in the way; the same statement may well work now. */
const CONTENTION_CODES = new Set(["40001", "40P01"]);

/** The code of a Postgres, postgres.js or socket error, looking through the errors that wrap it. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  if ("code" in error && typeof error.code === "string" && error.code !== "STORE_UNAVAILABLE") return error.code;
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  return error instanceof Error ? codeOf(error.cause) : undefined;
}

export function isOutage(error: unknown): boolean {
  if (error instanceof StoreUnavailableError) return true;
  const code = codeOf(error);
  if (code === undefined) return false;
  return OUTAGE_CODES.has(code) || (code.length === 5 && OUTAGE_CLASSES.includes(code.slice(0, 2)));
}

export function isContention(error: unknown): boolean {
  return CONTENTION_CODES.has(codeOf(error) ?? "");
}

/** Outages as STORE_UNAVAILABLE; everything else as it is. */
export function toStoreError(error: unknown): unknown {
  if (error instanceof StoreUnavailableError || !isOutage(error)) return error;
  return new StoreUnavailableError(`Postgres is not available (${codeOf(error)})`, { cause: error });
}

/** The constraint a Postgres error names, looking through the errors that wrap it. */
export function constraintOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  if ("constraint_name" in error) return String(error.constraint_name);
  return error instanceof Error ? constraintOf(error.cause) : undefined;
}
