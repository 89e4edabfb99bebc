import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isAlive } from "@millrace/embedded";
import { afterEach, beforeEach, expect, test } from "vitest";
import { endLeftovers, findRunning, openInstanceFile, readInstance } from "./instance-file.ts";

let folder: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "millrace-cli-"));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

async function sleeper(): Promise<number> {
  const child = spawn("sleep", ["600"]);
  children.push(child);
  await once(child, "spawn");
  return child.pid as number;
}

/** Makes the record look as if its launcher had been killed. */
function forgetLauncher(): void {
  const file = join(folder, "instance.json");
  const record = JSON.parse(readFileSync(file, "utf8"));
  writeFileSync(file, JSON.stringify({ ...record, launcher: { ...record.launcher, identity: "1@0" } }));
}

test("a live launcher's record is found, with its addresses, and is private", async () => {
  const file = await openInstanceFile(folder);
  await file.setUrls({ apiUrl: "http://127.0.0.1:1", dashboardUrl: "http://127.0.0.1:2" });
  expect(await findRunning(folder)).toMatchObject({ apiUrl: "http://127.0.0.1:1", launcher: { pid: process.pid } });
  expect(statSync(join(folder, "instance.json")).mode & 0o777).toBe(0o600);
  await file.remove();
  expect(await findRunning(folder)).toBeUndefined();
});

test("programs of a killed launcher are ended, a stranger with a reused pid is not", async () => {
  const file = await openInstanceFile(folder);
  const [leftover, stranger] = [await sleeper(), await sleeper()];
  await Promise.all([file.addProgram("worker", leftover), file.addProgram("api", stranger)]);
  forgetLauncher();
  const path = join(folder, "instance.json");
  const record = JSON.parse(readFileSync(path, "utf8"));
  record.programs.find((program: { pid: number }) => program.pid === stranger).identity = `${stranger}@1`;
  writeFileSync(path, JSON.stringify(record));
  expect(await findRunning(folder)).toBeUndefined();
  const said: string[] = [];
  await endLeftovers(folder, (line) => said.push(line));
  expect([await isAlive(leftover), await isAlive(stranger)]).toEqual([false, true]);
  expect(said).toEqual([expect.stringContaining(`Ending worker (pid ${leftover})`)]);
  expect(await readInstance(folder)).toBeUndefined();
});

test("a program that was started again replaces its former self", async () => {
  const file = await openInstanceFile(folder);
  const [first, second] = [await sleeper(), await sleeper()];
  await file.addProgram("worker", first);
  await file.addProgram("worker", second);
  expect((await readInstance(folder))?.programs.map(({ pid }) => pid)).toEqual([second]);
});

test("a damaged record is as good as none", async () => {
  writeFileSync(join(folder, "instance.json"), "{ half");
  expect(await findRunning(folder)).toBeUndefined();
  await endLeftovers(folder, () => {});
});
