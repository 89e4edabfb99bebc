import { fileURLToPath } from "node:url";
import type { BaseAdapter } from "@bull-board/api/baseAdapter";
import type { Clock, Log, TicketQueue } from "@millrace/core";
import express, { type Express } from "express";
import { type BulkReader, bulkRoutes } from "./bulk-routes.ts";
import { consoleRoutes, type JobReader } from "./console-routes.ts";
import { errorHandler } from "./error-handler.ts";
import { healthRoutes } from "./health-routes.ts";
import { loginRoutes, requireLogin } from "./login-routes.ts";
import { queueBoard } from "./queue-board.ts";
import { shellReader } from "./read-shell.ts";
import { securityHeaders } from "./security-headers.ts";
import { createSessions } from "./sessions.ts";

export interface DashboardNeeds {
  readonly jobs: JobReader;
  readonly bulks: BulkReader;
  readonly queue: Pick<TicketQueue, "ping"> & {
    readonly backend: "redis" | "postgres";
    boardAdapters(options: { readonly jobUrl: (jobId: string) => string }): BaseAdapter[];
  };
  readonly password: string;
  readonly version: string;
  readonly clock: Clock;
  readonly log: Log;
  /** How many reverse proxies stand in front; their X-Forwarded headers are believed. */
  readonly trustedProxies: number;
}

const ASSETS = fileURLToPath(new URL("../assets", import.meta.url));

/** The console and Bull Board behind one login. */
export function createDashboard({
  jobs,
  bulks,
  queue,
  password,
  version,
  clock,
  log,
  trustedProxies,
}: DashboardNeeds): Express {
  const sessions = createSessions({ password, clock });
  const readShell = shellReader(queue, version);
  const app = express();
  app.disable("x-powered-by");
  app.set("trust proxy", trustedProxies);
  app.use(securityHeaders());
  app.use(healthRoutes({ jobs, readShell, version }));
  app.use("/assets", express.static(ASSETS, { maxAge: "1h" }));
  app.use(loginRoutes(sessions));
  app.use(requireLogin(sessions));
  app.use(consoleRoutes({ jobs, readShell, clock }));
  app.use(bulkRoutes({ bulks, readShell, clock }));
  app.use(queueBoard({ adapters: queue.boardAdapters({ jobUrl: (jobId) => `/jobs/${jobId}` }), readShell }));
  app.use(errorHandler(log, readShell));
  return app;
}
