import { fork } from "node:child_process";
import { existsSync } from "node:fs";
import { isAlive } from "@millrace/embedded";
import { expect, test } from "vitest";
import { missing } from "./missing.ts";
import { redisProblem } from "./test-redis.ts";
import { until } from "./until.ts";

test.skipIf(missing("redis", redisProblem()))("stores of a test run that is killed do not outlive it", async () => {
  const run = fork(new URL("./stop-when-orphaned.fixture.ts", import.meta.url), {
    execArgv: ["--conditions=millrace-source", "--import", "tsx"],
  });
  const { pids, folders } = await new Promise<{ pids: number[]; folders: string[] }>((resolve) => {
    run.once("message", (message) => resolve(message as { pids: number[]; folders: string[] }));
  });
  expect(await Promise.all(pids.map(isAlive))).toEqual([true, true]);
  run.kill("SIGKILL");
  for (const pid of pids) await until(async () => !(await isAlive(pid)), { message: `process ${pid} to end` });
  await until(() => !folders.some(existsSync), { message: "the folders to go" });
});
