import { isUtf8 } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { checkStorable } from "./check-json-value.ts";
import { hasBody, readBody } from "./read-body.ts";
import { requestProblem } from "./request-problem.ts";

const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json\s*(?:;\s*charset\s*=\s*"?utf-?8"?\s*)?$/i;

/** The request's JSON, or undefined when it has no body. Every value in it can be stored. */
export async function readJson(request: IncomingMessage, maxBytes: number): Promise<unknown> {
  if (!hasBody(request)) return undefined;
  const type = request.headers["content-type"] ?? "";
  if (!JSON_TYPE.test(type)) {
    throw requestProblem("UNSUPPORTED_MEDIA_TYPE", "Send the body as application/json in UTF-8.");
  }
  const encoding = request.headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity") {
    throw requestProblem("UNSUPPORTED_MEDIA_TYPE", `Content-Encoding ${encoding} is not accepted; send it as it is.`);
  }
  const bytes = await readBody(request, maxBytes);
  if (bytes.length === 0) return undefined;
  if (!isUtf8(bytes)) throw requestProblem("VALIDATION_FAILED", "The body is not valid UTF-8.");
  const value = parseJson(bytes.toString("utf8"));
  checkStorable(value);
  return value;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw requestProblem("MALFORMED_JSON", error instanceof Error ? error.message : "not JSON");
  }
}
