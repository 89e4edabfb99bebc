import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Socket, type Server as TcpServer } from "node:net";
import { brotliCompressSync, constants, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { createOutboundFetch } from "./create-outbound-fetch.ts";
import type { Lookup } from "./guarded-connector.ts";

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

interface LocalServer {
  readonly url: string;
  readonly port: number;
  /** Sockets ever accepted. */
  accepted(): number;
  /** Sockets open now. */
  open(): number;
}

const servers: (Server | TcpServer)[] = [];
const sockets = new Set<Socket>();

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

async function listen(server: Server | TcpServer): Promise<LocalServer> {
  let accepted = 0;
  let open = 0;
  server.on("connection", (socket: Socket) => {
    accepted++;
    open++;
    sockets.add(socket);
    socket
      .on("error", () => {})
      .on("close", () => {
        open--;
        sockets.delete(socket);
      });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, port, accepted: () => accepted, open: () => open };
}

const serve = (answer: Answer): Promise<LocalServer> => listen(createHttpServer(answer));
/** Reads and drops what the client sends, so that its hanging up is noticed. */
const serveTcp = (answer: (socket: Socket) => void): Promise<LocalServer> =>
  listen(createTcpServer((socket) => answer(socket.resume())));

const toAddresses =
  (...addresses: string[]): Lookup =>
  () =>
    Promise.resolve(addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })));

const limits = { maxBytes: 1_000_000, timeoutMs: 10_000 };
const guarded = createOutboundFetch({ userAgent: "millrace-test" });
const local = createOutboundFetch({ userAgent: "millrace-test", allowLoopback: true });
const localVia = (lookup: Lookup) => createOutboundFetch({ userAgent: "millrace-test", allowLoopback: true, lookup });

const textOf = (response: { body: Uint8Array }): string => Buffer.from(response.body).toString();
const errorOf = (code: string, retry: string) => expect.objectContaining({ code, retry });

describe("outbound fetch: answers", () => {
  it("gives status, headers and body of any status", async () => {
    const server = await serve((request, response) => {
      response.writeHead(404, { "content-type": "text/plain", "x-list": ["a", "b"] });
      response.end(`${request.method} ${request.url} ${request.headers["user-agent"]} ${request.headers["x-mine"]}`);
    });
    const response = await local(`${server.url}/a%2Fb?q=1#part`, { ...limits, headers: { "X-Mine": "yes" } });
    expect(response.status).toBe(404);
    expect(response.url).toBe(`${server.url}/a%2Fb?q=1`);
    expect(response.redirects).toEqual([]);
    expect(response.headers).toMatchObject({ "content-type": "text/plain", "x-list": "a, b" });
    expect(textOf(response)).toBe("GET /a%2Fb?q=1 millrace-test yes");
  });

  it("posts a body and reads none for HEAD, whatever length it declares", async () => {
    const server = await serve((request, response) => {
      if (request.method === "HEAD") response.writeHead(200, { "content-length": 1e12 }).end();
      else request.pipe(response);
    });
    const posted = await local(server.url, { ...limits, method: "POST", body: "grüße" });
    expect(textOf(posted)).toBe("grüße");
    const head = await local(server.url, { ...limits, method: "HEAD" });
    expect(head.body.length).toBe(0);
    expect(head.headers["content-length"]).toBe("1000000000000");
  });

  it.each([
    ["gzip", gzipSync],
    ["x-gzip", gzipSync],
    ["GZIP", gzipSync],
    ["br", brotliCompressSync],
    ["deflate", deflateSync],
    ["deflate", deflateRawSync],
    ["identity", (bytes: Buffer) => bytes],
  ] as const)("decompresses %s", async (encoding, compress) => {
    const text = "über und über ".repeat(10_000);
    const server = await serve((_request, response) => {
      response.writeHead(200, { "content-encoding": encoding }).end(compress(Buffer.from(text)));
    });
    expect(textOf(await local(server.url, limits))).toBe(text);
  });

  it("takes an empty body and one without its end mark for what they are", async () => {
    const whole = gzipSync(Buffer.from("all of it"));
    const server = await serve((request, response) => {
      response.writeHead(200, { "content-encoding": "gzip" });
      response.end(request.url === "/empty" ? "" : whole.subarray(0, -8));
    });
    expect(textOf(await local(`${server.url}/empty`, limits))).toBe("");
    expect(textOf(await local(server.url, limits))).toBe("all of it");
  });

  it("leaves no connection behind", async () => {
    const server = await serve((_request, response) => response.end("ok"));
    await Promise.all(Array.from({ length: 5 }, () => local(server.url, limits)));
    await expect.poll(server.open).toBe(0);
    expect(server.accepted()).toBe(5);
  });
});

