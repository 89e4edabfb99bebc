import { createHmac } from "node:crypto";
import { MillraceError, StoreUnavailableError } from "@millrace/core";
import { collectLogs, until } from "@millrace/testing";
import { describe, expect, it } from "vitest";
import { callbackEventId } from "./event-id.ts";
import { deliveryBench, postThrough, QUICK } from "./pump.fixture.ts";
import { answering } from "./receiver.fixture.ts";

const bench = deliveryBench();

/** Short enough to wait for; but a loaded machine must not take it for anything that answers. */
const HASTY = { ...QUICK, timeoutMs: 3_000 };

describe("a delivery", () => {
  it("A-Q11 arrives once, signed, and is written down", async () => {
    const receiver = await bench.receiver();
    const endpoint = await bench.endpoint(receiver.url);
    const [id = ""] = await bench.ended(endpoint);
    const pump = bench.pump();
    expect(await bench.settled([id])).toMatchObject([
      { status: "delivered", attempts: 1, last_status_code: 200, last_error: null },
    ]);
    expect(receiver.received).toHaveLength(1);
    const { headers, body } = receiver.received[0]!;
    const told = JSON.parse(body);
    expect(told).toMatchObject({ schema_version: "1", type: "pipeline_job.completed", status: "completed" });
    expect(told.callback_event_id).toBe(callbackEventId(told.job_id, "pipeline_job.completed"));
    expect(headers["webhook-id"]).toBe(told.callback_event_id);
    expect(headers["x-signature-256"]).toBe(
      `sha256=${createHmac("sha256", endpoint.secret).update(body).digest("hex")}`,
    );
    const [attempt] = await bench.attempts(id);
    expect(attempt).toMatchObject({
      attempt: 1,
      status_code: 200,
      error: null,
      response_body: "status 200",
      url: receiver.url,
      request_headers: { "webhook-id": told.callback_event_id, "content-type": "application/json" },
    });
    expect(JSON.stringify(attempt)).not.toContain(endpoint.secret);
    await until(() => pump.state().delivered === 1);
    expect(pump.state()).toMatchObject({ failed: 0, exhausted: 0, isStoreUp: true });
  });

  it("A-S27 is tried exactly three times, with the same id and the same body, then exhausted", async () => {
    const receiver = await bench.receiver(answering(500));
    const [id = ""] = await bench.ended(await bench.endpoint(receiver.url));
    const logs = collectLogs();
    bench.pump({ log: logs.log });
    expect(await bench.settled([id])).toMatchObject([
      { status: "exhausted", attempts: 3, last_status_code: 500, last_error: "HTTP 500" },
    ]);
    expect(receiver.received).toHaveLength(3);
    expect(new Set(receiver.received.map((r) => r.id)).size).toBe(1);
    expect(new Set(receiver.received.map((r) => r.body)).size).toBe(1);
    expect((await bench.attempts(id)).map((a) => [a["attempt"], a["status_code"]])).toEqual([
      [1, 500],
      [2, 500],
      [3, 500],
    ]);
    await until(() => logs.lines.some(({ message }) => message === "callback exhausted"));
  });

  it("A-Q12 waits longer each time, at least as long as Retry-After asks, within bounds", async () => {
    const asked = ["120", new Date(Date.now() + 600_000).toUTCString(), "99999999", "soon"];
    for (const header of asked) {
      const receiver = await bench.receiver(answering(503, { "retry-after": header }));
      const [id = ""] = await bench.ended(await bench.endpoint(receiver.url));
      const pump = bench.pump();
      await until(async () => (await bench.attempts(id))[0]?.["finished_at"]);
      await pump.stop({ softMs: 5_000, hardMs: 1_000 });
      const [row] = await bench.db.query<{ wait: number }>(
        `select extract(epoch from next_attempt_at - a.finished_at)::float8 as wait
         from callback_deliveries d join callback_attempts a on a.delivery_id = d.id and a.fence = 1 where d.id = $1`,
        [id],
      );
      const wait = row?.wait ?? -1;
      if (header === "120") expect(wait).toBeCloseTo(120, 0);
      else if (header === "99999999") expect(wait).toBeCloseTo(3_600, 0);
      else if (header === "soon") expect(wait).toBeLessThan(60);
      else expect(wait).toBeGreaterThan(60);
    }
  });

  it.each<[string, Parameters<typeof bench.receiver>[0], string]>([
    ["hangs", () => {}, "FETCH_TIMEOUT"],
    [
      "drips its headers",
      (_request, response) => {
        response.socket?.write("HTTP/1.1 200 OK\r\n");
        const drip = setInterval(() => response.socket?.write("x-a: b\r\n"), 50);
        response.socket?.once("close", () => clearInterval(drip));
      },
      "FETCH_TIMEOUT",
    ],
    ["resets the connection", (request) => request.socket.resetAndDestroy(), "URL_UNREACHABLE"],
    ["speaks no HTTP", (request) => request.socket.end("hello\r\n\r\n"), "URL_HTTP_ERROR"],
    ["redirects", answering(307, { location: "http://127.0.0.1:1/" }), "redirects are not followed"],
    ["refuses", answering(404), "HTTP 404"],
  ])("to a receiver that %s is an attempt that failed", async (_name, answer, error) => {
    const receiver = await bench.receiver(answer);
    const [id = ""] = await bench.ended(await bench.endpoint(receiver.url));
    const isSilent = error === "FETCH_TIMEOUT";
    bench.pump({ timings: isSilent ? { ...QUICK, timeoutMs: 500 } : HASTY });
    const [row] = await bench.settled([id]);
    expect(row).toMatchObject({ status: "exhausted", attempts: 3 });
    expect(row?.last_error).toContain(error);
    // a loaded machine may not even get the request through in that time
    if (!isSilent) expect(receiver.received).toHaveLength(3);
  });

  it.each<[string, Parameters<typeof bench.receiver>[0]]>([
    ["never ends its answer", (_request, response) => void response.writeHead(202).write("thanks")],
    ["answers hugely", (_request, response) => void response.writeHead(200).end("x".repeat(5_000_000))],
    [
      "answers with garbage in a coding",
      (_request, response) => void response.writeHead(200, { "content-encoding": "gzip" }).end("no gzip"),
    ],
    ["answers with NULs", (_request, response) => void response.writeHead(200).end("\0\ud800\0ok")],
  ])("to a receiver that %s is delivered: the status says so", async (_name, answer) => {
    const receiver = await bench.receiver(answer);
    const [id = ""] = await bench.ended(await bench.endpoint(receiver.url));
    bench.pump({ timings: HASTY });
    expect(await bench.settled([id])).toMatchObject([{ status: "delivered", attempts: 1 }]);
    const [attempt] = await bench.attempts(id);
    expect(String(attempt?.["response_body"]).length).toBeLessThanOrEqual(1_024);
  });

  it("A-Q11 never goes to a private address, nor to loopback unless that is allowed", async () => {
    const receiver = await bench.receiver();
    const hosts = [
      receiver.url,
      "http://10.0.0.1/",
      "http://169.254.169.254/latest",
      "http://[::1]:9/",
      "http://localhost:9/",
    ];
    const ids: string[] = [];
    for (const url of hosts) ids.push(...(await bench.ended(await bench.endpoint(url))));
    bench.pump({ post: postThrough({ allowLoopback: false }) });
    for (const row of await bench.settled(ids)) {
      expect(row).toMatchObject({ status: "exhausted", attempts: 3, last_status_code: null });
      expect(row.last_error).toContain("URL_REFUSED");
    }
    expect(receiver.received).toHaveLength(0);
  });

  it("goes to the job's own address where it has one, and says nothing of the endpoint", async () => {
    const [own, endpoints] = [await bench.receiver(answering(410)), await bench.receiver()];
    const endpoint = await bench.endpoint(endpoints.url, { allows_job_urls: true });
    const [id = ""] = await bench.ended(endpoint, 1, { url: own.url });
    bench.pump();
    expect(await bench.settled([id])).toMatchObject([{ status: "exhausted", attempts: 1 }]);
    expect([own.received.length, endpoints.received.length]).toEqual([1, 0]);
    const [row] = await bench.db.query("select is_enabled, failures from callback_endpoints where id = $1", [
      endpoint.id,
    ]);
    expect(row).toEqual({ is_enabled: true, failures: 0 });
  });

  it("carries the result's summary, and the whole of it where the endpoint asks for that", async () => {
    const receiver = await bench.receiver();
    const result = { unified_result: { tier: "A", quality_score: 71, tags: ["a", "b"], summary: "s" } };
    const short = await bench.endpoint(receiver.url);
    const full = await bench.endpoint(receiver.url, { payload: "full" });
    const ids = [...(await bench.ended(short, 1, { result })), ...(await bench.ended(full, 1, { result }))];
    bench.pump();
    await bench.settled(ids);
    const bodies = receiver.received.map((r) => JSON.parse(r.body));
    for (const body of bodies) expect(body.result_summary).toEqual({ tier: "A", quality_score: 71, tag_count: 2 });
    expect(bodies.map((body) => body.result).sort()).toEqual([result, undefined]);
  });
});

