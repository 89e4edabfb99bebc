import { MillraceError, type RetryAdvice } from "@millrace/core";
import { APICallError } from "ai";
import { retryAfterOf } from "../../outbound/retry-after.ts";
import { cleanLine } from "../rules/clean-text.ts";
import { fieldsOf } from "../rules/fields.ts";

/** How long a "too many requests" without Retry-After parks the work. */
const DEFAULT_PARK_MS = 60_000;
/** A spent budget is refilled by a person, not by a minute's wait. */
const BUDGET_PARK_MS = 15 * 60_000;

/** Names a failed call by what the engine should do about it (429 park, 5xx and network backoff, everything else never). */
export function callErrorOf(error: unknown, call: { readonly model: string; readonly secret: string }): MillraceError {
  if (error instanceof MillraceError) return error;
  // The SDK's error carries the whole prompt and sometimes the key: only its words go on, without the key.
  const words = (text: string) => cleanLine(call.secret === "" ? text : text.replaceAll(call.secret, "[key]"), 300);
  const said = error instanceof Error ? words(error.message) : words(String(error));
  const cause = new Error(said);
  if (!APICallError.isInstance(error)) {
    return new MillraceError("LLM_CALL_ERROR", `The language model gave no readable answer: ${said}`, {
      retry: "backoff",
      details: { model: call.model },
      cause,
    });
  }
  const status = statusOf(error);
  const details = { model: call.model, status: status ?? null };
  if (status === undefined) {
    const message = `The language model could not be reached: ${said}`;
    return new MillraceError("LLM_CALL_ERROR", message, { retry: "backoff", details, cause });
  }
  const isBudget = status === 429 && /insufficient_quota|billing/i.test(error.responseBody ?? "");
  const retryAfterMs = retryAfterOf(error.responseHeaders ?? {}) ?? (status === 429 ? parkMs(isBudget) : undefined);
  return new MillraceError(
    isBudget ? "QUOTA_EXHAUSTED" : "LLM_CALL_ERROR",
    `The language model's endpoint answered ${status}: ${said}`,
    { retry: adviceFor(status), details, cause, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) },
  );
}

function parkMs(isBudget: boolean): number {
  return isBudget ? BUDGET_PARK_MS : DEFAULT_PARK_MS;
}

function adviceFor(status: number): RetryAdvice {
  if (status === 429) return "park";
  // 200 with a body that is no answer: a proxy's page or a cut connection.
  return status >= 500 || status === 408 || status === 409 || status === 425 || status < 300 ? "backoff" : "never";
}

/** Some gateways answer 200 with `{"error": {"code": 429}}`: the code inside is the status that was meant. */
function statusOf(error: APICallError): number | undefined {
  if (error.statusCode !== 200) return error.statusCode;
  try {
    const code = fieldsOf(fieldsOf(JSON.parse(error.responseBody ?? ""))?.["error"])?.["code"];
    return typeof code === "number" && code >= 400 && code < 600 ? code : error.statusCode;
  } catch {
    return error.statusCode;
  }
}
