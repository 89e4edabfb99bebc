import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { until } from "@millrace/testing";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const MAIN = join(ROOT, "apps/cli/dist/main.js");

export interface Launched {
  readonly child: ChildProcess;
  readonly apiUrl: string;
  readonly apiKey: string;
  output(): string;
  /** Resolves with the exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
}

function environment(dataDir: string): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _, DATABASE_URL: __, REDIS_URL: ___, VITEST: ____, ...env } = process.env;
  // What a killed worker held is free again after seconds instead of after half a minute.
  const short = { LEASE_MS: "2000", QUEUE_LOCK_MS: "2000", QUEUE_STALLED_MS: "500" };
  return { ...env, ...short, MILLRACE_DATA: dataDir };
}

export function millrace(dataDir: string, ...args: readonly string[]) {
  if (!existsSync(MAIN)) throw new Error(`${MAIN} is missing: run npm run build (npm test does)`);
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: environment(dataDir),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      text += chunk.toString();
    });
  }
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.once("close", (code, signal) => resolve(code ?? signal));
  });
  return { child, output: () => text, ended };
}

/** `millrace up` in this data folder, as far as the lines that tell a newcomer what to do. */
export async function launchUp(dataDir: string): Promise<Launched> {
  const { child, output, ended } = millrace(dataDir, "up");
  await until(() => output().includes("Ctrl-C stops everything") || child.exitCode !== null, {
    timeoutMs: 90_000,
    message: () => `millrace up to be ready; it said:\n${output()}`,
  });
  const found = /API +(http:\/\/\S+).*API key +(\S+)/s.exec(output());
  if (found?.[1] === undefined || found[2] === undefined) throw new Error(`millrace up failed:\n${output()}`);
  return { child, apiUrl: found[1], apiKey: found[2], output, ended };
}
