import type { Json } from "@millrace/core";

/** Text as Postgres, JSON and every later stage can take it: LF line ends, no NUL, no lone surrogates. */
export function cleanText(text: string): string {
  return text
    .replace(/\r\n?/g, "\n")
    .replaceAll("\u0000", "")
    .replace(/\p{Surrogate}/gu, "\uFFFD");
}

/** One line of clean text, at most `max` characters; null when nothing is left. */
export function cleanLine(text: string | null | undefined, max: number): string | null {
  if (text === null || text === undefined) return null;
  const line = cleanText(text.slice(0, max * 4))
    .replace(/\s+/g, " ")
    .trim();
  return line === "" ? null : line.slice(0, max).replace(/\p{Surrogate}$/u, "");
}

interface JsonLimits {
  readonly depth: number;
  readonly entries: number;
  readonly characters: number;
}

/** Any value as small, clean JSON: what is too deep becomes null, what is too much is left out, long strings are cut. */
export function cleanJson(value: unknown, limits: JsonLimits): Json {
  if (value === null || typeof value === "boolean") return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (typeof value === "string") return cleanText(value.slice(0, limits.characters));
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (typeof value !== "object" || limits.depth === 0) return null;
  const inner = { ...limits, depth: limits.depth - 1 };
  if (Array.isArray(value)) return value.slice(0, limits.entries).map((item) => cleanJson(item, inner));
  const entries = Object.entries(value).slice(0, limits.entries);
  return Object.fromEntries(entries.map(([key, item]) => [cleanText(key.slice(0, 200)), cleanJson(item, inner)]));
}
