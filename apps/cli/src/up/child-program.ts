import { type ChildProcess, fork } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import { waitForExit } from "@millrace/embedded";
import { eachLine } from "./log-line.ts";

export interface ProgramSpec {
  /** As shown before each of its lines. */
  readonly name: string;
  readonly file: string;
  readonly env: NodeJS.ProcessEnv;
  /** How long it may take to stop before it is killed. */
  readonly stopMs: number;
}

export interface ProgramEvents {
  onLine(name: string, line: string): void;
  onStarted(name: string, pid: number): void | Promise<void>;
  /** It ended although nobody asked it to; it comes back after this time. */
  onDied(name: string, how: string, restartInMs: number): void;
}

export interface ChildProgram {
  readonly name: string;
  /** The port it said it listens on. */
  readonly port: () => number;
  stop(): Promise<void>;
  kill(): void;
}

const START_MS = 60_000;
const RESTART_MS = [500, 1_000, 2_000, 5_000, 10_000] as const;
/** A program that lived this long is not in a crash loop. */
const LIVED_MS = 60_000;
const LAST_LINES = 12;

function isReady(message: unknown): message is { readonly kind: "ready"; readonly port: number } {
  return typeof message === "object" && message !== null && "kind" in message && message.kind === "ready";
}

/** Room for young objects: at full load a tenth less computing a job was seen. The container image sets the same. */
const NODE_FLAGS = ["--max-semi-space-size=64"];

interface Started {
  readonly child: ChildProcess;
  readonly port: number;
  readonly ended: Promise<string>;
}

/**
 * In a process group of its own, so that Ctrl-C in the terminal reaches only us and the programs stop in our order;
 * the message channel tells it when we are gone.
 */
async function launch(spec: ProgramSpec, events: ProgramEvents): Promise<Started> {
  const child = fork(spec.file, [], {
    env: spec.env,
    detached: true,
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    execArgv: [...NODE_FLAGS],
  });
  const last: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    eachLine(stream, (line) => {
      last.push(line);
      if (last.length > LAST_LINES) last.shift();
      events.onLine(spec.name, line);
    });
  }
  const ended = new Promise<string>((resolve) => {
    child.once("exit", (code, signal) => resolve(signal === null ? `exit code ${code}` : signal));
    child.once("error", (error) => resolve(error.message));
  });
  if (child.pid !== undefined) await events.onStarted(spec.name, child.pid);
  const ready = new Promise<number>((resolve) => {
    child.on("message", (message) => {
      if (isReady(message)) resolve(message.port);
    });
  });
  const late = new AbortController();
  const outcome = await Promise.race([
    ready,
    ended,
    pause(START_MS, "no sign of life", { signal: late.signal }).catch(() => "stopped"),
  ]);
  late.abort();
  if (typeof outcome === "number") return { child, port: outcome, ended };
  child.kill("SIGKILL");
  throw new Error(`${spec.name} did not start (${outcome}):\n${last.join("\n")}`);
}

async function end(child: ChildProcess, stopMs: number): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGTERM");
  if (await waitForExit(child.pid, stopMs)) return;
  child.kill("SIGKILL");
  await waitForExit(child.pid, 5_000);
}

/** Starts a program, waits until it says it is ready, and from then on starts it again whenever it dies. */
export async function startProgram(spec: ProgramSpec, events: ProgramEvents): Promise<ChildProgram> {
  let isStopping = false;
  let current = await launch(spec, events);
  const waking = new AbortController();

  const watch = async (): Promise<void> => {
    for (let deaths = 0; !isStopping; ) {
      const startedAt = performance.now();
      const how = await current.ended;
      if (isStopping) return;
      if (performance.now() - startedAt > LIVED_MS) deaths = 0;
      let reason = how;
      for (let isBack = false; !isBack && !isStopping; deaths += 1) {
        const delay = RESTART_MS[Math.min(deaths, RESTART_MS.length - 1)] ?? 10_000;
        events.onDied(spec.name, reason, delay);
        await pause(delay, undefined, { signal: waking.signal }).catch(() => {});
        if (isStopping) return;
        try {
          current = await launch(spec, events);
          isBack = true;
        } catch (error) {
          reason = (error as Error).message.split("\n")[0] ?? "";
        }
      }
    }
  };
  const watching = watch();

  return {
    name: spec.name,
    port: () => current.port,
    async stop() {
      isStopping = true;
      waking.abort();
      await end(current.child, spec.stopMs);
      await watching;
      await end(current.child, spec.stopMs);
    },
    kill() {
      isStopping = true;
      waking.abort();
      current.child.kill("SIGKILL");
    },
  };
}
