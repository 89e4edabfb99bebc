import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { verifyCallback } from "@millrace/client";
import { callbackTestBody } from "@millrace/contracts";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { startTestApi, type TestApi } from "../test-api.fixture.ts";

let api: TestApi;
const receivers: Server[] = [];
beforeAll(async () => {
  api = await startTestApi();
});
afterEach(async () => {
  for (const { key } of [{ key: api.keys.own }, { key: api.keys.foreign }]) {
    const { body } = await api.call("listCallbackEndpoints", { key });
    for (const { endpoint_id } of body.endpoints) {
      await api.call("deleteCallbackEndpoint", { key, params: { id: endpoint_id } });
    }
  }
  for (const server of receivers.splice(0)) await new Promise((resolve) => server.close(resolve));
});
afterAll(() => api.close());

const url = "https://hooks.example.org/millrace";

async function create(body: Record<string, unknown> = {}, key?: string) {
  const answer = await api.call("createCallbackEndpoint", { body: { url, ...body }, ...(key && { key }) });
  expect(answer.status).toBe(201);
  return answer.body as { endpoint_id: string; secret: string };
}

let made = 0;
async function endedJob(over: object = {}, key?: string): Promise<string> {
  const input = { key: `callback${++made}` };
  const { status, body } = await api.call("submitJob", {
    body: { pipeline: "sample", input, ...over },
    ...(key && { key }),
  });
  expect(status).toBe(202);
  await api.finish(body.job_id, { done: true });
  return body.job_id;
}

const deliveriesOf = async (id: string, key?: string) =>
  (await api.call("listJobDeliveries", { params: { id }, ...(key && { key }) })).body.deliveries;

interface Heard {
  readonly url: string;
  readonly messages: { readonly body: string; readonly headers: Record<string, string> }[];
}

