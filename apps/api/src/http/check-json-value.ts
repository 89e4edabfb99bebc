import type { ProblemItem } from "@millrace/contracts";
import { requestProblem } from "./request-problem.ts";

/** Deeper nesting than any schema here has; recursion elsewhere (stringify, jsonb) stays far from its limits. */
const MAX_DEPTH = 64;

/** Postgres stores neither NUL nor half a surrogate pair. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: NUL is what it looks for
const UNSTORABLE = /\u0000|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/;

interface Fault {
  /** From the inside out, filled on the way back: a value without fault allocates nothing. */
  readonly path: (string | number)[];
  readonly rule: string;
  readonly message: string;
}

const badText = (): Fault => ({ path: [], rule: "valid_text", message: "holds a NUL or half of a surrogate pair" });

function faultIn(value: unknown, depth: number): Fault | undefined {
  if (typeof value === "string") return UNSTORABLE.test(value) ? badText() : undefined;
  if (typeof value === "number") {
    return Number.isFinite(value) ? undefined : { path: [], rule: "finite_number", message: "is too large a number" };
  }
  if (typeof value !== "object" || value === null) return undefined;
  if (depth === MAX_DEPTH) return { path: [], rule: "max_depth", message: `is nested deeper than ${MAX_DEPTH} levels` };
  return Array.isArray(value) ? faultInArray(value, depth) : faultInObject(value as Record<string, unknown>, depth);
}

function faultInArray(values: readonly unknown[], depth: number): Fault | undefined {
  for (let index = 0; index < values.length; index++) {
    const fault = faultIn(values[index], depth + 1);
    if (fault) {
      fault.path.push(index);
      return fault;
    }
  }
  return undefined;
}

function faultInObject(values: Record<string, unknown>, depth: number): Fault | undefined {
  for (const key in values) {
    if (UNSTORABLE.test(key)) return badText();
    const fault = faultIn(values[key], depth + 1);
    if (fault) {
      fault.path.push(key);
      return fault;
    }
  }
  return undefined;
}

/** The first thing in a value, or in a key, that Postgres could not store, with its path; undefined when all is well. */
export function findUnstorable(value: unknown, root = "body"): ProblemItem | undefined {
  const fault = faultIn(value, 0);
  if (fault === undefined) return undefined;
  const { path, rule, message } = fault;
  const field = path.reduceRight<string>((name, part) => {
    if (typeof part === "number") return `${name}[${part}]`;
    return name === "" ? part : `${name}.${part}`;
  }, "");
  return { field: field || root, rule, message };
}

/** Refuses a value that Postgres could not store. */
export function checkStorable(value: unknown, root?: string): void {
  const found = findUnstorable(value, root);
  if (found) throw requestProblem("VALIDATION_FAILED", `${found.field}: ${found.message}`, [found]);
}
