import { randomUUID } from "node:crypto";
import type { RequestHandler } from "express";

const ACCEPTED = /^[\w.:/+=@-]{1,128}$/;

/** Takes the caller's X-Request-Id, or makes one; the answer carries it. */
export const assignRequestId: RequestHandler = (request, response, next) => {
  const given = request.headers["x-request-id"];
  const id = typeof given === "string" && ACCEPTED.test(given) ? given : randomUUID();
  response.locals["requestId"] = id;
  response.setHeader("x-request-id", id);
  next();
};
