import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { migrate } from "@millrace/db";
import { freePort, keptPassword } from "@millrace/embedded";
import type { CliConfig } from "../config.ts";
import type { Terminal } from "../terminal.ts";
import { type ChildProgram, type ProgramEvents, startProgram } from "./child-program.ts";
import { gitSha } from "./git-sha.ts";
import { endLeftovers, findRunning, type InstanceFile, openInstanceFile } from "./instance-file.ts";
import { ensureLocalKey } from "./local-key.ts";
import { readableLine } from "./log-line.ts";
import { programSpecs } from "./program-specs.ts";
import { type Stores, startStores } from "./start-stores.ts";

export interface Instance {
  readonly apiUrl: string;
  readonly dashboardUrl: string;
  readonly dashboardPassword: string;
  readonly apiKey: string;
  readonly how: readonly string[];
  /** API first, so nothing new comes in; then the workers finish; then the rest, the stores last. */
  stop(): Promise<void>;
  /** Ends the programs at once; what was cut off is picked up by the next start. `stop` does the rest. */
  kill(): void;
}

export interface BringUpOptions {
  readonly config: CliConfig;
  readonly terminal: Terminal;
  readonly workers: number;
  readonly logLevel: string;
  readonly allowLoopback: boolean;
  readonly signal: AbortSignal;
}

const READY_MS = 60_000;

function eventsFor({ terminal }: BringUpOptions, file: InstanceFile): ProgramEvents {
  const { colour } = terminal;
  const names: string[] = [];
  const prefix = (name: string): string => {
    if (!names.includes(name)) names.push(name);
    return colour.tint(names.indexOf(name), name.padEnd(9));
  };
  return {
    onLine: (name, line) => terminal.say(`${prefix(name)} ${colour.dim("│")} ${readableLine(line, colour)}`),
    onStarted: (name, pid) => file.addProgram(name, pid),
    onDied: (name, how, restartInMs) =>
      terminal.warn(`${name} ended unexpectedly (${how}); starting it again in ${restartInMs / 1_000} s`),
  };
}

async function waitUntilReady(name: string, url: string, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + READY_MS;
  for (let last = "no answer"; ; ) {
    signal.throwIfAborted();
    try {
      const response = await fetch(`${url}/ready`, { signal: AbortSignal.timeout(5_000) });
      if (response.ok) return;
      last = `${response.status} ${await response.text()}`;
    } catch (error) {
      last = (error as Error).message;
    }
    if (performance.now() > deadline) throw new Error(`${name} at ${url} is not ready: ${last}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function stopPrograms(programs: readonly ChildProgram[]): Promise<void> {
  const rank = (name: string): number => (name === "api" ? 0 : name.startsWith("worker") ? 1 : 2);
  for (const turn of [0, 1, 2]) {
    await Promise.all(programs.filter(({ name }) => rank(name) === turn).map((program) => program.stop()));
  }
}

async function choosePort(wanted: number, what: string, terminal: Terminal): Promise<number> {
  const port = await freePort(wanted);
  if (port !== wanted) terminal.warn(`Port ${wanted} is taken; the ${what} listens on ${port} instead`);
  return port;
}

interface Parts {
  stores: Stores | undefined;
  readonly programs: ChildProgram[];
  readonly file: InstanceFile;
}

async function startParts(options: BringUpOptions, parts: Parts) {
  const { config, terminal, signal } = options;
  const stores = await startStores(config, (text) => terminal.say(`${text} …`));
  parts.stores = stores;
  signal.throwIfAborted();
  await migrate(stores.databaseUrl);
  const apiKey = await ensureLocalKey(stores.databaseUrl, config.dataDir);
  const dashboardPassword =
    config.DASHBOARD_PASSWORD ?? (await keptPassword(join(config.dataDir, "dashboard-password")));
  const specs = programSpecs({
    root: config.root,
    inherited: config.inherited,
    gitSha: await gitSha(config.root),
    databaseUrl: stores.databaseUrl,
    redisUrl: stores.redisUrl,
    blobUrl: config.BLOB_URL ?? pathToFileURL(join(config.dataDir, "blobs")).href,
    spoolFolder: join(config.dataDir, "spool"),
    workFolder: join(config.dataDir, "work"),
    apiPort: await choosePort(config.PORT, "API", terminal),
    dashboardPort: await choosePort(config.DASHBOARD_PORT, "dashboard", terminal),
    dashboardPassword,
    workers: options.workers,
    logLevel: options.logLevel,
    allowLoopback: options.allowLoopback,
  });
  const events = eventsFor(options, parts.file);
  const results = await Promise.allSettled(specs.map((spec) => startProgram(spec, events)));
  for (const result of results) if (result.status === "fulfilled") parts.programs.push(result.value);
  const failed = results.find((result) => result.status === "rejected");
  if (failed !== undefined) throw failed.reason;
  const urlOf = (name: string): string =>
    `http://127.0.0.1:${parts.programs.find((program) => program.name === name)?.port()}`;
  await Promise.all(parts.programs.map(({ name }) => waitUntilReady(name, urlOf(name), signal)));
  const urls = { apiUrl: urlOf("api"), dashboardUrl: urlOf("dashboard") };
  await parts.file.setUrls(urls);
  return { ...urls, apiKey, dashboardPassword, how: stores.how };
}

/** Stores, schema, key, programs: everything a newcomer needs, in one data folder. */
export async function bringUp(options: BringUpOptions): Promise<Instance> {
  const { dataDir } = options.config;
  await mkdir(dataDir, { recursive: true });
  const running = await findRunning(dataDir);
  if (running !== undefined) {
    const where = running.apiUrl === null ? "still starting" : running.apiUrl;
    throw new Error(
      `Millrace is already up in ${dataDir} (pid ${running.launcher.pid}, ${where}). Stop that one first.`,
    );
  }
  await endLeftovers(dataDir, (line) => options.terminal.say(line));
  const parts: Parts = { stores: undefined, programs: [], file: await openInstanceFile(dataDir) };
  const stop = async (): Promise<void> => {
    await stopPrograms(parts.programs);
    await parts.stores?.stop();
    await parts.file.remove();
  };
  try {
    const started = await startParts(options, parts);
    const kill = (): void => {
      for (const program of parts.programs) program.kill();
    };
    return { ...started, stop, kill };
  } catch (error) {
    await stop();
    throw error;
  }
}
