import type { IncomingMessage } from "node:http";
import type { Scope } from "@millrace/contracts";
import { requestProblem } from "../http/request-problem.ts";
import { isAllowed, type Principal, type Verifier } from "./principal.ts";

export type Authenticate = (request: IncomingMessage, scope: Scope) => Promise<Principal>;

/** Asks the verifiers in turn; the first that knows the request's way of proof decides. */
export function createAuthenticate(verifiers: readonly Verifier[]): Authenticate {
  return async (request, scope) => {
    for (const verify of verifiers) {
      const principal = await verify(request);
      if (principal === undefined) continue;
      if (principal === null) throw requestProblem("UNAUTHENTICATED", "The API key is unknown or was revoked.");
      if (!isAllowed(principal, scope)) {
        throw requestProblem("FORBIDDEN", `The key lacks the scope ${scope}.`);
      }
      return principal;
    }
    throw requestProblem("UNAUTHENTICATED", "Send an API key: Authorization: Bearer <key>.");
  };
}
