import type { Log } from "@millrace/core";
import type { RequestHandler } from "express";

/** A line for each refused request at info, for each answered one at debug: at full load the latter would cost more than the work. */
export function logRequests(log: Log): RequestHandler {
  return (request, response, next) => {
    const started = performance.now();
    response.once("finish", () => {
      const { statusCode } = response;
      const write = statusCode >= 400 ? log.info : log.debug;
      write.call(
        log,
        {
          request_id: response.locals["requestId"],
          method: request.method,
          path: request.path,
          status: statusCode,
          ms: Math.round(performance.now() - started),
        },
        "request",
      );
    });
    next();
  };
}
