import { userInfo } from "node:os";
import type { Lane, LaneChange, LaneCounts, LaneLimits, LaneSetting } from "@millrace/core";
import type { ConnectedQueue } from "@millrace/queue";
import type { CliConfig } from "../config.ts";
import { differenceOf } from "../lanes/difference-of.ts";
import { rateText } from "../lanes/parse-limits.ts";
import type { Terminal } from "../terminal.ts";
import { withStores } from "../with-stores.ts";

/** What the rows say of a lane, and what the queue does; null when the queue cannot be asked. */
interface LaneView {
  readonly setting: LaneSetting;
  readonly counts: LaneCounts | null;
  readonly enforced: LaneLimits | null;
}

export function listLanes(config: CliConfig, terminal: Terminal, options: { readonly json: boolean }): Promise<void> {
  const quiet = options.json ? { ...terminal, say: terminal.warn } : terminal;
  return withStores(config, quiet, async ({ store, queue }) => {
    const settings = await store.laneSettings();
    const views = await Promise.all(settings.map((setting) => viewOf(setting, queue)));
    if (options.json) terminal.say(JSON.stringify({ lanes: views.map(jsonOf) }, null, 2));
    else show(views, terminal);
  });
}

/** Writes the change to the record; whoever leads makes the queue follow. */
export function changeLane(config: CliConfig, terminal: Terminal, lane: Lane, change: LaneChange): Promise<void> {
  return withStores(config, terminal, async ({ store, keys }) => {
    const before = (await store.laneSettings()).find((setting) => setting.lane === lane);
    const after = await store.changeLane(lane, change);
    const details = { lane, before: before === undefined ? null : limitsOf(before), after: limitsOf(after) };
    await keys.recordAudit({ event: "audit.lane_change", actor: `cli:${userInfo().username}`, details });
    terminal.say(`${lane}: ${describe(after)}`);
    terminal.say("Kept. The leader makes the queue follow within seconds.");
  });
}

async function viewOf(setting: LaneSetting, queue: ConnectedQueue): Promise<LaneView> {
  const [counts, enforced] = await Promise.all([
    queue.counts(setting.lane).catch(() => null),
    queue.limits(setting.lane).catch(() => null),
  ]);
  return { setting, counts, enforced };
}

function limitsOf({ isPaused, concurrency, rateLimit, windowTickets }: LaneSetting) {
  return { is_paused: isPaused, concurrency, rate: rateText(rateLimit), window_tickets: windowTickets };
}

function describe({ isPaused, concurrency, rateLimit, windowTickets }: LaneSetting): string {
  const state = isPaused ? "paused" : "running";
  return `${state}, concurrency ${concurrency ?? "none"}, rate ${rateText(rateLimit)}, window ${windowTickets}`;
}

function jsonOf({ setting, counts, enforced }: LaneView) {
  const { lane } = setting;
  const differs = enforced === null ? null : differenceOf(setting, enforced);
  return { lane, ...limitsOf(setting), queue: counts, not_enforced: differs };
}

const COLUMNS = ["lane", "state", "waiting", "held", "delayed", "concurrency", "rate", "window"] as const;

function show(views: readonly LaneView[], { say, warn, colour }: Terminal): void {
  const rows = views.map(({ setting, counts }) => [
    setting.lane,
    setting.isPaused ? "paused" : "running",
    String(counts?.waiting ?? "?"),
    String(counts?.active ?? "?"),
    String(counts?.delayed ?? "?"),
    String(setting.concurrency ?? "none"),
    rateText(setting.rateLimit),
    String(setting.windowTickets),
  ]);
  const widths = COLUMNS.map((name, i) => Math.max(name.length, ...rows.map((row) => row[i]!.length)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join("  ")
      .trimEnd();
  say(colour.bold(line(COLUMNS)));
  for (const row of rows) say(line(row));
  if (views.some(({ enforced }) => enforced === null)) warn("The queue does not answer: these are the kept settings.");
  for (const { setting, enforced } of views) {
    const differs = enforced === null ? [] : differenceOf(setting, enforced);
    if (differs.length === 0) continue;
    warn(
      `${setting.lane}: the queue does not follow yet (${differs.join(", ")}). The leader does that; is a worker up?`,
    );
  }
}
