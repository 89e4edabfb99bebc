import { collectLogs, createEmptyDatabase, type TestDatabase, until } from "@millrace/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type ConnectedQueue, connectQueue } from "./index.ts";
import { LONG_LOCKS, someTickets } from "./use-queue.contract.ts";

let database: TestDatabase;
let queue: ConnectedQueue;

beforeEach(async () => {
  database = await createEmptyDatabase();
  const { log } = collectLogs();
  queue = await connectQueue({ postgresUrl: database.url }, { role: "worker", log, timings: LONG_LOCKS });
});

afterEach(async () => {
  await queue.close();
  await database.drop();
});

test("a worker with free slots in a lane at its limit pauses between its questions", async () => {
  await queue.applyLimits({ lane: "io", isPaused: false, concurrency: 1, rateLimit: null });
  let taken = 0;
  const consumer = queue.consume("io", {
    concurrency: 5,
    work() {
      taken += 1;
      return new Promise(() => {});
    },
  });
  await queue.add(someTickets(3));
  await until(() => taken === 1);
  // BullMQ alone asks every two milliseconds here.
  for (let i = 0; i < 4; i++) {
    await until(() => consumer.state().msSinceFetch > 150);
    await until(() => consumer.state().msSinceFetch < 150);
  }
  expect(taken).toBe(1);
});
