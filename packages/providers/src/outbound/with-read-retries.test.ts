import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { createOutboundFetch } from "./create-outbound-fetch.ts";
import { withReadRetries } from "./with-read-retries.ts";

const plain = createOutboundFetch({ userAgent: "millrace-test", allowLoopback: true });
const fetch = withReadRetries(plain, { tries: 3, baseMs: 1 });
const limits = { maxBytes: 1_000, timeoutMs: 5_000 };

let close = async (): Promise<void> => {};
afterEach(() => close());

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  close = () => new Promise((resolve) => server.close(() => resolve()));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

/** Answers with these statuses in turn, the last one for ever; 0 cuts the connection. */
async function serveInTurn(...statuses: number[]): Promise<{ url: string; hits: () => number }> {
  let hits = 0;
  const url = await serve((_request, response) => {
    const status = statuses[Math.min(hits++, statuses.length - 1)] ?? 0;
    if (status === 0) response.socket?.destroy();
    else response.writeHead(status).end(String(status));
  });
  return { url, hits: () => hits };
}

describe("withReadRetries", () => {
  it.each([502, 503, 504, 0])("A-Q01 asks again after %i", async (trouble) => {
    const server = await serveInTurn(trouble, trouble, 200);
    expect((await fetch(server.url, limits)).status).toBe(200);
    expect(server.hits()).toBe(3);
  });

  it("A-Q01 gives what there is after the last try", async () => {
    const unavailable = await serveInTurn(503);
    expect((await fetch(unavailable.url, limits)).status).toBe(503);
    expect(unavailable.hits()).toBe(3);
    await close();
    const cut = await serveInTurn(0);
    await expect(fetch(cut.url, limits)).rejects.toMatchObject({ code: "URL_UNREACHABLE", retry: "backoff" });
    expect(cut.hits()).toBe(3);
  });

  it.each([200, 404, 429, 500])("A-Q01 takes %i for an answer", async (status) => {
    const server = await serveInTurn(status);
    expect((await fetch(server.url, limits)).status).toBe(status);
    expect(server.hits()).toBe(1);
  });

  it("A-Q01 never repeats a POST, a refusal or a too large answer", async () => {
    const server = await serveInTurn(503);
    expect((await fetch(server.url, { ...limits, method: "POST" })).status).toBe(503);
    expect((await fetch(server.url, { ...limits, method: "PUT" })).status).toBe(503);
    expect((await fetch(server.url, { ...limits, method: "PATCH" })).status).toBe(503);
    expect(server.hits()).toBe(3);
    await expect(fetch(server.url, { ...limits, maxBytes: 1 })).rejects.toMatchObject({ code: "FETCH_TOO_LARGE" });
    expect(server.hits()).toBe(4);
    await expect(fetch("http://10.0.0.1/", limits)).rejects.toMatchObject({ code: "URL_REFUSED" });
  });

  it("A-Q01 keeps the total time: a wait that does not fit is not begun", async () => {
    let hits = 0;
    const url = await serve((_request, response) => {
      hits++;
      response.writeHead(503, { "retry-after": "3600" }).end();
    });
    expect((await fetch(url, limits)).status).toBe(503);
    expect(hits).toBe(1);
  });

  it("A-Q01 stops waiting when the caller does", async () => {
    const reason = new Error("enough");
    const controller = new AbortController();
    const url = await serve((_request, response) => {
      response.writeHead(503, { "retry-after": "2" }).end();
      response.on("close", () => setImmediate(() => controller.abort(reason)));
    });
    await expect(fetch(url, { ...limits, signal: controller.signal })).rejects.toBe(reason);
  });
});