describe("outbound fetch: the guard", () => {
  it.each([
    "http://127.0.0.1:PORT/",
    "http://127.1:PORT/",
    "http://2130706433:PORT/",
    "http://0x7f000001:PORT/",
    "http://0177.0.0.1:PORT/",
    "http://127.0.0.1.:PORT/",
    "http://0.0.0.0:PORT/",
    "http://0:PORT/",
    "http://[::1]:PORT/",
    "http://[::]:PORT/",
    "http://[::ffff:127.0.0.1]:PORT/",
    "http://[::127.0.0.1]:PORT/",
    "http://[64:ff9b::127.0.0.1]:PORT/",
    "http://[2002:7f00:1::]:PORT/",
    "http://localhost:PORT/",
    "http://LOCALHOST:PORT/",
    "http://public@127.0.0.1:PORT/",
    "http://169.254.169.254/latest/meta-data/",
    "http://10.0.0.1/",
    "https://192.168.0.1/",
    "http://[fd00::1]/",
    "http://[fe80::1]/",
  ])("refuses %s before a connection is made", async (template) => {
    const server = await serve((_request, response) => response.end("secret"));
    const attempt = guarded(template.replace("PORT", String(server.port)), limits);
    await expect(attempt).rejects.toEqual(errorOf("URL_REFUSED", "never"));
    expect(server.accepted()).toBe(0);
  });

  it.each([
    "file:///etc/passwd",
    "ftp://example.com/",
    "data:text/plain,x",
    "javascript:1",
    "gopher://x/",
    "nonsense",
    "",
  ])("refuses %j", async (url) => {
    await expect(guarded(url, limits)).rejects.toEqual(errorOf("URL_REFUSED", "never"));
  });

  it("loopback, once allowed, does not open the rest", async () => {
    for (const url of [
      "http://10.0.0.1/",
      "http://169.254.169.254/",
      "http://[::ffff:127.0.0.1]/",
      "http://0.0.0.0/",
    ]) {
      await expect(local(url, limits), url).rejects.toEqual(errorOf("URL_REFUSED", "never"));
    }
  });

  it("refuses a name when any of its DNS answers is private", async () => {
    const server = await serve((_request, response) => response.end("secret"));
    const url = `http://public.example:${server.port}/`;
    for (const answers of [
      ["10.0.0.1"],
      ["169.254.169.254"],
      ["fd00::1"],
      ["127.0.0.1", "10.0.0.1"],
      ["::ffff:127.0.0.1"],
    ]) {
      await expect(localVia(toAddresses(...answers))(url, limits)).rejects.toEqual(errorOf("URL_REFUSED", "never"));
    }
    expect(server.accepted()).toBe(0);
  });

  it("connects to the very address it checked, asking DNS once per connection", async () => {
    const server = await serve((request, response) => response.end(request.headers.host));
    const asked: string[] = [];
    const fetch = localVia((name) => {
      asked.push(name);
      return toAddresses(asked.length === 1 ? "127.0.0.1" : "10.0.0.1")(name);
    });
    const url = `http://rebind.example:${server.port}/`;
    expect(textOf(await fetch(url, limits))).toBe(`rebind.example:${server.port}`);
    expect(asked).toEqual(["rebind.example"]);
    await expect(fetch(url, limits)).rejects.toEqual(errorOf("URL_REFUSED", "never"));
    expect(server.accepted()).toBe(1);
  });

  it("lets a listed host be private, and only that one", async () => {
    const server = await serve((_request, response) => response.end("wiki"));
    const fetch = createOutboundFetch({
      userAgent: "millrace-test",
      allowedPrivateHosts: ["Wiki.internal"],
      lookup: toAddresses("127.0.0.1"),
    });
    expect(textOf(await fetch(`http://wiki.internal:${server.port}/`, limits))).toBe("wiki");
    await expect(fetch(`http://other.internal:${server.port}/`, limits)).rejects.toEqual(
      errorOf("URL_REFUSED", "never"),
    );
    await expect(fetch(server.url, limits)).rejects.toEqual(errorOf("URL_REFUSED", "never"));
  });
});

