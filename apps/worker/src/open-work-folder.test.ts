import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { basename, join } from "node:path";
import { collectLogs } from "@millrace/testing";
import { afterAll, expect, test } from "vitest";
import { openWorkFolder } from "./open-work-folder.ts";

const root = await mkdtemp(join(tmpdir(), "millrace-work-"));
afterAll(() => rm(root, { recursive: true, force: true }));

test("what dead workers of this host left is removed, nothing else", async () => {
  const dead = spawn(process.execPath, ["-e", ""]);
  await once(dead, "exit");
  const host = hostname().replaceAll("~", "-");
  const living = `${host}~${process.ppid}~a`;
  const elsewhere = `other-host~${dead.pid}~a`;
  for (const name of [`${host}~${dead.pid}~a`, `${host}~${process.pid}~before`, living, elsewhere, "notes"]) {
    await mkdir(join(root, "work", name), { recursive: true });
    await writeFile(join(root, "work", name, "clip.mp4"), "half");
  }
  const { log, lines } = collectLogs();
  const folder = await openWorkFolder(join(root, "work"), log);
  expect((await stat(folder)).isDirectory()).toBe(true);
  expect((await readdir(join(root, "work"))).sort()).toEqual([basename(folder), living, elsewhere, "notes"].sort());
  expect(lines).toMatchObject([{ message: "work folders of dead workers removed", fields: { folders: 2 } }]);
});
