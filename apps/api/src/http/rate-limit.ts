import type { RequestHandler } from "express";
import { rateLimit } from "express-rate-limit";
import type { Principal } from "../auth/principal.ts";
import { requestProblem } from "./request-problem.ts";

/** So many requests of one key in any minute; the answer says when there is room again. */
export function rateLimitByKey(requestsPerMinute: number): RequestHandler {
  return rateLimit({
    windowMs: 60_000,
    limit: requestsPerMinute,
    standardHeaders: "draft-8",
    legacyHeaders: false,
    // who comes without a key sees only what is open to everybody
    skip: (_request, response) => response.locals["principal"] === null,
    keyGenerator: (_request, response) => (response.locals["principal"] as Principal).keyId,
    handler: (_request, _response, next) => {
      next(requestProblem("RATE_LIMITED", `This key may send ${requestsPerMinute} requests a minute.`));
    },
  });
}