describe("outbound fetch: redirects", () => {
  it.each([
    "http://10.0.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "//192.168.0.1/x",
    "http://[::ffff:7f00:1]/",
    "http://0x0a000001/",
    "http://private.example/",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "http://",
  ])("checks the target: %s", async (location) => {
    const server = await serve((_request, response) => response.writeHead(302, { location }).end());
    const fetch = localVia((name) => toAddresses(name === "private.example" ? "10.0.0.1" : "127.0.0.1")(name));
    await expect(fetch(server.url, limits)).rejects.toEqual(errorOf("URL_REFUSED", "never"));
  });

  it("follows relative, absolute and unescaped locations and tells the way", async () => {
    const way: Record<string, string> = { "/": "a/../b?x=1#f", "/b?x=1": "/grüße", "/gr%C3%BC%C3%9Fe": "?last" };
    const server = await serve((request, response) => {
      const location = way[request.url ?? ""];
      if (location) response.writeHead(301, { location: Buffer.from(location).toString("latin1") }).end("ignored");
      else response.end(request.url);
    });
    const response = await local(server.url, limits);
    expect(textOf(response)).toBe("/gr%C3%BC%C3%9Fe?last");
    expect(response.url).toBe(`${server.url}/gr%C3%BC%C3%9Fe?last`);
    expect(response.redirects).toEqual([`${server.url}/`, `${server.url}/b?x=1`, `${server.url}/gr%C3%BC%C3%9Fe`]);
  });

  it("stops after five, and at once when none are wanted", async () => {
    let hits = 0;
    const server = await serve((_request, response) => {
      hits++;
      response.writeHead(302, { location: "/again" }).end("moved");
    });
    await expect(local(server.url, limits)).rejects.toEqual(errorOf("URL_HTTP_ERROR", "never"));
    expect(hits).toBe(6);
    const kept = await local(server.url, { ...limits, maxRedirects: 0 });
    expect([kept.status, kept.headers["location"], textOf(kept)]).toEqual([302, "/again", "moved"]);
    expect(hits).toBe(7);
  });

  it("a redirect status without a location is an answer", async () => {
    const server = await serve((_request, response) => response.writeHead(304).end());
    expect((await local(server.url, limits)).status).toBe(304);
    const bare = await serve((_request, response) => response.writeHead(302).end("where?"));
    expect(textOf(await local(bare.url, limits))).toBe("where?");
  });

  it("shows credentials to their own origin only", async () => {
    const other = await serve((request, response) => response.end(JSON.stringify(request.headers)));
    const server = await serve((request, response) => {
      if (request.url === "/same") response.end(JSON.stringify(request.headers));
      else response.writeHead(302, { location: request.url === "/away" ? other.url : "/same" }).end();
    });
    const headers = { Authorization: "Bearer key", Cookie: "a=1", "X-Api-Key": "key", Accept: "text/html" };
    const same = JSON.parse(textOf(await local(server.url, { ...limits, headers })));
    expect(same).toMatchObject({ authorization: "Bearer key", cookie: "a=1", "x-api-key": "key", accept: "text/html" });
    const away = JSON.parse(textOf(await local(`${server.url}/away`, { ...limits, headers })));
    expect(away).toMatchObject({ accept: "text/html", "user-agent": "millrace-test" });
    expect(Object.keys(away)).not.toEqual(expect.arrayContaining(["authorization"]));
    expect(JSON.stringify(away)).not.toMatch(/key|a=1/);
  });

  it("never sends what stands before the @, nor a Host the caller made up", async () => {
    const server = await serve((request, response) => response.end(JSON.stringify(request.headers)));
    const response = await local(server.url.replace("//", "//me:secret@"), { ...limits, headers: { Host: "evil" } });
    expect(JSON.parse(textOf(response))).toMatchObject({ host: `127.0.0.1:${server.port}` });
    expect(textOf(response)).not.toMatch(/authorization|secret|evil/);
    expect(response.url).not.toContain("secret");
  });

  it.each<[number, string]>([
    [301, "GET "],
    [302, "GET "],
    [303, "GET "],
    [307, "POST body"],
    [308, "POST body"],
  ])("%i makes of a POST with a body: %s", async (status, afterPost) => {
    const server = await serve((request, response) => {
      if (request.url === "/") response.writeHead(status, { location: "/next" }).end();
      else {
        response.write(`${request.method} `);
        request.pipe(response);
      }
    });
    expect(textOf(await local(server.url, { ...limits, method: "POST", body: "body" }))).toBe(afterPost);
  });
});

