import { fork } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isAlive } from "@millrace/embedded";
import { until } from "@millrace/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type ChildProgram, type ProgramSpec, startProgram } from "./child-program.ts";

let folder: string;
let programs: ChildProgram[];
const pids: number[] = [];
const deaths: string[] = [];
const lines: string[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "millrace-cli-"));
  programs = [];
  for (const list of [pids, deaths, lines]) list.length = 0;
});
afterEach(async () => {
  for (const program of programs) await program.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function start(code: string, spec: Partial<ProgramSpec> = {}): Promise<ChildProgram> {
  const file = join(folder, `${Math.random()}.mjs`);
  writeFileSync(file, code);
  const { NODE_OPTIONS: _, ...env } = process.env;
  const program = await startProgram(
    { name: "program", file, env, stopMs: 2_000, ...spec },
    {
      onLine: (_name, line) => lines.push(line),
      onStarted: (_name, pid) => void pids.push(pid),
      onDied: (_name, how) => deaths.push(how),
    },
  );
  programs.push(program);
  return program;
}

const READY = 'process.send({ kind: "ready", port: 4711 }); setInterval(() => {}, 1000);';

test("is started when it says so, with its port and its lines", async () => {
  const program = await start(`console.log("hello"); ${READY}`);
  expect(program.port()).toBe(4711);
  await until(() => lines.includes("hello"));
});

test("one that ends before it is ready is a failed start that shows its last words", async () => {
  const failing = start('console.error("PORT is wrong"); process.exit(3);');
  await expect(failing).rejects.toThrow(/program did not start \(exit code 3\):\nPORT is wrong/);
});

test("one that dies is started again, and no more once it is stopped", async () => {
  const program = await start(READY);
  process.kill(pids[0] as number, "SIGKILL");
  await until(() => pids.length === 2);
  expect(deaths).toEqual(["SIGKILL"]);
  await program.stop();
  await until(async () => !(await isAlive(pids[1] as number)));
  expect(pids).toHaveLength(2);
});

test("one that ignores SIGTERM is killed after its deadline", async () => {
  const program = await start(`process.on("SIGTERM", () => console.log("no")); ${READY}`, { stopMs: 200 });
  await program.stop();
  expect(await isAlive(pids[0] as number)).toBe(false);
  expect(lines).toContain("no");
});

test("notices that its launcher is gone", async () => {
  const launcher = join(folder, "launcher.mjs");
  const child = join(folder, "child.mjs");
  writeFileSync(child, `process.on("disconnect", () => process.exit()); ${READY}`);
  writeFileSync(
    launcher,
    `import { startProgram } from ${JSON.stringify(new URL("./child-program.ts", import.meta.url).href)};
     const events = { onLine() {}, onStarted: (_, pid) => console.log(pid), onDied() {} };
     await startProgram({ name: "c", file: ${JSON.stringify(child)}, env: {}, stopMs: 1000 }, events);
     process.send({ kind: "ready", port: 1 });`,
  );
  const parent = fork(launcher, [], { execArgv: ["--conditions=millrace-source", "--import", "tsx"], silent: true });
  let output = "";
  parent.stdout?.on("data", (chunk) => {
    output += chunk;
  });
  await until(() => /^\d+\n/.test(output), { timeoutMs: 20_000 });
  const pid = Number(output);
  expect(await isAlive(pid)).toBe(true);
  parent.kill("SIGKILL");
  await until(async () => !(await isAlive(pid)));
});
