import type { Finding, JobStore, LaneCounts, LaneLimits, LaneSetting } from "@millrace/core";
import { checkWork, createJobStore, type Database } from "@millrace/db";
import { compareTickets, type TicketComparison } from "@millrace/engine";
import type { ConnectedQueue } from "@millrace/queue";
import { differenceOf } from "../lanes/difference-of.ts";
import { lookWithin } from "./look-within.ts";

/** What waits longer than this although its time has come is stuck. */
const STUCK_MS = 60_000;
const LIMIT_MS = 10_000;
const COMPARE_MS = 30_000;
/** Beyond this the queue's memory and the time to rebuild it grow past what is planned for. */
const LARGE_WINDOW = 100_000;

/** Whether work moves. `queue` is undefined where it could not be reached. */
export async function examineWork(db: Database, queue: ConnectedQueue | undefined): Promise<readonly Finding[]> {
  const store = createJobStore(db);
  const about = (check: string, subject: string, limitMs = LIMIT_MS) =>
    ({ check, subject, limitMs, severity: "warning", fix: "See what is said of Postgres and the queue." }) as const;
  const found = await Promise.all([
    lookWithin(about("work", "The record of jobs"), () => checkWork(db, { lateMs: STUCK_MS })),
    lookWithin(about("lanes", "The lanes' settings"), () => examineLanes(store, queue)),
    queue === undefined
      ? []
      : lookWithin(about("tickets", "The comparison of queue and jobs", COMPARE_MS), async () => [
          judgeTickets(await compareTickets({ store, queue, graceMs: STUCK_MS, isRepairing: false })),
        ]),
  ]);
  return found.flat();
}

async function examineLanes(store: JobStore, queue: ConnectedQueue | undefined): Promise<readonly Finding[]> {
  const settings = await store.laneSettings();
  return Promise.all(
    settings.map(async (setting) => {
      const [counts, enforced] = await Promise.all([
        queue?.counts(setting.lane).catch(() => undefined),
        queue?.limits(setting.lane).catch(() => undefined),
      ]);
      return judgeLane(setting, counts, enforced);
    }),
  );
}

export function judgeLane(setting: LaneSetting, counts?: LaneCounts, enforced?: LaneLimits): Finding {
  const { lane, isPaused, concurrency, windowTickets } = setting;
  const check = `lane_${lane}`;
  const warn = (message: string, fix: string): Finding => ({ check, severity: "warning", message, fix });
  const differs = enforced === undefined ? [] : differenceOf(setting, enforced);
  if (differs.length > 0) {
    return warn(
      `The queue does not follow the settings: ${differs.join(", ")}`,
      "The leader does that within seconds: see that a worker is up, and ask again.",
    );
  }
  if (isPaused) {
    const waiting = counts === undefined ? "" : `, ${counts.waiting + counts.delayed} tickets wait`;
    return warn(`${lane} is paused${waiting}`, `millrace lanes resume ${lane}`);
  }
  if (concurrency !== null && windowTickets < concurrency) {
    return warn(
      `${lane} holds ${windowTickets} tickets, fewer than the ${concurrency} jobs it may run at a time`,
      `millrace lanes set ${lane} --window ${concurrency * 4}`,
    );
  }
  if (windowTickets > LARGE_WINDOW) {
    return warn(
      `${lane} may hold ${windowTickets} tickets: Redis' memory and a rebuild after its loss grow with that`,
      `millrace lanes set ${lane} --window 10000`,
    );
  }
  return { check, severity: "ok", message: `${lane} runs; ${windowTickets} tickets at most` };
}

export function judgeTickets({ rows, tickets, differences }: TicketComparison): Finding {
  const check = "tickets";
  const lost = differences.missing.found + differences.wrong_state.found;
  const idle = differences.extra.found + differences.stale.found + differences.orphaned.found;
  if (lost > 0) {
    return {
      check,
      severity: "warning",
      message: `${lost} jobs have been waiting for more than a minute for a ticket the queue does not have`,
      fix: "The leader repairs this by itself: see that a worker is up, or run millrace reconcile --apply.",
    };
  }
  if (idle > 0) {
    const message = `${idle} tickets in the queue mean nothing to any job; they come to nothing when their turn comes`;
    return { check, severity: "warning", message, fix: "millrace reconcile --apply takes them out." };
  }
  return { check, severity: "ok", message: `${tickets} tickets in the queue; ${rows} jobs that want one have it` };
}
