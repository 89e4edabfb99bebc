import type { Request } from "express";
import { checkStorable } from "./check-json-value.ts";
import { requestProblem } from "./request-problem.ts";

/** The query as names and values; broken escapes and text that cannot be stored are refused. */
export function readQuery(request: Request): Record<string, unknown> {
  const start = request.url.indexOf("?");
  if (start < 0) return {};
  const text = request.url.slice(start + 1);
  if (text.includes("%")) {
    try {
      decodeURIComponent(text);
    } catch {
      throw requestProblem("VALIDATION_FAILED", "The query has a percent escape that is broken or not UTF-8.");
    }
  }
  const query = { ...request.query };
  checkStorable(query, "query");
  return query;
}