async function listen(status: number): Promise<Heard> {
  const messages: Heard["messages"] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on("end", () => {
      messages.push({ body, headers: request.headers as Record<string, string> });
      response.writeHead(status, { location: "https://elsewhere.example" }).end("heard");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  receivers.push(server);
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, messages };
}

describe("callback endpoints", () => {
  it("show their secret once, when they are made", async () => {
    const { secret, ...endpoint } = await create({ description: "ours", payload: "full" });
    expect(secret).toMatch(/^whsec_/);
    expect(endpoint).toMatchObject({
      url,
      description: "ours",
      payload: "full",
      is_enabled: true,
      disabled_reason: null,
    });
    const read = await api.call("readCallbackEndpoint", { params: { id: endpoint.endpoint_id } });
    expect(read.body).toEqual(endpoint);
    const { body } = await api.call("listCallbackEndpoints");
    expect(body.endpoints).toEqual([endpoint]);
    expect(JSON.stringify([read.body, body, await api.audits()])).not.toContain(secret);
  });

  it("take a secret of one's own, and none that is weak", async () => {
    const secret = `whsec_${Buffer.alloc(24, 7).toString("base64")}`;
    expect((await create({ secret })).secret).toBe(secret);
    for (const weak of [
      "",
      "whsec_",
      "hunter2",
      `whsec_${Buffer.alloc(16).toString("base64")}`,
      `whsec_${"A".repeat(200)}`,
    ]) {
      const answer = await api.call("createCallbackEndpoint", { body: { url, secret: weak } });
      expect(answer.status, weak).toBe(400);
      expect(answer.body.errors[0].field).toBe("secret");
    }
  });

  it.each<[string, string, string]>([
    ["ftp://example.org/", "VALIDATION_FAILED", "url_scheme"],
    ["example.org", "VALIDATION_FAILED", "url_syntax"],
    ["https://user:pass@example.org/", "VALIDATION_FAILED", "no_credentials"],
    ["http://10.0.0.1/", "URL_REFUSED", "address"],
    ["http://169.254.169.254/latest/meta-data", "URL_REFUSED", "address"],
    ["http://[fd00::1]/", "URL_REFUSED", "address"],
    ["http://0x0a000001/", "URL_REFUSED", "address"],
    ["http://[::ffff:10.0.0.1]/", "URL_REFUSED", "address"],
  ])("refuse %s", async (bad, code, rule) => {
    const answer = await api.call("createCallbackEndpoint", { body: { url: bad } });
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ code, errors: [{ field: "url", rule }] });
  });

  it("are enabled one at a time", async () => {
    const first = await create();
    expect((await api.call("createCallbackEndpoint", { body: { url } })).body.code).toBe("CONFLICT");
    const second = await create({ is_enabled: false });
    const enable = (id: string, is_enabled: boolean) =>
      api.call("changeCallbackEndpoint", { params: { id }, body: { is_enabled } });
    expect((await enable(second.endpoint_id, true)).status).toBe(409);
    expect((await enable(first.endpoint_id, false)).body).toMatchObject({
      is_enabled: false,
      disabled_reason: "owner",
    });
    expect((await enable(second.endpoint_id, true)).body).toMatchObject({ is_enabled: true, disabled_reason: null });
  });

  it("change field by field, and not to nonsense", async () => {
    const { endpoint_id: id } = await create();
    const change = (body: object) => api.call("changeCallbackEndpoint", { params: { id }, body: body as never });
    expect((await change({ description: "new" })).body).toMatchObject({ description: "new", url });
    expect((await change({ url: "https://other.example/x#y" })).body.url).toBe("https://other.example/x");
    expect((await change({})).status).toBe(400);
    expect((await change({ secret: "x" })).body.errors[0]).toMatchObject({ field: "secret", rule: "unknown_field" });
    expect((await change({ url: "http://192.168.1.1/" })).body.code).toBe("URL_REFUSED");
    expect((await api.call("readCallbackEndpoint", { params: { id } })).body.url).toBe("https://other.example/x");
  });

  it("D-6 are their owner's: to others they do not exist", async () => {
    const { endpoint_id: id } = await create();
    const job = await endedJob();
    const [delivery] = await deliveriesOf(job);
    const key = api.keys.foreign;
    const asked = [
      api.call("readCallbackEndpoint", { key, params: { id } }),
      api.call("changeCallbackEndpoint", { key, params: { id }, body: { is_enabled: false } }),
      api.call("deleteCallbackEndpoint", { key, params: { id } }),
      api.call("rotateCallbackSecret", { key, params: { id }, body: {} }),
      api.call("testCallbackEndpoint", { key, params: { id } }),
      api.call("listJobDeliveries", { key, params: { id: job } }),
      api.call("redeliver", { key, params: { id: delivery.delivery_id } }),
    ];
    for (const answer of await Promise.all(asked)) expect(answer.status).toBe(404);
    expect((await api.call("listCallbackEndpoints", { key })).body.endpoints).toEqual([]);
    expect((await api.call("listDeliveries", { key })).body.deliveries).toEqual([]);
    expect((await api.call("readCallbackEndpoint", { params: { id } })).body.is_enabled).toBe(true);
    const admin = { key: api.keys.admin };
    expect((await api.call("readCallbackEndpoint", { ...admin, params: { id } })).status).toBe(200);
    expect((await api.call("listJobDeliveries", { ...admin, params: { id: job } })).body.deliveries).toHaveLength(1);
  });

  it("A-Q11 sign with both secrets while one is being changed", async () => {
    const receiver = await listen(200);
    const { endpoint_id: id, secret: before } = await create({ url: receiver.url });
    const rotated = await api.call("rotateCallbackSecret", { params: { id }, body: { overlap_seconds: 60 } });
    const after = rotated.body.secret as string;
    expect(after).not.toBe(before);
    expect(Date.parse(rotated.body.previous_secret_until)).toBeGreaterThan(Date.now());
    const sent = await api.call("testCallbackEndpoint", { params: { id } });
    expect(sent.body).toMatchObject({ delivered: true, status_code: 200, error: null, response_body: "heard" });
    const { body, headers } = receiver.messages[0]!;
    for (const secret of [before, after])
      expect(callbackTestBody.parse(verifyCallback(body, headers, secret))).toBeTruthy();
    expect(headers["webhook-id"]).toBe(sent.body.webhook_id);

    await api.call("rotateCallbackSecret", { params: { id }, body: { overlap_seconds: 0 } });
    await api.call("testCallbackEndpoint", { params: { id } });
    expect(receiver.messages[1]?.headers["webhook-signature"]?.split(" ")).toHaveLength(1);
    for (const secret of [before, after]) {
      const { body: again, headers: their } = receiver.messages[1]!;
      expect(() => verifyCallback(again, their, secret)).toThrow(/signature/);
    }
    expect((await api.call("rotateCallbackSecret", { params: { id } })).body.previous_secret_until).not.toBeNull();
  });

  it("a test tells what the receiver did, and follows no redirect", async () => {
    const receiver = await listen(302);
    const { endpoint_id: id } = await create({ url: receiver.url });
    const { body } = await api.call("testCallbackEndpoint", { params: { id } });
    expect(body).toMatchObject({ delivered: false, status_code: 302 });
    await new Promise((resolve) => receivers.splice(0)[0]?.close(resolve));
    const dead = await api.call("testCallbackEndpoint", { params: { id } });
    expect(dead.status).toBe(200);
    expect(dead.body).toMatchObject({ delivered: false, status_code: null, response_body: null });
    expect(dead.body.error).toContain("URL_UNREACHABLE");
  });

  it("a deleted one is gone", async () => {
    const { endpoint_id: id } = await create();
    expect((await api.call("deleteCallbackEndpoint", { params: { id } })).body).toEqual({
      endpoint_id: id,
      deleted: true,
    });
    for (const call of ["readCallbackEndpoint", "deleteCallbackEndpoint", "testCallbackEndpoint"] as const) {
      expect((await api.call(call, { params: { id } })).status).toBe(404);
    }
    await create();
  });

  it("every change of one is in the audit trail", async () => {
    const before = (await api.audits()).length;
    const { endpoint_id: id } = await create();
    await api.call("changeCallbackEndpoint", { params: { id }, body: { description: "x" } });
    await api.call("rotateCallbackSecret", { params: { id }, body: {} });
    await api.call("deleteCallbackEndpoint", { params: { id } });
    const events = (await api.audits()).slice(before);
    expect(events.map((e) => e["event"])).toEqual([
      "audit.callback_endpoint_created",
      "audit.callback_endpoint_changed",
      "audit.callback_secret_rotated",
      "audit.callback_endpoint_deleted",
    ]);
    for (const event of events) {
      expect(event).toMatchObject({ owner_id: api.ownerId, details: { endpoint_id: id } });
      expect(JSON.stringify(event)).not.toContain("whsec_");
    }
  });
});

