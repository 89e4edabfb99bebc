import { type Log, MillraceError } from "@millrace/core";
import type { ErrorRequestHandler } from "express";
import type { ShellReader } from "./read-shell.ts";
import { troubleScreen } from "./screens/trouble-screen.ts";

const AWAY = {
  title: "Postgres does not answer",
  text: "There is nothing to show until it is back. Accepted jobs are safe in it; try again in a moment.",
};
const UNEXPECTED = { title: "Something went wrong", text: "The log of the dashboard says what." };

export function errorHandler(log: Log, readShell: ShellReader): ErrorRequestHandler {
  return async (error: unknown, req, res, next) => {
    if (res.headersSent) return next(error);
    const isAway = error instanceof MillraceError && error.code === "STORE_UNAVAILABLE";
    const status = isAway ? 503 : clientStatusOf(error);
    if (status >= 500) log.error({ err: error, path: req.path }, "a screen failed");
    res
      .status(status)
      .type("html")
      .send(troubleScreen(await readShell(), isAway ? AWAY : UNEXPECTED));
  };
}

/** Express marks what the caller did wrong (a form too large, a broken encoding) with a 4xx status. */
function clientStatusOf(error: unknown): number {
  const status = error instanceof Error && "status" in error ? Number(error.status) : 500;
  return status >= 400 && status < 500 ? status : 500;
}
