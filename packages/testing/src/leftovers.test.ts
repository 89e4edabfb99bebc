import { once } from "node:events";
import { createServer } from "node:net";
import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { watchLeftovers } from "./leftovers.ts";

test("passes when all that was opened is closed", async () => {
  const watch = watchLeftovers();
  const timer = setTimeout(() => {}, 60_000);
  const server = createServer().listen(0, "127.0.0.1");
  clearTimeout(timer);
  server.close();
  await watch.expectNothingLeft();
});

test("names a timer that was left behind", async () => {
  const watch = watchLeftovers();
  const timer = setInterval(() => {}, 60_000);
  await expect(watch.expectNothingLeft(50)).rejects.toThrow("1 × Timeout");
  clearInterval(timer);
  await watch.expectNothingLeft();
});

test("names a server and a worker thread that were left behind", async () => {
  const watch = watchLeftovers();
  const server = createServer().listen(0, "127.0.0.1");
  const worker = new Worker("setInterval(() => {}, 1000)", { eval: true });
  await Promise.all([once(server, "listening"), once(worker, "online")]);
  await expect(watch.expectNothingLeft(100)).rejects.toThrow(/TCPServerWrap/);
  await expect(watch.expectNothingLeft(100)).rejects.toThrow(/1 × worker thread/);
  server.close();
  await worker.terminate();
  await watch.expectNothingLeft();
});
