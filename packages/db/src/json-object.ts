import type { JsonObject } from "@millrace/core";

/**
 * An object, from jsonb or from the JSON text that an import may have left in its place; `{}` for null, for malformed text
 * and for whatever is no object (B-S11, B-Q09).
 */
export function jsonObjectOf(stored: unknown): JsonObject {
  const value = typeof stored === "string" ? parsed(stored) : stored;
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
