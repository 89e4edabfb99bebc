import type { ProblemItem, ProblemSubject } from "@millrace/contracts";
import { type ErrorCode, MillraceError } from "@millrace/core";
import { z } from "zod";

/** A problem with the request itself; `items` name the fields. */
export function requestProblem(code: ErrorCode, detail: string, items: readonly ProblemItem[] = []): MillraceError {
  return new MillraceError(code, detail, { details: { errors: items } });
}

/** What is asked for contradicts what is; `subject` names both. */
export function conflict(detail: string, subject: ProblemSubject): MillraceError {
  return new MillraceError("CONFLICT", detail, { details: { subject } });
}

/** One field is wrong. */
export function fieldProblem(field: string, rule: string, message: string): MillraceError {
  return requestProblem("VALIDATION_FAILED", `${field}: ${message}`, [{ field, rule, message }]);
}

/** Everything zod found, each with its path; `prefix` says which part of the request was checked. */
export function problemOfZodError(error: z.core.$ZodError, prefix = ""): MillraceError {
  const items = error.issues.flatMap((issue) => itemsOf(issue, prefix));
  const first = items[0];
  const more = items.length > 1 ? ` (and ${items.length - 1} more)` : "";
  return requestProblem("VALIDATION_FAILED", first ? `${first.field}: ${first.message}${more}` : "not valid", items);
}

function itemsOf(issue: z.core.$ZodIssue, prefix: string): ProblemItem[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({
      field: fieldName(prefix, [...issue.path, key]),
      rule: "unknown_field",
      message: "is not a known field",
    }));
  }
  const rule =
    issue.code === "custom" && typeof issue.params?.["rule"] === "string" ? issue.params["rule"] : issue.code;
  return [{ field: fieldName(prefix, issue.path), rule, message: issue.message }];
}

function fieldName(prefix: string, path: readonly PropertyKey[]): string {
  const name = z.core.toDotPath(path);
  if (name === "") return prefix || "body";
  return prefix === "" ? name : name.startsWith("[") ? `${prefix}${name}` : `${prefix}.${name}`;
}
