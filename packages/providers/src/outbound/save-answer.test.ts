import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Socket, type Server as TcpServer } from "node:net";
import { gzipSync } from "node:zlib";
import { MillraceError } from "@millrace/core";
import { until } from "@millrace/testing";
import { afterEach, describe, expect, it } from "vitest";
import { createOutboundFetch } from "./create-outbound-fetch.ts";

const servers: (Server | TcpServer)[] = [];
const sockets = new Set<Socket>();

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

async function listen(server: Server | TcpServer): Promise<string> {
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {}).on("close", () => sockets.delete(socket));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const serve = (answer: (request: IncomingMessage, response: ServerResponse) => void) =>
  listen(createHttpServer(answer));
const serveTcp = (answer: (socket: Socket) => void) => listen(createTcpServer((socket) => answer(socket.resume())));

const local = createOutboundFetch({ userAgent: "millrace-test", allowLoopback: true });

describe("outbound fetch with save", () => {
  const save = { maxBytes: 400_000, timeoutMs: 60_000 };

  it("hands a success over as it comes, decompressed, and keeps none of it", async () => {
    const text = "drawing ".repeat(20_000);
    const url = await serve((request, response) => {
      if (request.url === "/") response.writeHead(302, { location: "/there" }).end("elsewhere");
      else response.writeHead(200, { "content-encoding": "gzip", "x-name": "a" }).end(gzipSync(text));
    });
    let saved = "";
    const response = await local(url, {
      ...save,
      async save(body, answer) {
        expect(answer).toMatchObject({ url: `${url}/there`, headers: { "x-name": "a" } });
        for await (const chunk of body) saved += chunk;
      },
    });
    expect(saved).toBe(text);
    expect([response.status, response.body.length]).toEqual([200, 0]);
  });

  it("keeps the start of any other answer, however long", async () => {
    const url = await serve((_request, response) => response.writeHead(404).end("no".repeat(500_000)));
    const response = await local(url, { ...save, save: () => expect.unreachable() });
    expect([response.status, Buffer.from(response.body).toString()]).toEqual([404, "no".repeat(32_768)]);
  });

  it("is refused with what the saver throws, and closes the connection", async () => {
    const url = await serve((_request, response) => void response.writeHead(200).write("x".repeat(100_000)));
    const full = new MillraceError("BLOB_STORE_FAILED", "full");
    await expect(local(url, { ...save, save: () => Promise.reject(full) })).rejects.toBe(full);
    await until(() => sockets.size === 0);
  });

  it("survives connections that end while a slow saver has not read what came", async () => {
    const whole = Buffer.alloc(300_000, "x");
    for (const length of [65_536, 131_072, 300_000, 300_001]) {
      const url = await serveTcp((socket) => {
        socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${length}\r\nconnection: close\r\n\r\n`);
        socket.end(whole.subarray(0, Math.min(length, whole.length)));
      });
      let read = 0;
      const answer = local(url, {
        ...save,
        async save(body) {
          await until(() => sockets.size === 0);
          for await (const chunk of body) read += chunk.length;
        },
      });
      if (length > whole.length) await expect(answer).rejects.toMatchObject({ code: "URL_HTTP_ERROR" });
      else await answer.then(() => expect(read).toBe(length));
    }
  });

  it("stops what is more than the limit although nobody reads", async () => {
    let isCut = false;
    const url = await serve((_request, response) => {
      response.on("close", () => {
        isCut = true;
      });
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536)));
      };
      response.on("drain", more);
      more();
    });
    const answer = local(url, {
      ...save,
      async save(body) {
        await until(() => isCut);
        for await (const _chunk of body);
      },
    });
    await expect(answer).rejects.toMatchObject({ code: "FETCH_TOO_LARGE", retry: "never" });
  });
});
