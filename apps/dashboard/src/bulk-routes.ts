import { type Clock, JOB_STATUSES } from "@millrace/core";
import type { ExtractionStore } from "@millrace/db";
import { Router } from "express";
import { z } from "zod";
import type { ShellReader } from "./read-shell.ts";
import { bulkScreen, FILES_PAGE } from "./screens/bulk-screen.ts";
import { BULKS_PAGE, bulksScreen } from "./screens/bulks-screen.ts";
import { troubleScreen } from "./screens/trouble-screen.ts";

/** What the console reads of batches. */
export type BulkReader = Pick<ExtractionStore, "findBulk" | "listBulks" | "listBulkFiles">;

export interface BulkNeeds {
  readonly bulks: BulkReader;
  readonly readShell: ShellReader;
  readonly clock: Clock;
}

const listQuery = z.object({
  after: z.templateLiteral([z.int().nonnegative(), "~", z.uuid()]).optional().catch(undefined),
});
const filesQuery = z.object({
  status: z.enum(JOB_STATUSES).optional().catch(undefined),
  after: z.coerce.number().int().min(0).max(2_147_483_646).optional().catch(undefined),
});

/** Batches of extractions, for people. What makes no sense in an address is left out. */
export function bulkRoutes({ bulks, readShell, clock }: BulkNeeds): Router {
  const router = Router();
  router.get("/bulk", async (req, res) => {
    const [createdAtMs, id] = listQuery.parse(req.query).after?.split("~") ?? [];
    const after =
      createdAtMs === undefined || id === undefined ? undefined : { createdAt: new Date(Number(createdAtMs)), id };
    const [shell, rows] = await Promise.all([
      readShell(),
      bulks.listBulks({ ownerId: null, limit: BULKS_PAGE + 1, after }),
    ]);
    res.type("html").send(bulksScreen(shell, { rows, isFirstPage: after === undefined, now: clock.now() }));
  });
  router.get("/bulk/:id", async (req, res) => {
    const { status, after } = filesQuery.parse(req.query);
    const [shell, bulk, files] = await Promise.all([
      readShell(),
      bulks.findBulk(req.params.id, null),
      bulks.listBulkFiles({ bulkId: req.params.id, status, limit: FILES_PAGE + 1, afterIndex: after }),
    ]);
    if (bulk === undefined) {
      const text = "It never existed, or it ended so long ago that it was deleted.";
      res
        .status(404)
        .type("html")
        .send(troubleScreen(shell, { title: "No such batch", text }));
      return;
    }
    res.type("html").send(bulkScreen(shell, { bulk, files, status, after, now: clock.now() }));
  });
  return router;
}
