import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { askRedis } from "@millrace/embedded";
import { createTestDatabase, type OwnRedis, ownRedis, type TestDatabase, until } from "@millrace/testing";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";

const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url));

let database: TestDatabase;
let redis: OwnRedis;
let folder: string;
const started: ChildProcess[] = [];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "millrace-worker-main-"));
  [database, redis] = await Promise.all([createTestDatabase(), ownRedis()]);
  await askRedis(redis.url(), [["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]]);
});
afterEach(() => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
});
afterAll(async () => {
  await Promise.all([redis.remove(), database.drop()]);
  rmSync(folder, { recursive: true, force: true });
});

function start(allowUnfit: boolean): { readonly child: ChildProcess; output(): string } {
  const child = fork(MAIN, [], {
    execArgv: ["--conditions=millrace-source", "--import", "tsx"],
    env: {
      PATH: process.env["PATH"],
      DATABASE_URL: database.url,
      REDIS_URL: redis.url(),
      BLOB_URL: `file://${folder}/blobs`,
      SPOOL_DIR: join(folder, "spool"),
      LANES: "io:1",
      ALLOW_UNFIT: String(allowUnfit),
    },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  started.push(child);
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => {
      text += chunk.toString();
    });
  }
  return { child, output: () => text };
}

// a process of its own compiles what it imports, which takes its time on a busy machine
describe("the worker process", { timeout: 120_000 }, () => {
  test("refuses a Redis that drops tickets, with what to do about it", async () => {
    const { child, output } = start(false);
    expect(await once(child, "exit")).toEqual([1, null]);
    await until(() => /^- redis_eviction_policy: .*allkeys-lru.* → .*noeviction/m.test(output()));
  });

  test("starts on it when that is overridden, with an error line for each fatal finding", async () => {
    const { child, output } = start(true);
    const ended = once(child, "exit").then(([code]) => Promise.reject(new Error(`ended with ${code}: ${output()}`)));
    const [ready] = (await Promise.race([once(child, "message"), ended])) as [{ kind: string }];
    ended.catch(() => {});
    expect(ready.kind).toBe("ready");
    await until(() => /"level":50.*"check":"redis_eviction_policy".*"msg":"running although: /.test(output()));
  });
});