describe("outbound fetch: size", () => {
  it("refuses a declared length without reading, and an exact fit is fine", async () => {
    const server = await serve((request, response) => {
      if (request.url === "/fits") return response.end("x".repeat(1_000));
      response.writeHead(200, { "content-length": "1001" });
      return response.write("x");
    });
    await expect(local(server.url, { ...limits, maxBytes: 1_000 })).rejects.toEqual(
      errorOf("FETCH_TOO_LARGE", "never"),
    );
    expect((await local(`${server.url}/fits`, { ...limits, maxBytes: 1_000 })).body.length).toBe(1_000);
    await expect.poll(server.open).toBe(0);
  });

  it("stops an endless body", async () => {
    let sent = 0;
    const server = await serve((_request, response) => {
      const chunk = Buffer.alloc(65_536, "x");
      const more = (): void => {
        while (!response.destroyed) {
          sent += chunk.length;
          if (!response.write(chunk)) break;
        }
      };
      response.on("drain", more);
      more();
    });
    await expect(local(server.url, limits)).rejects.toEqual(errorOf("FETCH_TOO_LARGE", "never"));
    await expect.poll(server.open).toBe(0);
    expect(sent).toBeLessThan(50_000_000);
  });

  it.each([
    ["gzip", gzipSync],
    ["br", (bytes: Buffer) => brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } })],
    ["deflate", deflateSync],
  ] as const)("stops a %s bomb early", async (encoding, compress) => {
    const bomb = compress(Buffer.alloc(100_000_000));
    expect(bomb.length).toBeLessThan(limits.maxBytes);
    const server = await serve((_request, response) => {
      response.writeHead(200, { "content-encoding": encoding }).end(bomb);
    });
    const before = process.memoryUsage().rss;
    await expect(local(server.url, limits)).rejects.toEqual(errorOf("FETCH_TOO_LARGE", "never"));
    expect(process.memoryUsage().rss - before).toBeLessThan(50_000_000);
  });

  it("cuts what is too long, endless, broken or late where the caller wants the status only", async () => {
    const start = { maxBytes: 10, timeoutMs: 3_000, cutsBody: true };
    const text = async (answer: Answer) => {
      const { status, body } = await local((await serve(answer)).url, start);
      return `${status} ${Buffer.from(body).toString()}`;
    };
    expect(await text((_request, response) => response.end("x".repeat(5_000_000)))).toBe(`200 ${"x".repeat(10)}`);
    expect(await text((_request, response) => void response.writeHead(202).write("thanks"))).toBe("202 thanks");
    expect(
      await text((_request, response) =>
        response.writeHead(201, { "content-length": 9 }).write("abc", () => response.destroy()),
      ),
    ).toBe("201 abc");
    const zipped = gzipSync("y".repeat(100_000));
    expect(
      await text((_request, response) => response.writeHead(200, { "content-encoding": "gzip" }).end(zipped)),
    ).toBe(`200 ${"y".repeat(10)}`);
    expect(
      await text((_request, response) => response.writeHead(200, { "content-encoding": "gzip" }).end("none")),
    ).toBe("200 ");
    expect(
      await text((_request, response) => response.writeHead(200, { "content-encoding": "zstd" }).end("none")),
    ).toBe("200 ");
    const silent = await serve(() => {});
    await expect(local(silent.url, start)).rejects.toMatchObject({ code: "FETCH_TIMEOUT" });
  });

  it("refuses a coding that was not asked for, stacked ones and damaged bytes", async () => {
    const server = await serve((request, response) => {
      response.writeHead(200, { "content-encoding": request.url?.slice(1) }).end("this is not gzip at all");
    });
    for (const encoding of ["gzip", "br", "deflate", "zstd", "gzip,gzip"]) {
      await expect(local(`${server.url}/${encoding}`, limits), encoding).rejects.toEqual(
        errorOf("URL_HTTP_ERROR", "never"),
      );
    }
  });
});

