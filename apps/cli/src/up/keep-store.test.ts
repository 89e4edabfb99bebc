import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectDatabase } from "@millrace/db";
import { isAlive, startPostgres } from "@millrace/embedded";
import { until } from "@millrace/testing";
import { expect, test } from "vitest";
import { keepStore } from "./keep-store.ts";

test("a store that is killed comes back at its address, and stop ends the one that took its place", async () => {
  const folder = await mkdtemp(join(tmpdir(), "millrace-keep-"));
  const pids: number[] = [];
  const start = async () => {
    const store = await startPostgres({ dataDir: join(folder, "postgres"), durable: false });
    pids.push(store.pid);
    return store;
  };
  const store = await start();
  const told: string[] = [];
  const kept = keepStore(store, start, (text) => told.push(text));
  const db = connectDatabase({ url: store.url, maxConnections: 1, applicationName: "keep-store" });
  try {
    await db.ping(5_000);
    process.kill(store.pid, "SIGKILL");
    await until(() => pids.length === 2, { timeoutMs: 20_000, message: "the second start" });
    await until(() => db.ping(1_000).then(() => true), { timeoutMs: 20_000, message: "an answer at the old address" });
    expect(told[0]).toMatch(/ended unexpectedly/);
  } finally {
    await db.close();
    await kept.stop();
    await rm(folder, { recursive: true, force: true });
  }
  expect(await Promise.all(pids.map(isAlive))).toEqual([false, false]);
});
