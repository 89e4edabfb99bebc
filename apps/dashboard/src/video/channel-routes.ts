import type { Clock } from "@millrace/core";
import { Router } from "express";
import type { ShellReader } from "../read-shell.ts";
import { channelsScreen } from "../screens/channels-screen.ts";
import { libraryScreen } from "../screens/library-screen.ts";
import { filterOf, pageOf, parseTaskQuery } from "./task-query.ts";
import type { TaskReader } from "./task-reader.ts";

export interface ChannelNeeds {
  readonly tasks: TaskReader;
  readonly readShell: ShellReader;
  readonly clock: Clock;
}

const DAY_MS = 86_400_000;
/** Videos on a page of the library. */
const SHELF = 12;

/** The channels with what they have room for and spend, and what was published. */
export function channelRoutes({ tasks, readShell, clock }: ChannelNeeds): Router {
  const router = Router();
  router.get("/channels", async (_req, res) => {
    const now = clock.now();
    const day = new Date(Math.floor(now.getTime() / DAY_MS) * DAY_MS);
    const monday = new Date(day.getTime() - ((day.getUTCDay() + 6) % 7) * DAY_MS);
    const costs = (from: Date) => tasks.sumCosts({ ownerId: null, from, to: now, by: "all" });
    const [shell, channels, today, week] = await Promise.all([
      readShell(),
      tasks.listVideoChannels(null),
      costs(day),
      costs(monday),
    ]);
    res.type("html").send(channelsScreen(shell, { channels, today, week }));
  });
  router.get("/library", async (req, res) => {
    const { channel, after } = parseTaskQuery(req.query);
    const filter = filterOf({ group: "published", channel, after }, SHELF);
    const [shell, channels, rows] = await Promise.all([
      readShell(),
      tasks.listVideoChannels(null),
      tasks.listTasks(filter),
    ]);
    const page = pageOf(rows, SHELF);
    const videos = await Promise.all(page.tasks.map(async (task) => ({ task, units: await tasks.unitsOf(task.id) })));
    const isFirstPage = after === undefined;
    res
      .type("html")
      .send(libraryScreen(shell, { videos, channels, channel, after: page.after, isFirstPage, now: clock.now() }));
  });
  return router;
}
