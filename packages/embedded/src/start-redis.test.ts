import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { missing, redisProblem } from "@millrace/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { EmbeddedStore } from "./embedded-store.ts";
import { keptRedisUrl } from "./kept-address.ts";
import { isAlive, waitForExit } from "./live-process.ts";
import { askRedis } from "./resp.ts";
import { startRedis } from "./start-redis.ts";

const CACHE = new URL("../../../.millrace/cache", import.meta.url).pathname;

let folder: string;
let started: EmbeddedStore[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-embedded-"));
  started = [];
});
afterEach(async () => {
  for (const store of started) await store.stop();
  await rm(folder, { recursive: true, force: true });
});

async function start(): Promise<EmbeddedStore> {
  const store = await startRedis({ dataDir: join(folder, "redis"), cacheDir: CACHE });
  if ("unavailable" in store) throw new Error(store.unavailable);
  started.push(store);
  return store;
}

describe.skipIf(missing("redis", redisProblem()))("a private Redis", () => {
  test("runs with the settings a queue needs, on loopback, behind a password", async () => {
    expect(await keptRedisUrl(join(folder, "redis"))).toBeUndefined();
    const { url } = await start();
    expect(await keptRedisUrl(join(folder, "redis"))).toBe(url);
    const names = ["appendonly", "appendfsync", "save", "maxmemory-policy", "bind", "hash-max-ziplist-value"];
    const replies = await askRedis(
      url,
      names.map((name) => ["CONFIG", "GET", name]),
    );
    expect(replies.map((reply) => (reply as string[])[1])).toEqual([
      "yes",
      "everysec",
      "",
      "noeviction",
      "127.0.0.1",
      "512",
    ]);
    const [refused] = await askRedis(`redis://${new URL(url).host}`, [["GET", "x"]]);
    expect(String(refused)).toContain("NOAUTH");
    expect((await stat(join(folder, "redis", "redis.conf"))).mode & 0o777).toBe(0o600);
  });

  test("a second start takes over the running server; after a stop keys and port are the same", async () => {
    const first = await start();
    await askRedis(first.url, [["SET", "yesterday", "here"]]);
    const second = await start();
    expect([second.adopted, second.pid, second.url]).toEqual([true, first.pid, first.url]);
    await second.stop();
    expect(await isAlive(first.pid)).toBe(false);
    const third = await start();
    expect([third.adopted, third.url]).toEqual([false, first.url]);
    expect(await askRedis(third.url, [["GET", "yesterday"]])).toEqual(["here"]);
  });

  test("comes back after kill -9 with what it acknowledged", async () => {
    const first = await start();
    await askRedis(first.url, [["SET", "kept", "yes"]]);
    process.kill(first.pid, "SIGKILL");
    await waitForExit(first.pid, 5_000);
    const second = await start();
    expect(second.adopted).toBe(false);
    expect(await askRedis(second.url, [["GET", "kept"]])).toEqual(["yes"]);
  });

  test("moves to another port when a stranger listens on its own, and does not take the stranger for its own", async () => {
    const first = await start();
    await first.stop();
    const port = Number(new URL(first.url).port);
    await mkdir(join(folder, "stranger"));
    await writeFile(join(folder, "stranger", "port"), String(port));
    const stranger = await startRedis({ dataDir: join(folder, "stranger"), cacheDir: CACHE });
    if ("unavailable" in stranger) throw new Error(stranger.unavailable);
    started.push(stranger);
    expect(new URL(stranger.url).port).toBe(String(port));
    const second = await start();
    expect(second.adopted).toBe(false);
    expect(new URL(second.url).port).not.toBe(String(port));
  });

  test("a pid file that names some other living program is not taken for a running server", async () => {
    const first = await start();
    await first.stop();
    await writeFile(join(folder, "redis", "pid"), String(process.pid));
    expect((await start()).adopted).toBe(false);
  });

  test("is in a process group of its own, so that Ctrl-C in a terminal does not reach it", async () => {
    const { pid } = await start();
    const groups = await new Promise<string>((resolve) => {
      const ps = spawn("ps", ["-o", "pgid=", "-p", String(pid)]);
      ps.stdout.once("data", (chunk) => resolve(String(chunk).trim()));
    });
    expect(groups).toBe(String(pid));
  });
});

test("takes a private copy where none is installed, or says in one line why it cannot", async () => {
  const options = { dataDir: join(folder, "redis"), cacheDir: CACHE, useInstalled: false };
  const store = await startRedis(options);
  if ("unavailable" in store) {
    expect(store.unavailable).toMatch(/^[^\n]{10,}$/);
    return;
  }
  started.push(store);
  expect(store.how).toMatch(/^(Redis|Valkey) \d+\.\d+\.\d+, a private copy$/);
  expect(
    await askRedis(store.url, [
      ["SET", "a", "1"],
      ["GET", "a"],
    ]),
  ).toEqual(["OK", "1"]);
}, 120_000);
