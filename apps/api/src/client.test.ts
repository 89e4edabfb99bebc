import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { ApiError, type Client, createClient } from "@millrace/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestApi, type TestApi } from "./test-api.fixture.ts";

let api: TestApi;
let client: Client;
const servers: Server[] = [];
beforeAll(async () => {
  api = await startTestApi();
  client = createClient({ apiUrl: api.url, apiKey: api.keys.own });
});
afterAll(async () => {
  for (const server of servers) await new Promise((resolve) => server.close(resolve));
  await api.close();
});

/** Hands a request on as it is; its answer comes back whole, or not at all. */
async function passOn(request: IncomingMessage): Promise<{ status: number; text: string }> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const kept = ["authorization", "content-type", "idempotency-key"].filter((name) => request.headers[name]);
  const passed = await fetch(api.url + request.url, {
    method: request.method ?? "GET",
    headers: Object.fromEntries(kept.map((name) => [name, String(request.headers[name])])),
    ...(chunks.length > 0 && { body: new Uint8Array(Buffer.concat(chunks)) }),
  });
  return { status: passed.status, text: await passed.text() };
}

/** Something between the client and the API that answers itself at first. */
async function before(answer: RequestListener, times: number): Promise<{ client: Client; asked: () => number }> {
  let asked = 0;
  const server = createServer((request, response) => {
    if (++asked <= times) return answer(request, response);
    passOn(request).then(
      ({ status, text }) => response.writeHead(status).end(text),
      () => response.destroy(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  servers.push(server);
  const apiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { client: createClient({ apiUrl, apiKey: api.keys.own }), asked: () => asked };
}

let made = 0;
const submission = () => ({ pipeline: "sample", input: { key: `client${++made}` } });

describe("createClient", () => {
  it("submits, waits for the end and reads the result", async () => {
    const { job_id, deduplicated } = await client.submit(submission());
    expect(deduplicated).toBe(false);
    expect(await client.job(job_id)).toMatchObject({ job_id, status: "pending" });
    const waiting = client.waitForEnd(job_id);
    await api.finish(job_id, { answer: 42 });
    expect(await waiting).toMatchObject({ status: "completed", result: { answer: 42 } });
    expect((await client.jobDetails(job_id)).history.length).toBeGreaterThan(2);
  });

  it("lists, pages and cancels", async () => {
    const ids = [(await client.submit(submission())).job_id, (await client.submit(submission())).job_id];
    const first = await client.list({ pipeline: "sample", status: "pending", limit: 1 });
    const second = await client.list({
      pipeline: "sample",
      status: "pending",
      limit: 1,
      cursor: first.next_cursor ?? "",
    });
    expect([...first.jobs, ...second.jobs].map((job) => job.job_id)).toEqual(ids.reverse());
    expect(await client.cancel(ids[0]!, "no longer wanted")).toMatchObject({ cancelled: true, status: "cancelled" });
    expect((await client.waitForEnd(ids[0]!)).cancel_reason).toBe("no longer wanted");
  });

  it("gives the API's problem, with its code and fields", async () => {
    const refused = await client.submit({ pipeline: "sample", input: {} }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ApiError);
    expect(refused).toMatchObject({ status: 400, code: "VALIDATION_FAILED", errors: [{ field: "input.key" }] });
    await expect(client.job("0199aaaa-0000-7000-8000-000000000000")).rejects.toMatchObject({ code: "NOT_FOUND" });
    const stranger = createClient({ apiUrl: api.url, apiKey: "mr_wrong" });
    await expect(stranger.list()).rejects.toMatchObject({ status: 401, code: "UNAUTHENTICATED" });
  });

  it("tries again after 503 and after a lost connection, and starts nothing twice", async () => {
    const busy = await before(
      (_request, response) => void response.writeHead(503, { "retry-after": "0" }).end("busy"),
      2,
    );
    const { job_id } = await busy.client.submit(submission());
    expect(busy.asked()).toBe(3);
    const cut = await before((request) => void request.socket.destroy(), 1);
    expect(await cut.client.job(job_id)).toMatchObject({ job_id });
    // the answer is lost after the job was made: the key that was made for the request finds it again
    const given = submission();
    const lost = await before((request, response) => void passOn(request).finally(() => response.destroy()), 1);
    const accepted = await lost.client.submit(given);
    expect(lost.asked()).toBe(2);
    expect(accepted.deduplicated).toBe(false);
    expect((await client.list({ resource_key: `sample:${given.input.key}` })).jobs).toHaveLength(1);
  });

  it("does not repeat what the API refused, nor for ever what it cannot reach", async () => {
    const broken = await before((_request, response) => void response.writeHead(500).end("<html>"), 100);
    await expect(broken.client.list()).rejects.toMatchObject({ status: 500, code: "" });
    expect(broken.asked()).toBe(1);
    const away = createClient({ apiUrl: "http://127.0.0.1:1", apiKey: "x", retries: 1 });
    await expect(away.list()).rejects.toThrow();
  });

  it("stops waiting when its time is over or the caller says so", async () => {
    const { job_id } = await client.submit(submission());
    await expect(client.waitForEnd(job_id, { timeoutMs: 1 })).rejects.toThrow("still pending");
    const controller = new AbortController();
    const waiting = client.waitForEnd(job_id, { signal: controller.signal });
    controller.abort();
    await expect(waiting).rejects.toThrow();
  });
});
