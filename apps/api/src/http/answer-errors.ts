import type { Log } from "@millrace/core";
import type { ErrorRequestHandler, RequestHandler } from "express";
import { problemOf } from "./problem-of.ts";
import { drainUnread } from "./read-body.ts";
import { requestProblem } from "./request-problem.ts";
import { sendProblem } from "./send.ts";

export const answerUnknown: RequestHandler = (request) => {
  throw requestProblem("NOT_FOUND", `There is no ${request.path} here.`);
};

/** The last step of every request that went wrong. */
export function answerErrors(log: Log): ErrorRequestHandler {
  return (error: unknown, request, response, _next) => {
    const requestId = String(response.locals["requestId"]);
    const { problem, headers, unexpected } = problemOf(error, requestId);
    if (unexpected !== undefined && !request.destroyed) {
      log.error(
        { err: unexpected, request_id: requestId, method: request.method, path: request.path },
        "request failed",
      );
    }
    if (response.headersSent) {
      response.destroy();
      return;
    }
    sendProblem(response, problem, headers);
    drainUnread(request);
  };
}
