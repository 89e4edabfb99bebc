import { type ChildProcess, fork } from "node:child_process";
import { appendFileSync, existsSync, openSync } from "node:fs";
import { join } from "node:path";
import { type SwallowingProxy, swallowingProxy } from "@millrace/testing";
import { ROOT } from "./root.ts";
import type { Stores } from "./stores.ts";
import type { Life, Timeline } from "./timeline.ts";

const BUILT = { api: "apps/api/dist/main.js", worker: "apps/worker/dist/main.js" } as const;
const READY_MS = 60_000;
const STOP_MS = 40_000;

export interface MemberSpec {
  readonly name: string;
  readonly role: keyof typeof BUILT;
  readonly env: Readonly<Record<string, string>>;
}

/** A process that a supervisor starts again whenever it ends, behind proxies of its own. */
export interface Member {
  readonly name: string;
  readonly role: MemberSpec["role"];
  readonly links: Readonly<Record<"postgres" | "redis", SwallowingProxy>>;
  /** The living process, if there is one and it said that it is ready. */
  port(): number | undefined;
  life(): Life | undefined;
  isReady(): boolean;
  /** Resolves when it is ready or has died; a supervisor starts it again in the second case. */
  start(): Promise<void>;
  kill(): void;
  freeze(): void;
  thaw(): void;
  /** Ends it politely, once; it stays down. */
  stop(): Promise<void>;
  /** Politely ends it and starts it with other settings. */
  replace(env: Readonly<Record<string, string>>): Promise<void>;
}

export interface MemberNeeds {
  readonly folder: string;
  readonly stores: Stores;
  readonly timeline: Timeline;
  /** What every process gets. */
  readonly env: Readonly<Record<string, string>>;
  readonly execArgv: readonly string[];
  /** Milliseconds until a process that died is started again. */
  readonly restartDelay: () => number;
  readonly say: (text: string) => void;
}

export function requireBuild(): void {
  for (const file of Object.values(BUILT)) {
    if (!existsSync(join(ROOT, file))) throw new Error(`${file} is missing: npm run build makes it`);
  }
}

export async function createMember(spec: MemberSpec, needs: MemberNeeds): Promise<Member> {
  const { folder, stores, timeline, say } = needs;
  const links = {
    postgres: await swallowingProxy({ port: stores.postgres.port }),
    redis: await swallowingProxy({ port: stores.redis.port }),
  };
  const output = openSync(join(folder, "logs", `${spec.name}.log`), "a");
  let { env } = spec;
  let child: ChildProcess | undefined;
  let life: Life | undefined;
  let port: number | undefined;
  let isWanted = false;
  let timer: NodeJS.Timeout | undefined;

  const start = (): Promise<void> => {
    isWanted = true;
    const begun = fork(join(ROOT, BUILT[spec.role]), [], {
      cwd: ROOT,
      env: {
        PATH: process.env["PATH"],
        ...needs.env,
        DATABASE_URL: links.postgres.through(stores.postgres.url),
        REDIS_URL: links.redis.through(stores.redis.url),
        WORKER_NAME: spec.name,
        ...env,
      },
      execArgv: [...needs.execArgv],
      stdio: ["ignore", output, output, "ipc"],
    });
    const own: Life = {
      member: spec.name,
      pid: begun.pid ?? 0,
      startedAt: Date.now(),
      readyAt: undefined,
      endedAt: undefined,
      endedBy: undefined,
      exitCode: null,
      frozen: [],
    };
    timeline.lives.push(own);
    appendFileSync(join(folder, "pids"), `${own.pid}\n`);
    child = begun;
    life = own;
    port = undefined;
    return new Promise((resolve) => {
      // a start that hangs is a fault of its own kind: the run goes on and the drain will show it
      const late = setTimeout(resolve, READY_MS);
      begun.once("message", (message: { port: number }) => {
        if (child === begun) port = message.port;
        own.readyAt = Date.now();
        clearTimeout(late);
        resolve();
      });
      begun.once("exit", (code, signal) => {
        clearTimeout(late);
        own.endedAt = Date.now();
        own.endedBy ??= "exit";
        own.exitCode = code ?? signal;
        for (const span of own.frozen) span.to = Math.min(span.to, own.endedAt);
        if (child === begun) {
          child = undefined;
          port = undefined;
        }
        if (own.endedBy === "exit") say(`${spec.name} (pid ${own.pid}) ended by itself: ${own.exitCode}`);
        if (isWanted && own.endedBy !== "stop") timer = setTimeout(() => void start(), needs.restartDelay());
        resolve();
      });
    });
  };

  const stop = async (): Promise<void> => {
    isWanted = false;
    clearTimeout(timer);
    const ending = child;
    if (ending === undefined || life === undefined) return;
    life.endedBy = "stop";
    const gone = new Promise<void>((resolve) => ending.once("exit", () => resolve()));
    thaw();
    ending.kill("SIGTERM");
    const force = setTimeout(() => ending.kill("SIGKILL"), STOP_MS);
    await gone;
    clearTimeout(force);
  };

  const thaw = (): void => {
    const span = life?.frozen.at(-1);
    if (span !== undefined && span.to === Number.POSITIVE_INFINITY) span.to = Date.now();
    child?.kill("SIGCONT");
  };

  return {
    name: spec.name,
    role: spec.role,
    links,
    port: () => port,
    life: () => (child === undefined ? undefined : life),
    isReady: () => child !== undefined && port !== undefined,
    start,
    kill() {
      if (child === undefined || life === undefined) return;
      life.endedBy = "kill";
      child.kill("SIGKILL");
    },
    freeze() {
      if (child === undefined || life === undefined) return;
      life.frozen.push({ from: Date.now(), to: Number.POSITIVE_INFINITY });
      child.kill("SIGSTOP");
    },
    thaw,
    stop,
    async replace(next) {
      const startedAt = performance.now();
      await stop();
      const stoppedAt = performance.now();
      env = next;
      await start();
      const took = (from: number, to: number): string => `${((to - from) / 1_000).toFixed(1)} s`;
      say(`  ${spec.name}: stopped in ${took(startedAt, stoppedAt)}, back in ${took(stoppedAt, performance.now())}`);
    },
  };
}

/** Ends a process for good, whatever it is doing; for the end of a run. */
export async function endMember(member: Member): Promise<void> {
  const stopping = member.stop();
  const timer = setTimeout(() => {
    const pid = member.life()?.pid;
    if (pid !== undefined) process.kill(pid, "SIGKILL");
  }, 5_000);
  await stopping;
  clearTimeout(timer);
  await Promise.all([member.links.postgres.close(), member.links.redis.close()]);
}
