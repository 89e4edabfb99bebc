import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type SwallowingProxy, swallowingProxy } from "./swallowing-proxy.ts";
import { until } from "./until.ts";

let proxy: SwallowingProxy;
const clients: Socket[] = [];
const echo = createServer((socket) => socket.on("error", () => {}).pipe(socket));

beforeEach(async () => {
  await once(echo.listen(0, "127.0.0.1"), "listening");
  proxy = await swallowingProxy({ port: (echo.address() as AddressInfo).port });
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await proxy.close();
  await new Promise((resolve) => echo.close(resolve));
});

function client(): { socket: Socket; heard: () => string; ended: () => string | undefined } {
  const socket = connect(proxy.port, "127.0.0.1");
  clients.push(socket);
  let heard = "";
  let ended: string | undefined;
  socket.on("data", (chunk) => {
    heard += chunk.toString();
  });
  socket.on("error", (error: NodeJS.ErrnoException) => {
    ended = error.code;
  });
  socket.on("close", () => {
    ended ??= "closed";
  });
  return { socket, heard: () => heard, ended: () => ended };
}

test("passes bytes in both directions", async () => {
  const one = client();
  one.socket.write("hello");
  await until(() => one.heard() === "hello");
  expect(proxy.connections()).toBe(1);
});

test("swallows silently: the connection stays open and nothing arrives, also after it passes again", async () => {
  const one = client();
  one.socket.write("a");
  await until(() => one.heard() === "a");
  await proxy.set("swallow");
  one.socket.write("b");
  const late = client();
  late.socket.write("c");
  await proxy.set("pass");
  const fresh = client();
  fresh.socket.write("d");
  await until(() => fresh.heard() === "d");
  expect([one.heard(), one.ended(), late.ended()]).toEqual(["a", undefined, undefined]);
});

test("refuses new connections and resets open ones, then listens on the same port again", async () => {
  const one = client();
  one.socket.write("a");
  await until(() => one.heard() === "a");
  await proxy.set("refuse");
  await until(() => one.ended() === "ECONNRESET");
  const two = client();
  await until(() => two.ended() === "ECONNREFUSED");
  await proxy.set("pass");
  const three = client();
  three.socket.write("c");
  await until(() => three.heard() === "c");
});

test("cuts open and new connections", async () => {
  const one = client();
  one.socket.write("a");
  await until(() => one.heard() === "a");
  await proxy.set("cut");
  await until(() => one.ended());
  const two = client();
  await until(() => two.ended());
  expect(two.heard()).toBe("");
});

test("half open: what is sent arrives, no answer does; the other side's end is heard of when the network is back", async () => {
  const arrived: string[] = [];
  const ends: string[] = [];
  echo.on("connection", (socket: Socket) => {
    socket.on("data", (chunk) => arrived.push(chunk.toString()));
    socket.on("close", () => ends.push("closed"));
  });
  const one = client();
  one.socket.write("a");
  await until(() => one.heard() === "a");
  await proxy.set("half_open");
  one.socket.write("b");
  await until(() => arrived.join("") === "ab");
  expect(one.heard()).toBe("a");
  await proxy.set("swallow");
  one.socket.destroy();
  await until(() => one.ended());
  expect(ends).toEqual([]);
  await proxy.set("pass");
  await until(() => ends.length === 1);
  echo.removeAllListeners("connection").on("connection", (socket: Socket) => socket.on("error", () => {}).pipe(socket));
});

test("keeps the order of bytes when a delay ends", async () => {
  let arrived = 0;
  echo.once("connection", (socket: Socket) => socket.on("data", () => arrived++));
  await proxy.set({ delayMs: 300 });
  const one = client();
  one.socket.write("a");
  // from now on its answer is on the way, late
  await until(() => arrived === 1, { everyMs: 1 });
  await proxy.set("pass");
  one.socket.write("b");
  await until(() => one.heard().length === 2);
  expect(one.heard()).toBe("ab");
});

test("delays bytes", async () => {
  await proxy.set({ delayMs: 60 });
  const one = client();
  const startedAt = performance.now();
  one.socket.write("a");
  await until(() => one.heard() === "a", { everyMs: 1 });
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(115);
});
