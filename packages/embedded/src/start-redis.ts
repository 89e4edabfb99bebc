import { spawn } from "node:child_process";
import { mkdir, open, realpath } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { EmbeddedStore } from "./embedded-store.ts";
import { freePort } from "./free-port.ts";
import { commandLineOf, waitForExit } from "./live-process.ts";
import { narrate, type OnProgress } from "./narrate.ts";
import { keptPassword, readIfThere, writePrivately } from "./private-file.ts";
import { findRedisBinary } from "./redis-binary.ts";
import type { RedisBinary } from "./redis-version.ts";
import { askRedis } from "./resp.ts";

export interface StartRedisOptions {
  readonly dataDir: string;
  /** Where a private copy of the server is kept once it has been made. */
  readonly cacheDir: string;
  /** False keeps nothing on disk: tests only. */
  readonly durable?: boolean;
  /** False ignores a server on PATH, to prove the private copy. */
  readonly useInstalled?: boolean;
  readonly onProgress?: OnProgress;
}

/** A large append-only file is replayed before the server answers. */
const START_MS = 60_000;
const STOP_MS = 15_000;

interface Place {
  readonly folder: string;
  readonly password: string;
  readonly configFile: string;
  readonly portFile: string;
  readonly pidFile: string;
}

async function placeIn(dataDir: string): Promise<Place> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const folder = await realpath(dataDir);
  return {
    folder,
    password: await keptPassword(join(folder, "password")),
    configFile: join(folder, "redis.conf"),
    portFile: join(folder, "port"),
    pidFile: join(folder, "pid"),
  };
}

function urlOf({ password }: Place, port: number): string {
  return `redis://:${password}@127.0.0.1:${port}`;
}

type Look = { readonly state: "ready"; readonly pid: number } | { readonly state: "loading" | "absent" };

/** Asks whoever listens there who it is. Only a server that knows our password and works in our folder is ours. */
async function look(place: Place, port: number): Promise<Look> {
  try {
    const commands = [["PING"], ["CONFIG", "GET", "dir"], ["INFO", "server"]];
    const [ping, dir, server] = await askRedis(urlOf(place, port), commands);
    if (ping instanceof Error) return { state: ping.message.startsWith("LOADING") ? "loading" : "absent" };
    const pid = Number(/process_id:(\d+)/.exec(String(server))?.[1]);
    const isOurs = Array.isArray(dir) && dir[1] === place.folder && Number.isInteger(pid);
    return isOurs ? { state: "ready", pid } : { state: "absent" };
  } catch {
    return { state: "absent" };
  }
}

async function keptNumber(file: string): Promise<number | undefined> {
  return Number(await readIfThere(file)) || undefined;
}

/** The process that was started for this folder, if it lives: two servers on one append-only file would ruin it. */
async function holderOf(place: Place): Promise<number | undefined> {
  const pid = await keptNumber(place.pidFile);
  if (pid === undefined) return undefined;
  const commandLine = await commandLineOf(pid);
  return commandLine && /redis|valkey/.test(commandLine) ? pid : undefined;
}

async function adopt(place: Place): Promise<{ readonly pid: number; readonly port: number } | undefined> {
  const port = await keptNumber(place.portFile);
  const holder = await holderOf(place);
  const deadline = performance.now() + START_MS;
  while (port !== undefined) {
    const seen = await look(place, port);
    if (seen.state === "ready") return { pid: seen.pid, port };
    if (holder === undefined || (await commandLineOf(holder)) === undefined) return undefined;
    if (performance.now() > deadline) {
      throw new Error(`A Redis with pid ${holder} holds ${place.folder} but does not answer. End it and start again.`);
    }
    await pause(100);
  }
  return undefined;
}

function configuration(place: Place, port: number, durable: boolean): string {
  const quoted = (path: string): string => JSON.stringify(path);
  const lines = [
    "bind 127.0.0.1",
    `port ${port}`,
    "protected-mode yes",
    `requirepass ${place.password}`,
    `dir ${quoted(place.folder)}`,
    `logfile ${quoted(join(place.folder, "server.log"))}`,
    "daemonize no",
    'save ""',
    durable ? "appendonly yes" : "appendonly no",
    "appendfsync everysec",
    "maxmemory-policy noeviction",
    // The name every version since 6.2 knows; newer ones call it hash-max-listpack-value.
    "hash-max-ziplist-value 512",
  ];
  return `${lines.join("\n")}\n`;
}

/** In a process group of its own: Ctrl-C in the terminal must not reach it before the workers drained. */
async function spawnServer(place: Place, binary: RedisBinary): Promise<{ pid: number; hasExited(): boolean }> {
  const output = await open(join(place.folder, "server.log"), "a", 0o600);
  try {
    const library = binary.libraryPath === undefined ? [] : [`LD_LIBRARY_PATH=${binary.libraryPath}`];
    const child = spawn("env", [...library, binary.command, place.configFile], {
      cwd: place.folder,
      detached: true,
      stdio: ["ignore", output.fd, output.fd],
    });
    await new Promise<void>((resolve, reject) => child.once("spawn", resolve).once("error", reject));
    child.unref();
    const pid = child.pid as number;
    await writePrivately(place.pidFile, `${pid}\n`);
    return { pid, hasExited: () => child.exitCode !== null || child.signalCode !== null };
  } finally {
    await output.close();
  }
}

async function launch(place: Place, binary: RedisBinary, durable: boolean): Promise<{ pid: number; port: number }> {
  const port = await freePort(await keptNumber(place.portFile));
  await writePrivately(place.configFile, configuration(place, port, durable));
  await writePrivately(place.portFile, `${port}\n`);
  const server = await spawnServer(place, binary);
  const deadline = performance.now() + START_MS;
  for (;;) {
    const seen = await look(place, port);
    if (seen.state === "ready") return { pid: seen.pid, port };
    if (server.hasExited() || performance.now() > deadline) {
      const log = (await readIfThere(join(place.folder, "server.log"))) ?? "";
      throw new Error(`Redis did not start in ${place.folder}:\n${log.trimEnd().split("\n").slice(-8).join("\n")}`);
    }
    await pause(10);
  }
}

/** A polite end writes the rest of the append-only file. */
async function stopServer(pid: number): Promise<void> {
  const signal = (name: NodeJS.Signals): void => {
    try {
      process.kill(pid, name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  };
  signal("SIGTERM");
  if (await waitForExit(pid, STOP_MS)) return;
  signal("SIGKILL");
  if (!(await waitForExit(pid, 5_000))) throw new Error(`Redis (pid ${pid}) did not stop`);
}

/**
 * A private Redis in this folder, on loopback only. A server that an earlier start left running here is taken over.
 * Where no Redis can be had the answer says why: the caller decides what to do without one.
 */
export async function startRedis(
  options: StartRedisOptions,
): Promise<EmbeddedStore | { readonly unavailable: string }> {
  const place = await placeIn(options.dataDir);
  const found = await narrate(options.onProgress, "Waiting for the Redis that is running", adopt(place));
  const binary = found === undefined ? await findRedisBinary(options) : { how: "Redis", command: "" };
  if ("unavailable" in binary) return binary;
  const starting = found ?? launch(place, binary, options.durable ?? true);
  const { pid, port } = await narrate(options.onProgress, "Starting Redis", Promise.resolve(starting));
  return { url: urlOf(place, port), adopted: found !== undefined, how: binary.how, pid, stop: () => stopServer(pid) };
}
