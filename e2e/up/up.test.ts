import { execFile } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { isAlive } from "@millrace/embedded";
import { until } from "@millrace/testing";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { type Launched, launchUp, millrace } from "./launch.ts";

const run = promisify(execFile);

let folder: string;
let dataDir: string;
let up: Launched | undefined;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "millrace-up-"));
  chmodSync(folder, 0o755);
  dataDir = join(folder, "data");
  writeFileSync(join(folder, "note.md"), "# A note\n\nMillrace runs jobs from PostgreSQL through Redis. ".repeat(20));
});

afterEach(async () => {
  up?.child.kill("SIGINT");
  await up?.ended;
  up = undefined;
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function call<T>({ apiUrl, apiKey }: Launched, path: string): Promise<T> {
  const response = await fetch(`${apiUrl}${path}`, { headers: { authorization: `Bearer ${apiKey}` } });
  return (await response.json()) as T;
}

/** The printed curl, with the file of this test in place of the README. */
async function ingest(launched: Launched): Promise<string> {
  const line = launched.output().match(/curl .*-F file=.*/)?.[0] ?? "";
  const command = line.replace(/-F file=@("[^"]+"|\S+)/, `-F "file=@${join(folder, "note.md")}"`);
  const { stdout } = await run("sh", ["-c", command]);
  return (JSON.parse(stdout) as { job_id: string }).job_id;
}

const completes = (launched: Launched, jobId: string) =>
  until(async () => (await call<{ status: string }>(launched, `/api/v1/jobs/${jobId}`)).status === "completed", {
    timeoutMs: 60_000,
    message: `job ${jobId} to complete`,
  });

interface Recorded {
  readonly launcher: { readonly pid: number };
  readonly programs: readonly { readonly name: string; readonly pid: number }[];
}

const record = (): Recorded => JSON.parse(readFileSync(join(dataDir, "instance.json"), "utf8")) as Recorded;
const storePids = (): number[] =>
  ["postgres/cluster/postmaster.pid", "redis/pid"].map((file) =>
    Number.parseInt(readFileSync(join(dataDir, file), "utf8"), 10),
  );

vi.setConfig({ testTimeout: 120_000 });

test("what is printed works: the curl ingests a document, and Ctrl-C stops everything with exit code 0", async () => {
  up = await launchUp(dataDir);
  expect(statSync(join(dataDir, "api-key")).mode & 0o777).toBe(0o600);
  await completes(up, await ingest(up));
  const pids = [...record().programs.map(({ pid }) => pid), ...storePids()];
  expect(pids).toHaveLength(5);
  // npm hands the terminal's Ctrl-C on, so it comes twice; that is not the second press
  up.child.kill("SIGINT");
  up.child.kill("SIGINT");
  expect(await up.ended).toBe(0);
  expect(up.output()).toContain("Everything is stopped.");
  expect(await Promise.all(pids.map(isAlive))).toEqual([false, false, false, false, false]);
});

test("the next start has the same key and yesterday's jobs; a second one in the same folder is refused", async () => {
  up = await launchUp(dataDir);
  const page = await call<{ jobs: { status: string }[] }>(up, "/api/v1/jobs");
  expect(page.jobs.map(({ status }) => status)).toEqual(["completed"]);
  const doctor = millrace(dataDir, "doctor");
  expect(await doctor.ended, doctor.output()).toBe(0);
  for (const line of [
    /^ok +instance +Millrace is up in /m,
    /^\w+ +leader +/m,
    /^ok +tickets +/m,
    /^ok +redis_/m,
    /^ok +blob_store +/m,
  ]) {
    expect(doctor.output()).toMatch(line);
  }
  const second = millrace(dataDir, "up");
  expect(await second.ended).toBe(1);
  expect(second.output()).toContain("already up");
});

test("a worker that is killed is started again", async () => {
  up = await launchUp(dataDir);
  const worker = record().programs.find(({ name }) => name === "worker")?.pid as number;
  process.kill(worker, "SIGKILL");
  await until(() => record().programs.some(({ name, pid }) => name === "worker" && pid !== worker));
  expect(up.output()).toContain("worker ended unexpectedly (SIGKILL)");
  await completes(up, await ingest(up));
});

test("after kill -9 of everything the next start has all data and works", async () => {
  const killed = await launchUp(dataDir);
  const jobId = await ingest(killed);
  const pids = [record().launcher.pid, ...record().programs.map(({ pid }) => pid), ...storePids()];
  for (const pid of pids) process.kill(pid, "SIGKILL");
  expect(await killed.ended).toBe("SIGKILL");
  up = await launchUp(dataDir);
  expect(up.apiKey).toBe(killed.apiKey);
  await completes(up, jobId);
});

test("after kill -9 of the launcher its programs stop by themselves and the stores are taken over", async () => {
  const killed = await launchUp(dataDir);
  const [programs, stores] = [record().programs, storePids()];
  killed.child.kill("SIGKILL");
  await killed.ended;
  up = await launchUp(dataDir);
  expect(storePids()).toEqual(stores);
  expect(up.output()).toContain("still running from before");
  for (const { pid } of programs) await until(async () => !(await isAlive(pid)));
});
