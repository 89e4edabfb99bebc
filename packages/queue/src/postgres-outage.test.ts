import { collectLogs, type OwnPostgres, ownPostgres, until, watchLeftovers } from "@millrace/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type ConnectedQueue, connectQueue } from "./index.ts";
import { FAST, someTicket } from "./use-queue.contract.ts";

describe("when the queue's Postgres goes away", () => {
  let postgres: OwnPostgres;
  let opened: ConnectedQueue[];
  const { log } = collectLogs();

  async function connect(): Promise<ConnectedQueue> {
    const queue = await connectQueue({ postgresUrl: postgres.url() }, { role: "worker", log, timings: FAST });
    opened.push(queue);
    return queue;
  }

  beforeEach(async () => {
    postgres = await ownPostgres();
    opened = [];
  });

  afterEach(async () => {
    await Promise.all(opened.map((queue) => queue.close()));
    await postgres.remove();
  });

  test("connecting is refused while it is away", async () => {
    await postgres.stop();
    await expect(connect()).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    await postgres.restart();
    await (await connect()).ping(1_000);
  });

  test("killed and started again: adds fail fast meanwhile, tickets are kept, also workers opened meanwhile fetch", async () => {
    const queue = await connect();
    const seen = new Set<string>();
    const consume = (): void => {
      queue.consume("io", {
        concurrency: 3,
        async work(ticket) {
          seen.add(ticket.jobId);
          return { kind: "done" };
        },
      });
    };
    consume();
    const [first, kept, after] = [someTicket(), someTicket({ lane: "cpu" }), someTicket()];
    await queue.add([first, kept]);
    await until(() => seen.has(first.jobId));

    await postgres.kill();
    const startedAt = performance.now();
    await expect(queue.add([someTicket()])).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    expect(performance.now() - startedAt).toBeLessThan(25_000);
    queue.consume("cpu", {
      concurrency: 1,
      async work(ticket) {
        seen.add(ticket.jobId);
        return { kind: "done" };
      },
    });

    await postgres.restart();
    await until(() => queue.add([after]).then(() => true));
    await until(() => seen.has(after.jobId) && seen.has(kept.jobId));
  });

  test("closing is bounded while it is away", async () => {
    const watch = watchLeftovers();
    const queue = await connect();
    let isTaken = false;
    const consumer = queue.consume("io", {
      concurrency: 1,
      work() {
        isTaken = true;
        return new Promise(() => {});
      },
    });
    await queue.add([someTicket()]);
    await until(() => isTaken);
    await postgres.kill();
    const startedAt = performance.now();
    await consumer.close(300);
    await queue.close();
    expect(performance.now() - startedAt).toBeLessThan(25_000);
    await watch.expectNothingLeft();
    await postgres.restart();
  });
});