describe("an endpoint", () => {
  it("that answers 410 is disabled, and what waits for it waits on", async () => {
    const receiver = await bench.receiver((_request, response) => response.writeHead(410).end());
    const endpoint = await bench.endpoint(receiver.url);
    const [first = ""] = await bench.ended(endpoint);
    const pump = bench.pump();
    expect(await bench.settled([first])).toMatchObject([{ status: "exhausted", attempts: 1, last_status_code: 410 }]);
    const [row] = await bench.db.query("select is_enabled, disabled_reason from callback_endpoints where id = $1", [
      endpoint.id,
    ]);
    expect(row).toEqual({ is_enabled: false, disabled_reason: "gone" });
    const [held = ""] = await bench.ended(endpoint);
    const other = await bench.endpoint((await bench.receiver()).url);
    await bench.settled(await bench.ended(other, 3));
    expect(await bench.delivery(held)).toMatchObject({ status: "pending", attempts: 0 });
    expect(receiver.received).toHaveLength(1);
    await pump.stop({ softMs: 1_000, hardMs: 1_000 });
    const audits = await bench.db.query("select event, details from audit_events where owner_id = $1 order by id", [
      endpoint.ownerId,
    ]);
    expect(audits).toEqual([
      {
        event: "audit.callback_delivery",
        details: expect.objectContaining({ success: false, attempt: 1, status_code: 410 }),
      },
      { event: "audit.callback_endpoint_disabled", details: { endpoint_id: endpoint.id, reason: "gone", failures: 1 } },
    ]);
  });

  it("is disabled after a run of failures that lasts, and not by a burst", async () => {
    let status = 500;
    const receiver = await bench.receiver((_request, response) => response.writeHead(status).end());
    const endpoint = await bench.endpoint(receiver.url);
    const state = async () =>
      (
        await bench.db.query("select is_enabled, disabled_reason, failures from callback_endpoints where id = $1", [
          endpoint.id,
        ])
      )[0];
    const lasting = { ...QUICK, disableAfter: { failures: 5, spanMs: 3_600_000 } };
    bench.pump({ timings: lasting });
    await bench.settled(await bench.ended(endpoint, 3));
    expect(await state()).toEqual({ is_enabled: true, disabled_reason: null, failures: 9 });
    status = 200;
    await bench.settled(await bench.ended(endpoint, 1));
    expect(await state()).toEqual({ is_enabled: true, disabled_reason: null, failures: 0 });
    status = 500;
    await bench.settled(await bench.ended(endpoint, 1));
    await bench.db.query("update callback_endpoints set failing_since = now() - interval '2 hours' where id = $1", [
      endpoint.id,
    ]);
    const waiting = await bench.ended(endpoint, 4);
    await until(async () => (await state())?.["is_enabled"] === false);
    expect(await state()).toMatchObject({ disabled_reason: "failing", failures: 5 });
    // one at a time once it is doubtful, so nothing was exhausted: enabled again, the rest arrives
    status = 200;
    await bench.db.query(
      "update callback_endpoints set is_enabled = true, disabled_reason = null, failures = 0, failing_since = null where id = $1",
      [endpoint.id],
    );
    for (const row of await bench.settled(waiting)) expect(row.status).toBe("delivered");
  });

  it("that is deleted closes what still waits for it", async () => {
    const receiver = await bench.receiver();
    const endpoint = await bench.endpoint(receiver.url, { is_enabled: false, disabled_reason: "deleted" });
    const ids = await bench.ended(endpoint, 3);
    bench.pump();
    for (const row of await bench.settled(ids)) {
      expect(row).toMatchObject({ status: "exhausted", attempts: 0, last_error: "the endpoint was deleted" });
    }
    expect(receiver.received).toHaveLength(0);
  });

  it("that hangs keeps nobody else waiting, and never gets more than its share", async () => {
    const hanging = await bench.receiver(() => {});
    const quick = await bench.receiver();
    const slow = await bench.endpoint(hanging.url);
    const held = await bench.ended(slow, 30);
    const timings = { ...QUICK, concurrency: 10, perEndpoint: 4, timeoutMs: 60_000, leaseMs: 120_000 };
    const pump = bench.pump({ timings });
    await until(() => hanging.open() === 4);
    const others = await Promise.all(Array.from({ length: 3 }, () => bench.endpoint(quick.url)));
    const ids = (await Promise.all(others.map((endpoint) => bench.ended(endpoint, 20)))).flat();
    for (const row of await bench.settled(ids)) expect(row.status).toBe("delivered");
    expect(hanging.most()).toBe(4);
    expect(quick.received).toHaveLength(60);
    await pump.stop({ softMs: 0, hardMs: 5_000 });
    const states = await Promise.all(held.map(bench.delivery));
    expect(states.every((row) => row.status === "pending")).toBe(true);
  });
});

