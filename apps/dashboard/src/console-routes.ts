import type { Clock, JobStore } from "@millrace/core";
import { Router } from "express";
import { filterOf, isJobId, pageOf, parseJobQuery } from "./job-query.ts";
import type { ShellReader } from "./read-shell.ts";
import { jobScreen } from "./screens/job-screen.ts";
import { jobsScreen } from "./screens/jobs-screen.ts";
import { troubleScreen } from "./screens/trouble-screen.ts";

/** What the console reads of the store. */
export type JobReader = Pick<
  JobStore,
  "listJobs" | "findJob" | "listStages" | "listEvents" | "listDeliveries" | "ping"
>;

export interface ConsoleNeeds {
  readonly jobs: JobReader;
  readonly readShell: ShellReader;
  readonly clock: Clock;
}

/** The console: jobs from Postgres, for people. It reads and never writes. */
export function consoleRoutes({ jobs, readShell, clock }: ConsoleNeeds): Router {
  const router = Router();
  router.get("/", async (req, res) => {
    const query = parseJobQuery(req.query);
    if (isJobId(query.find) && (await jobs.findJob(query.find, null)) !== undefined) {
      res.redirect(303, `/jobs/${query.find}`);
      return;
    }
    const [shell, rows] = await Promise.all([readShell(), jobs.listJobs(filterOf(query))]);
    res.type("html").send(jobsScreen(shell, { query, ...pageOf(rows), now: clock.now() }));
  });
  router.get("/jobs/:id", async (req, res) => {
    const { id } = req.params;
    const [shell, job] = await Promise.all([readShell(), isJobId(id) ? jobs.findJob(id, null) : undefined]);
    if (job === undefined) {
      const text = "It never existed, or it finished so long ago that it was deleted.";
      res
        .status(404)
        .type("html")
        .send(troubleScreen(shell, { title: "No such job", text }));
      return;
    }
    const [stages, events, deliveries] = await Promise.all([
      jobs.listStages(id),
      jobs.listEvents(id),
      jobs.listDeliveries(id),
    ]);
    res.type("html").send(jobScreen(shell, { job, stages, events, deliveries, now: clock.now() }));
  });
  return router;
}