describe("outbound fetch: time", () => {
  const soon = { ...limits, timeoutMs: 200 };

  it("gives up on silence, slow headers and a slow body, and closes the connection", async () => {
    const drip = (socket: Socket, text: string): void => {
      const timer = setInterval(() => socket.write(text), 10);
      socket.on("close", () => clearInterval(timer));
    };
    const silent = await serveTcp(() => {});
    const slowHeaders = await serveTcp((socket) => {
      socket.write("HTTP/1.1 200 OK\r\nx-slow: ");
      drip(socket, "x");
    });
    const slowBody = await serveTcp((socket) => {
      socket.write("HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n");
      drip(socket, "x");
    });
    for (const server of [silent, slowHeaders, slowBody]) {
      await expect(local(server.url, soon)).rejects.toEqual(errorOf("FETCH_TIMEOUT", "backoff"));
      await expect.poll(server.open).toBe(0);
      expect(server.accepted()).toBe(1);
    }
  });

  it("covers look-up, handshake and all redirects together", async () => {
    await expect(localVia(() => new Promise(() => {}))("http://slow.example/", soon)).rejects.toEqual(
      errorOf("FETCH_TIMEOUT", "backoff"),
    );
    const silent = await serveTcp(() => {});
    await expect(local(silent.url.replace("http:", "https:"), soon)).rejects.toEqual(
      errorOf("FETCH_TIMEOUT", "backoff"),
    );
    await expect.poll(silent.open).toBe(0);
    const slow = await serve((_request, response) => {
      setTimeout(() => response.writeHead(302, { location: "/next" }).end(), 90);
    });
    await expect(local(slow.url, soon)).rejects.toEqual(errorOf("FETCH_TIMEOUT", "backoff"));
  });

  it("stops when the caller does, with the caller's reason", async () => {
    const reason = new Error("the job was cancelled");
    const server = await serve((_request, response) => {
      response.write("first part");
      controller.abort(reason);
    });
    const controller = new AbortController();
    await expect(local(server.url, { ...limits, signal: controller.signal })).rejects.toBe(reason);
    await expect.poll(server.open).toBe(0);
    await expect(local(server.url, { ...limits, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(server.accepted()).toBe(1);
  });
});

describe("outbound fetch: trouble", () => {
  it("tells what may pass from what will not", async () => {
    const closed = await serveTcp(() => {});
    await new Promise((resolve) => servers.pop()?.close(resolve));
    await expect(local(closed.url, limits)).rejects.toEqual(errorOf("URL_UNREACHABLE", "backoff"));

    const failing =
      (code: string): Lookup =>
      () =>
        Promise.reject(Object.assign(new Error(code), { code }));
    await expect(localVia(failing("ENOTFOUND"))("http://gone.example/", limits)).rejects.toEqual(
      errorOf("URL_UNREACHABLE", "never"),
    );
    await expect(localVia(failing("EAI_AGAIN"))("http://later.example/", limits)).rejects.toEqual(
      errorOf("URL_UNREACHABLE", "backoff"),
    );
    await expect(localVia(toAddresses())("http://empty.example/", limits)).rejects.toEqual(
      errorOf("URL_UNREACHABLE", "never"),
    );
  });

  it("calls a connection cut in the middle unreachable, and other protocols a damaged answer", async () => {
    const cut = await serveTcp((socket) => {
      socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf"));
    });
    await expect(local(cut.url, limits)).rejects.toEqual(errorOf("URL_UNREACHABLE", "backoff"));
    const mail = await serveTcp((socket) => socket.end("220 mail.example ESMTP\r\n"));
    await expect(local(mail.url, limits)).rejects.toEqual(errorOf("URL_HTTP_ERROR", "never"));
    const bigHeaders = await serveTcp((socket) => {
      socket.once("data", () => socket.end(`HTTP/1.1 200 OK\r\nx: ${"y".repeat(100_000)}\r\n\r\n`));
    });
    await expect(local(bigHeaders.url, limits)).rejects.toEqual(errorOf("URL_HTTP_ERROR", "never"));
    const plain = await serve((_request, response) => response.end("ok"));
    await expect(local(plain.url.replace("http:", "https:"), limits)).rejects.toEqual(
      errorOf("URL_UNREACHABLE", "never"),
    );
  });
});
