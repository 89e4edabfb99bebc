import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { missing, redisProblem } from "@millrace/testing";
import { afterEach, describe, expect, it } from "vitest";
import { ROOT } from "./root.ts";

/** The load lasts this long; start and drain come on top, about a minute in all. */
const SECONDS = "35";

let child: ChildProcess | undefined;

afterEach(async () => {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  await ended;
});

async function chaos(...args: string[]): Promise<{ code: number | null; output: string }> {
  // the compiled packages, as in production
  const { NODE_OPTIONS: _, VITEST: __, ...env } = process.env;
  const running = spawn(process.execPath, ["--import", "tsx", "e2e/chaos/main.ts", ...args], {
    cwd: ROOT,
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  child = running;
  const output: string[] = [];
  for (const stream of [running.stdout, running.stderr])
    stream.on("data", (chunk: Buffer) => output.push(chunk.toString()));
  const [code] = (await once(running, "close")) as [number | null];
  return { code, output: output.join("") };
}

describe.skipIf(missing("redis", redisProblem()))("chaos", () => {
  it.each([1, 2, 3])("seed %i: every invariant holds", { timeout: 400_000 }, async (seed) => {
    const { code, output } = await chaos("--seconds", SECONDS, "--seed", String(seed), "--verbose");
    expect(code, output).toBe(0);
    expect(output).toContain(`seed ${seed}, ${SECONDS} s: green`);
  });
});