describe("deliveries", () => {
  it("A-S30 A-Q12 stand beside the job from its end, with the id receivers see", async () => {
    await create();
    const job = await endedJob();
    const [delivery, ...more] = await deliveriesOf(job);
    expect(more).toEqual([]);
    expect(delivery).toMatchObject({
      job_id: job,
      url,
      event: "pipeline_job.completed",
      status: "pending",
      attempts: 0,
      log: [],
    });
    const { body } = await api.call("listDeliveries", { query: { status: "pending", limit: 1 } });
    expect(body.deliveries[0].callback_event_id).toBe(delivery.callback_event_id);
    expect((await api.call("listDeliveries", { query: { status: "delivered" } })).body.deliveries).toEqual([]);
  });

  it("page through all of several endpoints, newest first", async () => {
    const key = api.keys.foreign;
    const jobs: string[] = [];
    for (const _ of [1, 2, 3]) {
      const { endpoint_id: id } = await create({}, key);
      jobs.push(await endedJob({}, key), await endedJob({}, key));
      await api.call("deleteCallbackEndpoint", { key, params: { id } });
    }
    const seen: string[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const query: Record<string, unknown> = { limit: 2, ...(cursor && { cursor }) };
      const { body } = await api.call("listDeliveries", { key, query });
      seen.push(...body.deliveries.map((row: { job_id: string }) => row.job_id));
      cursor = body.next_cursor;
    }
    expect(seen).toEqual(jobs.reverse());
  });

  it("go to the job's own address only where the endpoint allows it", async () => {
    const own = "https://hooks.example.org/own";
    const submit = (callback_url: string) =>
      api.call("submitJob", { body: { pipeline: "sample", input: { key: `own${++made}` }, callback_url } });
    const refused = await submit(own);
    expect(refused.body).toMatchObject({ status: 400, errors: [{ field: "callback_url", rule: "allowed" }] });
    const { endpoint_id: id } = await create();
    expect((await submit(own)).status).toBe(400);
    await api.call("changeCallbackEndpoint", { params: { id }, body: { allows_job_urls: true } });
    expect((await submit("http://10.1.1.1/")).body.code).toBe("URL_REFUSED");
    expect((await deliveriesOf(await endedJob({ callback_url: own })))[0].url).toBe(own);
    expect((await deliveriesOf(await endedJob()))[0].url).toBe(url);
    const ingested = await api.call("ingestUrl", { body: { url: "https://example.org/a", callback_url: own } });
    expect((await api.store.findJob(ingested.body.job_id, null))?.metadata).toMatchObject({ callback_url: own });
    const form = new FormData();
    form.append("callback_url", own);
    form.append("file", new Blob(["# Text"]), "a.md");
    const uploaded = await api.call("uploadContent", { body: form });
    expect((await api.store.findJob(uploaded.body.job_id, null))?.metadata).toMatchObject({ callback_url: own });
  });

  it("A-Q12 are sent again, to the endpoint that is enabled now", async () => {
    const first = await create();
    const job = await endedJob();
    const [{ delivery_id: id }] = await deliveriesOf(job);
    await api.call("deleteCallbackEndpoint", { params: { id: first.endpoint_id } });
    expect((await api.call("redeliver", { params: { id } })).body.code).toBe("CONFLICT");
    const second = await create({ url: "https://second.example/" });
    const again = await api.call("redeliver", { params: { id } });
    expect(again).toMatchObject({ status: 202, body: { delivery_id: id, status: "pending" } });
    expect(await deliveriesOf(job)).toMatchObject([
      { status: "pending", attempts: 0, endpoint_id: second.endpoint_id, url: "https://second.example/" },
    ]);
    expect((await api.call("redeliver", { params: { id: job } })).status).toBe(404);
  });

  it("that are exhausted go again all at once, each owner's own", async () => {
    await create();
    const started = new Date(Date.now() - 60_000).toISOString();
    const jobs = [await endedJob(), await endedJob(), await endedJob()];
    const ids: string[] = [];
    for (const job of jobs) ids.push((await deliveriesOf(job))[0].delivery_id);
    await api.exhaust(ids.slice(0, 2));
    const ask = (exhausted_since: string, key = api.keys.own) =>
      api.call("redeliverExhausted", { key, body: { exhausted_since } });
    expect((await ask(started, api.keys.foreign)).body).toEqual({ redelivered: 0, has_more: false });
    expect((await ask(new Date(Date.now() + 60_000).toISOString())).body.redelivered).toBe(0);
    expect(await ask(started)).toMatchObject({ status: 202, body: { redelivered: 2, has_more: false } });
    expect((await ask(started)).body.redelivered).toBe(0);
    for (const job of jobs) expect((await deliveriesOf(job))[0]).toMatchObject({ status: "pending", attempts: 0 });
    expect((await ask("yesterday")).body.errors[0].field).toBe("exhausted_since");
    for (const edge of ["0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
      expect((await ask(edge)).status, edge).toBe(202);
  });
});
