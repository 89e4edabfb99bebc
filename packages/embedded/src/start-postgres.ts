import { rm } from "node:fs/promises";
import { totalmem } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { EmbeddedStore } from "./embedded-store.ts";
import { freePort } from "./free-port.ts";
import { commandLineOf, waitForExit } from "./live-process.ts";
import { narrate, type OnProgress } from "./narrate.ts";
import { findPostgresBinaries, type PostgresBinaries } from "./postgres-binaries.ts";
import { type Cluster, DATABASE, prepareCluster, SERVER_ENV } from "./postgres-cluster.ts";
import { readIfThere, writePrivately } from "./private-file.ts";
import { type CommandResult, runCommand } from "./run-command.ts";
import { removeStaleLock } from "./stale-postmaster.ts";
import { type RunAs, serverAccount } from "./unprivileged.ts";

export interface StartPostgresOptions {
  readonly dataDir: string;
  /** False trades crash safety for speed: tests only. */
  readonly durable?: boolean;
  readonly maxConnections?: number;
  readonly onProgress?: OnProgress;
}

/** Recovery after a hard kill replays the log first; a large one takes a while. */
const START_SECONDS = 120;
const STOP_SECONDS = 60;
const ORPHANS_LEAVE_WITHIN_MS = 10_000;

interface Running {
  readonly pid: number;
  readonly port: number;
  readonly isReady: boolean;
}

/** Lines of postmaster.pid: 1 pid, 4 port, 8 status. Undefined unless that process is a server of this very folder. */
async function runningServer(cluster: Cluster): Promise<Running | undefined> {
  const lines = (await readIfThere(join(cluster.folder, "postmaster.pid")))?.split("\n");
  const pid = Number(lines?.[0]);
  if (lines === undefined || !Number.isInteger(pid) || pid <= 1) return undefined;
  const commandLine = await commandLineOf(pid);
  if (!commandLine?.includes(cluster.folder)) return undefined;
  return { pid, port: Number(lines[3]), isReady: lines[7]?.trim() === "ready" };
}

async function waitUntilReady(cluster: Cluster): Promise<Running | undefined> {
  const deadline = performance.now() + START_SECONDS * 1_000;
  for (;;) {
    const running = await runningServer(cluster);
    if (running === undefined || running.isReady) return running;
    if (performance.now() > deadline) {
      throw new Error(`The Postgres with pid ${running.pid} in ${cluster.folder} runs but does not become ready`);
    }
    await pause(50);
  }
}

/** An eighth of the machine's memory, as it is not Postgres' alone: 128 MB, which is its own default, to 512 MB. */
function sharedBuffers(memoryBytes: number): string {
  return `${Math.round(Math.min(512, Math.max(128, memoryBytes / 8 / 1_048_576)))}MB`;
}

function serverOptions(port: number, durable: boolean, maxConnections: number): string {
  const settings: Record<string, string | number> = {
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "''",
    max_connections: maxConnections,
    timezone: "UTC",
    log_timezone: "UTC",
    log_checkpoints: "off",
    ...(durable
      ? { shared_buffers: sharedBuffers(totalmem()) }
      : { fsync: "off", synchronous_commit: "off", full_page_writes: "off", max_wal_size: "256MB" }),
  };
  const pairs = Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`);
  return [`-p ${port}`, ...pairs].join(" ");
}

interface Launch {
  readonly binaries: PostgresBinaries;
  readonly cluster: Cluster;
  readonly runAs: RunAs;
}

function control({ binaries, cluster, runAs }: Launch, args: readonly string[]): Promise<CommandResult> {
  return runCommand(binaries.pgCtl, ["-D", cluster.folder, "-w", ...args], {
    ...runAs,
    cwd: "/",
    env: SERVER_ENV,
    timeoutMs: (START_SECONDS + 10) * 1_000,
  });
}

/** Why the server would not start, as far as waiting or clearing up can help. */
type Obstacle = "sessions" | "lock" | "port" | "other";

function obstacleIn(log: string): Obstacle {
  if (log.includes("shared memory block")) return "sessions";
  if (log.includes('"postmaster.pid" already exists')) return "lock";
  return log.includes("Address already in use") ? "port" : "other";
}

/** pg_ctl detaches the server, so a Ctrl-C in the terminal does not close the database before the workers drained. */
async function launch(place: Launch, options: StartPostgresOptions): Promise<void> {
  const { cluster } = place;
  const log = join(cluster.folder, "server.log");
  const deadline = performance.now() + ORPHANS_LEAVE_WITHIN_MS;
  for (;;) {
    const port = await freePort(Number(await readIfThere(cluster.portFile)) || undefined);
    await writePrivately(cluster.portFile, `${port}\n`);
    await rm(log, { force: true });
    const settings = serverOptions(port, options.durable ?? true, options.maxConnections ?? 200);
    const result = await control(place, ["-l", log, "-t", String(START_SECONDS), "-o", settings, "start"]);
    if (result.exitCode === 0) return;
    const text = (await readIfThere(log)) ?? "";
    const obstacle = obstacleIn(text);
    // Someone else started it between our look and our attempt: that server is as good.
    if (obstacle === "lock" && (await runningServer(cluster)) !== undefined) return;
    const isLate = performance.now() > deadline;
    const isCleared = obstacle === "lock" && (await removeStaleLock(cluster.folder, isLate));
    if (obstacle === "other" || (isLate && !isCleared)) {
      const tail = text.trimEnd().split("\n").slice(-8).join("\n");
      throw new Error(`Postgres did not start in ${cluster.folder}:\n${result.output}\n${tail}`);
    }
    await pause(isCleared ? 0 : 200);
  }
}

async function stopServer(place: Launch): Promise<void> {
  const running = await runningServer(place.cluster);
  if (running === undefined) return;
  const fast = await control(place, ["-m", "fast", "-t", String(STOP_SECONDS), "stop"]);
  if (fast.exitCode !== 0) await control(place, ["-m", "immediate", "-t", "10", "stop"]);
  if (!(await waitForExit(running.pid, 5_000))) throw new Error(`Postgres (pid ${running.pid}) did not stop`);
}

/**
 * A private Postgres in this folder, on loopback only. A server that an earlier start left running here is taken
 * over; one that was killed recovers its data on the way up.
 */
export async function startPostgres(options: StartPostgresOptions): Promise<EmbeddedStore> {
  const runAs = serverAccount();
  const binaries = await findPostgresBinaries(runAs);
  const cluster = await narrate(
    options.onProgress,
    `Creating a Postgres data folder in ${options.dataDir}`,
    prepareCluster(options.dataDir, binaries, runAs),
  );
  const place = { binaries, cluster, runAs };
  const found = await narrate(options.onProgress, "Waiting for the Postgres that is running", waitUntilReady(cluster));
  if (found === undefined) await narrate(options.onProgress, "Starting Postgres", launch(place, options));
  const running = found ?? (await waitUntilReady(cluster));
  if (running === undefined) throw new Error(`Postgres started in ${cluster.folder} and was gone at once`);
  const isElsewhere = !cluster.folder.startsWith(resolve(options.dataDir));
  const elsewhere = isElsewhere ? `, its data in ${cluster.folder} because others may not enter this folder` : "";
  return {
    url: `postgres://${DATABASE}:${cluster.password}@127.0.0.1:${running.port}/${DATABASE}`,
    adopted: found !== undefined,
    how: `embedded Postgres ${binaries.version.split("-")[0]}${elsewhere}`,
    pid: running.pid,
    stop: () => stopServer(place),
  };
}
