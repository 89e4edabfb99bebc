import { setTimeout as pause } from "node:timers/promises";
import { collectLogs, createEmptyDatabase, type TestDatabase, until } from "@millrace/testing";
import { Pool } from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type ConnectedQueue, connectQueue } from "./index.ts";
import { LONG_LOCKS, someTickets } from "./use-queue.contract.ts";

let database: TestDatabase;
let pool: Pool;
let queue: ConnectedQueue;

beforeEach(async () => {
  database = await createEmptyDatabase();
  pool = new Pool({ connectionString: database.url, max: 1 });
  pool.on("error", () => {});
  const { log } = collectLogs();
  queue = await connectQueue({ postgresUrl: database.url }, { role: "worker", log, timings: LONG_LOCKS });
});

afterEach(async () => {
  await queue.close();
  await pool.end();
  await database.drop();
});

async function commits(): Promise<number> {
  const { rows } = await pool.query("SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()");
  return Number(rows[0].xact_commit);
}

test("a worker with free slots in a lane at its limit does not ask all the time", async () => {
  await queue.applyLimits({ lane: "io", isPaused: false, concurrency: 1, rateLimit: null });
  let taken = 0;
  queue.consume("io", {
    concurrency: 5,
    work() {
      taken += 1;
      return new Promise(() => {});
    },
  });
  await queue.add(someTickets(3));
  await until(() => taken === 1);
  const before = await commits();
  // BullMQ alone makes 2,000 transactions a second here.
  await pause(2_000);
  expect((await commits()) - before).toBeLessThan(500);
  expect(taken).toBe(1);
});
