import type { Clock } from "@millrace/core";
import type { AlertStore } from "@millrace/db";
import { Router } from "express";
import type { ShellReader } from "./read-shell.ts";
import { ALERTS_SHOWN, alertsScreen } from "./screens/alerts-screen.ts";

export type AlertReader = Pick<AlertStore, "listAlerts">;

export interface AlertNeeds {
  readonly alerts: AlertReader;
  readonly readShell: ShellReader;
  readonly clock: Clock;
}

/** What somebody should know. */
export function alertRoutes({ alerts, readShell, clock }: AlertNeeds): Router {
  const router = Router();
  router.get("/alerts", async (_req, res) => {
    const [shell, rows] = await Promise.all([readShell(), alerts.listAlerts(ALERTS_SHOWN)]);
    res.type("html").send(alertsScreen(shell, { rows, now: clock.now() }));
  });
  return router;
}
