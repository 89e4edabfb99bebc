import { Router } from "express";
import type { JobReader } from "./console-routes.ts";
import { PING_MS, type ShellReader } from "./read-shell.ts";

export interface HealthNeeds {
  readonly jobs: Pick<JobReader, "ping">;
  readonly readShell: ShellReader;
  readonly version: string;
}

/**
 * `/health`: the process answers. `/ready`: it has something to show, which takes Postgres; without the queue it is
 * ready but degraded, because the console still works.
 */
export function healthRoutes({ jobs, readShell, version }: HealthNeeds): Router {
  const router = Router();
  router.get("/health", (_req, res) => {
    res.json({ status: "ok", app_version: version });
  });
  router.get("/ready", async (_req, res) => {
    const [shell, postgres] = await Promise.all([readShell(), isUp(jobs.ping(PING_MS))]);
    const status = !postgres ? "unavailable" : shell.isQueueUp ? "ok" : "degraded";
    const word = (up: boolean): string => (up ? "ok" : "down");
    res
      .status(postgres ? 200 : 503)
      .json({ status, checks: { postgres: word(postgres), queue: word(shell.isQueueUp) } });
  });
  return router;
}

function isUp(answer: Promise<void>): Promise<boolean> {
  return answer.then(
    () => true,
    () => false,
  );
}
