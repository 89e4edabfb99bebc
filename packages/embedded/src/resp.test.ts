import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import { afterEach, expect, test } from "vitest";
import { askRedis } from "./resp.ts";

let server: Server | undefined;
afterEach(() => server?.close());

/** A server that answers each connection with these bytes, in the given pieces. */
async function answering(...pieces: readonly string[]): Promise<string> {
  server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", async () => {
      for (const piece of pieces) {
        socket.write(piece);
        await new Promise((resolve) => setImmediate(resolve));
      }
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return `redis://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("reads every kind of reply, however the network cuts it", async () => {
  const bytes = "+OK\r\n:42\r\n$-1\r\n-ERR no\r\n*2\r\n$5\r\nzwölf\r\n*0\r\n".replace("$5", "$6");
  const url = await answering(...bytes);
  const commands = ["A", "B", "C", "D", "E"].map((name) => [name]);
  const replies = await askRedis(url, commands);
  expect(replies).toEqual(["OK", 42, null, new Error("ERR no"), ["zwölf", []]]);
});

test("says so when the other side is no Redis, is silent or hangs up", async () => {
  await expect(askRedis(await answering("HTTP/1.1 400\r\n\r\n"), [["PING"]])).rejects.toThrow("Not a Redis server");
  server?.close();
  await expect(askRedis(await answering(), [["PING"]], 30)).rejects.toThrow("No answer from Redis within 30 ms");
});
