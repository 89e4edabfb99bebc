import { fileURLToPath } from "node:url";
import type { BaseAdapter } from "@bull-board/api/baseAdapter";
import type { Clock, JobStore, Log, TicketQueue } from "@millrace/core";
import type { ChannelStore, KeyStore } from "@millrace/db";
import type { TaskActions } from "@millrace/pipelines";
import express, { type Express } from "express";
import { type AlertReader, alertRoutes } from "./alert-routes.ts";
import { type BulkReader, bulkRoutes } from "./bulk-routes.ts";
import { consoleRoutes, type JobReader } from "./console-routes.ts";
import { errorHandler } from "./error-handler.ts";
import { healthRoutes } from "./health-routes.ts";
import { loginRoutes, requireLogin } from "./login-routes.ts";
import { queueBoard } from "./queue-board.ts";
import { shellReader } from "./read-shell.ts";
import { securityHeaders } from "./security-headers.ts";
import { createSessions } from "./sessions.ts";
import { actionRoutes } from "./video/action-routes.ts";
import { createActors } from "./video/actors.ts";
import { channelRoutes } from "./video/channel-routes.ts";
import type { UnitBlobs } from "./video/send-unit.ts";
import type { TaskReader } from "./video/task-reader.ts";
import { taskRoutes } from "./video/task-routes.ts";

export interface DashboardNeeds {
  readonly jobs: JobReader & Pick<JobStore, "listGates" | "laneSettings">;
  readonly bulks: BulkReader;
  readonly alerts: AlertReader;
  readonly tasks: TaskReader;
  /** What people do to tasks from the console. */
  readonly actions: TaskActions;
  readonly channels: Pick<ChannelStore, "findPlace">;
  readonly keys: Pick<KeyStore, "findApiKey" | "listApiKeys" | "recordAudit">;
  readonly blobs: UnitBlobs | null;
  readonly queue: Pick<TicketQueue, "ping" | "counts" | "states"> & {
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
export function createDashboard(needs: DashboardNeeds): Express {
  const { jobs, bulks, queue, password, version, clock, log, trustedProxies } = needs;
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
  app.use(alertRoutes({ alerts: needs.alerts, readShell, clock }));
  const video = { ...needs, actors: createActors({ keys: needs.keys, sessions, clock }), readShell };
  app.use(taskRoutes(video));
  app.use(actionRoutes(video));
  app.use(channelRoutes(video));
  app.use(queueBoard({ adapters: queue.boardAdapters({ jobUrl: (jobId) => `/jobs/${jobId}` }), readShell }));
  app.use(errorHandler(log, readShell));
  return app;
}
