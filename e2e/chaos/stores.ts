import { existsSync } from "node:fs";
import { chmod, cp, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  askRedis,
  type EmbeddedStore,
  freePort,
  type RedisReply,
  startPostgres,
  startRedis,
  waitForExit,
} from "@millrace/embedded";
import { until } from "@millrace/testing";
import { ROOT } from "./root.ts";

/** Below the ports the system gives to outgoing connections: nobody takes them while their server is down. */
const PORTS = { from: 20_000, to: 32_000 } as const;
const EXIT_MS = 20_000;
/** The files of Redis that are its memory. */
const REDIS_MEMORY = ["appendonlydir", "dump.rdb"];

export interface PostgresStore {
  readonly url: string;
  readonly port: number;
  /** Immediate shutdown: nothing is written, sessions break. */
  kill(): Promise<void>;
  start(): Promise<void>;
}

export interface RedisStore {
  readonly url: string;
  readonly port: number;
  kill(): Promise<void>;
  start(): Promise<void>;
  ask(...command: string[]): Promise<RedisReply>;
  /** Removes what is on disk; only while it is down. */
  forget(): Promise<void>;
  /** Keeps a copy of what is on disk now, for `recall`. */
  remember(): Promise<void>;
  /** Puts the oldest copy kept in place of what is on disk and lets go of it; only while it is down. False without one. */
  recall(): Promise<boolean>;
}

export interface Stores {
  readonly postgres: PostgresStore;
  readonly redis: RedisStore;
  stop(): Promise<void>;
}

async function chosenPort(): Promise<number> {
  for (;;) {
    const wanted = PORTS.from + Math.floor(Math.random() * (PORTS.to - PORTS.from));
    if ((await freePort(wanted)) === wanted) return wanted;
  }
}

async function end(pid: number, signal: NodeJS.Signals): Promise<void> {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
  if (!(await waitForExit(pid, EXIT_MS))) throw new Error(`the store with pid ${pid} outlived ${signal}`);
}

async function ownPostgres(dataDir: string): Promise<PostgresStore & { stop(): Promise<void> }> {
  await mkdir(dataDir, { recursive: true });
  await chmod(dataDir, 0o755);
  const port = await chosenPort();
  await writeFile(join(dataDir, "port"), `${port}\n`);
  const launch = async (): Promise<EmbeddedStore> => {
    const started = await startPostgres({ dataDir, maxConnections: 300 });
    if (Number(new URL(started.url).port) !== port)
      throw new Error(`port ${port} of Postgres was taken by somebody else`);
    return started;
  };
  let store = await launch();
  return {
    url: store.url,
    port,
    kill: () => end(store.pid, "SIGQUIT"),
    async start() {
      store = await launch();
    },
    stop: () => store.stop(),
  };
}

async function ownRedis(dataDir: string): Promise<RedisStore & { stop(): Promise<void> }> {
  await mkdir(dataDir, { recursive: true });
  const port = await chosenPort();
  await writeFile(join(dataDir, "port"), `${port}\n`);
  const launch = async (): Promise<EmbeddedStore> => {
    const started = await startRedis({ dataDir, cacheDir: join(ROOT, ".millrace", "cache") });
    if ("unavailable" in started) throw new Error(`the harness needs a Redis: ${started.unavailable}`);
    if (Number(new URL(started.url).port) !== port) throw new Error(`port ${port} of Redis was taken by somebody else`);
    return started;
  };
  let store = await launch();
  const url = store.url;
  const forget = async (): Promise<void> => {
    for (const name of REDIS_MEMORY) await rm(join(dataDir, name), { recursive: true, force: true });
  };
  const copies: string[] = [];
  let copied = 0;
  return {
    url,
    port,
    kill: () => end(store.pid, "SIGKILL"),
    async start() {
      store = await launch();
    },
    async ask(...command) {
      const [reply] = await askRedis(url, [command], 5_000);
      if (reply instanceof Error) throw reply;
      return reply ?? null;
    },
    forget,
    async remember() {
      copied += 1;
      const copy = join(dataDir, `copy-${copied}`);
      // a copy of files that are being written ends somewhere in the middle: what Redis finds after a crash
      for (const name of REDIS_MEMORY) {
        await cp(join(dataDir, name), join(copy, name), { recursive: true }).catch(() => {});
      }
      // none where nothing was on disk at that moment
      if (existsSync(copy)) copies.push(copy);
    },
    async recall() {
      const copy = copies.shift();
      if (copy === undefined) return false;
      await forget();
      await cp(copy, dataDir, { recursive: true });
      return true;
    },
    stop: () => store.stop(),
  };
}

/** A Postgres and a Redis of the run's own, durable, each on a port it keeps through every restart. */
export async function startStores(folder: string): Promise<Stores> {
  const postgres = await ownPostgres(join(folder, "postgres"));
  const redis = await ownRedis(join(folder, "redis")).catch(async (error: unknown) => {
    await postgres.stop();
    throw error;
  });
  return {
    postgres,
    redis,
    async stop() {
      await Promise.allSettled([postgres.stop(), redis.stop()]);
    },
  };
}

/** Every key of Redis that matches, read page by page. */
export async function keysOf(redis: RedisStore, pattern: string): Promise<string[]> {
  const found: string[] = [];
  let cursor = "0";
  do {
    const [next, keys] = (await redis.ask("SCAN", cursor, "MATCH", pattern, "COUNT", "1000")) as [string, string[]];
    found.push(...keys);
    cursor = next;
  } while (cursor !== "0");
  return found;
}

/** Waits until Redis answers, as after a start that replays a long file. */
export async function whenAnswering(redis: RedisStore): Promise<void> {
  await until(async () => (await redis.ask("PING")) === "PONG", {
    timeoutMs: 30_000,
    everyMs: 50,
    message: "Redis to answer",
  });
}
