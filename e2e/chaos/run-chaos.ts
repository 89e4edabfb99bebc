import { spawn } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stopWhenOrphaned, until } from "@millrace/testing";
import { createClient } from "./client.ts";
import { type Deployment, startDeployment } from "./deployment.ts";
import { drain } from "./drain.ts";
import { GUARDS, type Guard, type GuardName, withoutGuard } from "./guards.ts";
import { startLoad } from "./load.ts";
import { describePlan, type Focus, planFaults } from "./plan-faults.ts";
import { seededRandom } from "./random.ts";
import { countsOf, explain, type Judged, judge, table } from "./report.ts";
import { heal, runFaults } from "./run-faults.ts";
import { leftTickets, readRun } from "./run-record.ts";
import { startSink } from "./sink.ts";
import { emptyTimeline } from "./timeline.ts";

export interface ChaosOptions {
  readonly seed: number;
  readonly seconds: number;
  readonly without?: GuardName | undefined;
  readonly focus?: Focus | undefined;
  readonly isVerbose: boolean;
  readonly print: (line: string) => void;
  readonly signal: AbortSignal;
}

export interface ChaosResult {
  readonly seed: number;
  readonly isGreen: boolean;
  readonly verdicts: readonly Judged[];
  readonly counts: Readonly<Record<string, unknown>>;
}

const JOBS_PER_SECOND = 10;
const DRAIN_MS = 180_000;
const TICKETS_GONE_MS = 30_000;

/** Ends the processes of a run whose harness was killed; the stores have a watcher of their own. */
const KILL_MEMBERS = `
read -r _ && exit 0
for pid in $(cat "$0/pids"); do
  case "$(ps -o args= -p "$pid")" in *dist/main.js*) kill -KILL "$pid" ;; esac
done
`;

/** A folder whose processes end with this one, however it ends. */
export function runFolder(name: string): { readonly folder: string; release(): void } {
  const folder = mkdtempSync(join(tmpdir(), `millrace-${name}-`));
  chmodSync(folder, 0o755);
  writeFileSync(join(folder, "pids"), "");
  const stores = stopWhenOrphaned(folder);
  const watcher = spawn("sh", ["-c", KILL_MEMBERS, folder], { detached: true, stdio: ["pipe", "ignore", "ignore"] });
  watcher.unref();
  watcher.stdin.on("error", () => {});
  (watcher.stdin as unknown as { unref(): void }).unref();
  return {
    folder,
    release() {
      watcher.stdin.end("done\n");
      stores.release();
    },
  };
}

/** One run: start, load and faults, heal, drain, read the invariants. Rejects only where the harness itself failed. */
export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
  const { seed, seconds, without, focus, print, signal } = options;
  const plan = planFaults({ seed, seconds, focus });
  const startedAt = performance.now();
  const stamp = (): string => `${((performance.now() - startedAt) / 1_000).toFixed(1).padStart(7)} s`;
  const say = (text: string): void => {
    if (options.isVerbose) print(`${stamp()}  ${text}`);
  };
  if (options.isVerbose) for (const line of describePlan(plan)) print(line);

  const { folder, release } = runFolder("chaos");
  const random = seededRandom(seed);
  const timeline = emptyTimeline();
  const sink = await startSink(random.fork("sink"));
  const removed = without === undefined ? { execArgv: [], env: {} } : withoutGuard(without);
  const guard: Guard | undefined = without && GUARDS[without];
  let deployment: Deployment | undefined;
  let isGreen = false;
  try {
    deployment = await startDeployment({
      folder,
      sink,
      timeline,
      random: random.fork("restarts"),
      execArgv: removed.execArgv,
      env: removed.env,
      ...(guard?.prepare && { prepare: guard.prepare }),
      say,
    });
    say("everything is up");
    const { apiKey, apiBases } = deployment;
    const client = createClient({ bases: apiBases, apiKey, random: random.fork("client") });
    const load = startLoad({ client, random: random.fork("load"), seconds, jobsPerSecond: JOBS_PER_SECOND });
    const stopAsking = (): void => client.giveUp();
    signal.addEventListener("abort", stopAsking);
    await runFaults(plan, { deployment, timeline, say, signal });
    await heal(deployment);
    say("everything is healed");
    const givingUp = setTimeout(stopAsking, DRAIN_MS);
    await load.done;
    clearTimeout(givingUp);
    signal.throwIfAborted();
    const drained = await drain({ deployment, client, timeline, limitMs: DRAIN_MS, say });
    say(drained.isDrained ? "drained" : "NOT DRAINED");
    const { leftovers } = await waitForTickets(deployment, drained.isDrained);
    if (leftovers > 0) say(`${leftovers} tickets are left`);
    const run = await readRun(deployment, { client: client.record, drained, timeline, sink: sink.requests });
    const verdicts = judge(run);
    const counts = countsOf(run);
    isGreen = drained.isDrained && verdicts.every(({ violations }) => violations.length === 0);
    print(`\nseed ${seed}, ${seconds} s${without ? ` without ${without}` : ""}: ${isGreen ? "green" : "RED"}`);
    for (const line of table(verdicts)) print(line);
    print(JSON.stringify(counts));
    if (!isGreen) for (const line of explain(run, plan, verdicts, folder)) print(line);
    return { seed, isGreen, verdicts, counts };
  } finally {
    await deployment?.close();
    await sink.close();
    release();
    if (isGreen || signal.aborted || without !== undefined) rmSync(folder, { recursive: true, force: true });
    else print(`logs, stage log and data of this run: ${folder}`);
  }
}

/** Tickets of jobs that are over go when a worker looks at them, or when their lock runs out. */
async function waitForTickets(deployment: Deployment, isDrained: boolean): Promise<{ readonly leftovers: number }> {
  const count = async (): Promise<number> => (await leftTickets(deployment)).length;
  if (isDrained) {
    await until(async () => (await count()) === 0, { timeoutMs: TICKETS_GONE_MS, everyMs: 500 }).catch(() => {});
  }
  return { leftovers: await count() };
}
