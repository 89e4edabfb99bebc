import { isIP } from "node:net";
import { type JsonObject, MillraceError, parseHttpUrl } from "@millrace/core";
import { fieldProblem, requestProblem } from "../http/request-problem.ts";
import type { CallbackNeeds, EndpointNeeds } from "./needs.ts";

/** An address callbacks can go to, as it will be used. Where a name leads is seen at each delivery. */
export function checkCallbackUrl(text: string, isAllowed: CallbackNeeds["isAddressAllowed"], field = "url"): string {
  const url = readUrl(text, field);
  if (url.username !== "" || url.password !== "") {
    throw fieldProblem(field, "no_credentials", "must not hold a user or a password");
  }
  url.hash = "";
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const address = isIP(host) > 0 ? host : /^(.+\.)?localhost\.?$/.test(host) ? "127.0.0.1" : undefined;
  if (address !== undefined && !isAllowed(address)) {
    const message = `${url.hostname} is not a public address`;
    throw requestProblem("URL_REFUSED", `${field}: ${message}`, [{ field, rule: "address", message }]);
  }
  return url.href;
}

function readUrl(text: string, field: string): URL {
  try {
    return parseHttpUrl(text);
  } catch (error) {
    const rule = error instanceof MillraceError ? String(error.details["rule"] ?? "url") : "url";
    throw fieldProblem(field, rule, error instanceof Error ? error.message : "is not an address");
  }
}

/** What a job's metadata says of its own callback address, where the owner's endpoint lets jobs have one. */
export async function callbackMetadata(
  { callbacks }: Pick<EndpointNeeds, "callbacks">,
  ownerId: string,
  url: string | undefined,
  field = "callback_url",
): Promise<JsonObject> {
  if (url === undefined) return {};
  const callback_url = checkCallbackUrl(url, callbacks.isAddressAllowed, field);
  if (!(await callbacks.store.allowsJobUrls(ownerId))) {
    throw fieldProblem(field, "allowed", "needs an enabled callback endpoint with allows_job_urls");
  }
  return { callback_url };
}