describe("pumps", () => {
  it("two share the work and double nothing", async () => {
    const receiver = await bench.receiver();
    const endpoints = await Promise.all(Array.from({ length: 5 }, () => bench.endpoint(receiver.url)));
    const ids = (await Promise.all(endpoints.map((endpoint) => bench.ended(endpoint, 40)))).flat();
    const pumps = [bench.pump(), bench.pump()];
    for (const row of await bench.settled(ids)) expect(row).toMatchObject({ status: "delivered", attempts: 1 });
    expect(receiver.received).toHaveLength(200);
    expect(new Set(receiver.received.map((r) => r.id)).size).toBe(200);
    await Promise.all(pumps.map((pump) => pump.stop({ softMs: 5_000, hardMs: 1_000 })));
    const shares = pumps.map((pump) => pump.state().delivered);
    expect(shares[0]! + shares[1]!).toBe(200);
    expect(Math.min(...shares)).toBeGreaterThan(0);
  });

  it("one that dies between POST and record leaves the same attempt to another: same id, not counted twice", async () => {
    const receiver = await bench.receiver();
    const [id = ""] = await bench.ended(await bench.endpoint(receiver.url));
    const never = new Promise<never>(() => {});
    let takes = 0;
    // dead as kill -9 makes it: it has taken and posted once, and nothing of it is ever heard again
    const dead = {
      take: (request: Parameters<typeof bench.store.take>[0]) => (takes++ === 0 ? bench.store.take(request) : never),
      record: () => never,
      giveBack: () => never,
    };
    bench.pump({ store: dead, timings: { ...QUICK, leaseMs: 1_000 } });
    await until(() => receiver.received.length === 1);
    bench.pump();
    expect(await bench.settled([id])).toMatchObject([{ status: "delivered", attempts: 1, interruptions: 0 }]);
    expect(receiver.received).toHaveLength(2);
    expect(new Set(receiver.received.map((r) => r.id)).size).toBe(1);
    const attempts = await bench.attempts(id);
    expect(attempts.map((a) => a["attempt"])).toEqual([1, 1]);
    expect(attempts[0]).toMatchObject({ finished_at: null, status_code: null });
  });

  it("one that dies during the last attempt still leaves that attempt, so exhausted means three answers", async () => {
    const receiver = await bench.receiver(answering(500));
    const [id = ""] = await bench.ended(await bench.endpoint(receiver.url));
    const first = bench.pump({ timings: { ...QUICK, retry: { ...QUICK.retry, baseMs: 1 } } });
    await bench.settled([id]);
    await first.stop({ softMs: 5_000, hardMs: 1_000 });
    // back to the moment of the third take
    await bench.db.query(
      "update callback_deliveries set status = 'pending', lease_until = now(), next_attempt_at = now() where id = $1",
      [id],
    );
    bench.pump();
    expect(await bench.settled([id])).toMatchObject([{ status: "exhausted", attempts: 3 }]);
    expect(receiver.received).toHaveLength(4);
  });

  it("give up an attempt that ends every pump that makes it", async () => {
    const receiver = await bench.receiver();
    const [id = ""] = await bench.ended(await bench.endpoint(receiver.url));
    await bench.db.query(
      "update callback_deliveries set attempts = 1, lease_until = now(), next_attempt_at = now(), interruptions = 10 where id = $1",
      [id],
    );
    bench.pump();
    expect(await bench.settled([id])).toMatchObject([
      { status: "exhausted", last_error: "interrupted too many times" },
    ]);
    expect(receiver.received).toHaveLength(0);
  });

  it("a late success counts although another has taken the delivery over", async () => {
    const receiver = await bench.receiver();
    const [id = ""] = await bench.ended(await bench.endpoint(receiver.url));
    const take = { limit: 1, perEndpoint: 1, underWay: new Map(), leaseMs: 0 };
    const [early] = await bench.store.take(take);
    const [late] = await bench.store.take({ ...take, leaseMs: 60_000 });
    expect([early?.fence, late?.fence, early?.attempt, late?.attempt]).toEqual([1, 2, 1, 1]);
    const limits = { maxAttempts: 3, disableAfter: QUICK.disableAfter };
    const facts = {
      id,
      statusCode: 500,
      error: "HTTP 500",
      latencyMs: 1,
      requestHeaders: {},
      responseBody: "",
      retryInMs: 1,
    };
    expect(await bench.store.record({ ...facts, fence: 1, outcome: "failed" }, limits)).toEqual({
      status: null,
      isEndpointDisabled: false,
    });
    const ok = { ...facts, statusCode: 200, error: null, outcome: "delivered" as const };
    expect(await bench.store.record({ ...ok, fence: 1 }, limits)).toMatchObject({ status: "delivered" });
    expect(await bench.store.record({ ...ok, fence: 2 }, limits)).toMatchObject({ status: null });
    expect(await bench.delivery(id)).toMatchObject({ status: "delivered", attempts: 1 });
  });

  it("break off what does not end in time when they stop, and another goes on at once", async () => {
    const hanging = await bench.receiver((_request, response, nth) => void (nth > 1 && response.writeHead(200).end()));
    const [id = ""] = await bench.ended(await bench.endpoint(hanging.url));
    const pump = bench.pump({ timings: { ...QUICK, timeoutMs: 60_000, leaseMs: 600_000 } });
    await until(() => hanging.open() === 1);
    expect(await pump.stop({ softMs: 10, hardMs: 20_000 })).toBe(false);
    bench.pump();
    expect(await bench.settled([id])).toMatchObject([{ status: "delivered", attempts: 1 }]);
  });

  it("keep a result while Postgres is away, and post nothing twice for it", async () => {
    const receiver = await bench.receiver();
    const [id = ""] = await bench.ended(await bench.endpoint(receiver.url));
    let refusals = 0;
    const away = {
      ...bench.store,
      record: (...given: Parameters<typeof bench.store.record>) =>
        refusals++ < 3 ? Promise.reject(new StoreUnavailableError("away")) : bench.store.record(...given),
    };
    bench.pump({ store: away });
    expect(await bench.settled([id])).toMatchObject([{ status: "delivered", attempts: 1 }]);
    expect(receiver.received).toHaveLength(1);
    expect(refusals).toBe(4);
  });

  it("stop within their time although nothing answers any more", async () => {
    const receiver = await bench.receiver(() => {});
    await bench.ended(await bench.endpoint(receiver.url));
    const never = new Promise<never>(() => {});
    const pump = bench.pump({
      store: { ...bench.store, record: () => never, giveBack: () => never },
      post: () => never,
    });
    await until(() => pump.state().underWay === 1);
    expect(await pump.stop({ softMs: 10, hardMs: 10 })).toBe(false);
  });

  it("say when Postgres is away and go on when it is back", async () => {
    let isAway = true;
    const receiver = await bench.receiver();
    const [id = ""] = await bench.ended(await bench.endpoint(receiver.url));
    const pump = bench.pump({
      store: {
        ...bench.store,
        take: (request) => (isAway ? Promise.reject(new StoreUnavailableError("away")) : bench.store.take(request)),
      },
    });
    await until(() => !pump.state().isStoreUp);
    isAway = false;
    await bench.settled([id]);
    expect(pump.state().isStoreUp).toBe(true);
  });

  it("survive a way out that throws what nobody foresaw", async () => {
    const [id = ""] = await bench.ended(await bench.endpoint("https://example.org/"));
    bench.pump({ post: () => Promise.reject(new MillraceError("INTERNAL", "x".repeat(2_000))) });
    const [row] = await bench.settled([id]);
    expect(row?.last_error).toHaveLength(500);
  });
});
