import { createBullBoard } from "@bull-board/api";
import type { BaseAdapter } from "@bull-board/api/baseAdapter";
import { ExpressAdapter } from "@bull-board/express";
import { Router } from "express";
import { PING_MS, type ShellReader } from "./read-shell.ts";
import { troubleScreen } from "./screens/trouble-screen.ts";

export interface QueueBoardNeeds {
  readonly adapters: readonly BaseAdapter[];
  readonly readShell: ShellReader;
}

const PATH = "/board";

/**
 * Bull Board, which shows the tickets as the queue sees them. Read-only: its buttons would change the queue behind
 * Postgres' back. While the queue is away it would only show an endless spinner, so our own screen stands in.
 */
export function queueBoard({ adapters, readShell }: QueueBoardNeeds): Router {
  const serverAdapter = new ExpressAdapter().setBasePath(PATH);
  createBullBoard({
    queues: adapters,
    serverAdapter,
    options: {
      uiConfig: {
        boardTitle: "Millrace queues",
        boardLogo: { path: "/assets/millrace.svg", width: 28, height: 28 },
        favIcon: { default: "/assets/millrace.svg", alternative: "/assets/millrace.svg" },
        miscLinks: [{ text: "Jobs (Postgres)", url: "/" }],
        hideDocsLink: true,
        hideRedisDetails: true,
        showWorkers: false,
        locale: { lng: "en-US" },
      },
    },
  });
  const router = Router();
  router.use(PATH, (req, res, next) => {
    // the adapters are read-only too, but some of the board's routes answer 200 and leave it to each queue
    if (req.method === "GET" || req.method === "HEAD") next();
    else res.status(405).set("Allow", "GET, HEAD").json({ error: "the board only shows" });
  });
  router.use(PATH, async (req, res, next) => {
    if (req.path.startsWith("/static/")) return next();
    const shell = await readShell();
    if (shell.isQueueUp) return next();
    const text = `The queue did not answer within ${PING_MS} ms. Jobs are safe in Postgres and go on when it is back.`;
    if (req.path.startsWith("/api/")) res.status(503).json({ error: text });
    else
      res
        .status(503)
        .type("html")
        .send(troubleScreen(shell, { title: "The queue is away", text }));
  });
  router.use(PATH, serverAdapter.getRouter());
  return router;
}
