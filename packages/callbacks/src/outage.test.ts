import type { ServerResponse } from "node:http";
import { connectDatabase, createDeliveryStore } from "@millrace/db";
import { swallowingProxy, until } from "@millrace/testing";
import { expect, it } from "vitest";
import { deliveryBench, QUICK } from "./pump.fixture.ts";

const bench = deliveryBench();

it("a network that swallows Postgres' packets costs no callback and doubles none; a stop in it is prompt", {
  timeout: 120_000,
}, async () => {
  const proxy = await swallowingProxy({ port: Number(new URL(bench.database.url).port) });
  const db = connectDatabase({
    url: proxy.through(bench.database.url),
    maxConnections: 3,
    statementTimeoutMs: 1_000,
    queryTimeoutMs: 1_500,
    applicationName: "callbacks-outage",
  });
  try {
    const open: ServerResponse[] = [];
    const receiver = await bench.receiver((_request, response) => void open.push(response));
    const [id = ""] = await bench.ended(await bench.endpoint(receiver.url));
    const timings = { ...QUICK, timeoutMs: 60_000, leaseMs: 600_000 };
    const pump = bench.pump({ store: createDeliveryStore(db), timings });
    await until(() => open.length === 1);
    await proxy.set("swallow");
    open[0]?.writeHead(200).end();
    await until(() => !pump.state().isStoreUp, { timeoutMs: 30_000, message: "the pump to notice" });
    expect(await bench.delivery(id)).toMatchObject({ status: "pending" });
    await proxy.set("pass");
    expect(await bench.settled([id], 60_000)).toMatchObject([{ status: "delivered", attempts: 1 }]);
    expect(receiver.received).toHaveLength(1);

    const [second = ""] = await bench.ended(await bench.endpoint(receiver.url));
    await until(() => open.length === 2, { timeoutMs: 30_000 });
    await proxy.set("swallow");
    expect(await pump.stop({ softMs: 50, hardMs: 50 })).toBe(false);
    expect(await bench.delivery(second)).toMatchObject({ status: "pending", attempts: 1 });
  } finally {
    await proxy.set("cut");
    await db.close();
    await proxy.close();
  }
});
