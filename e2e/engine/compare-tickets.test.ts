import { TICKET_DIFFERENCES, type Ticket } from "@millrace/core";
import { newId } from "@millrace/db";
import { compareTickets, type TicketComparison } from "@millrace/engine";
import { until } from "@millrace/testing";
import { afterEach, expect, test } from "vitest";
import { type Harness, startHarness } from "./harness.ts";
import { echo, testPipeline } from "./pipelines.ts";

let harness: Harness;
afterEach(() => harness.close());

const compare = (over: { readonly isRepairing: boolean; readonly pageSize?: number }): Promise<TicketComparison> =>
  compareTickets({ store: harness.store, queue: harness.queue, graceMs: 0, ...over });

const found = ({ differences }: TicketComparison): Record<string, number> =>
  Object.fromEntries(TICKET_DIFFERENCES.map((kind) => [kind, differences[kind].found]));
const NONE = { missing: 0, wrong_state: 0, extra: 0, stale: 0, orphaned: 0 };

/** Ticket ids of jobs nobody made. */
const orphans = (count: number): Ticket[] =>
  Array.from({ length: count }, (_, i) => ({
    jobId: newId(),
    resourceKey: `nobody:${i}`,
    seq: 1_000_000 + i,
    stage: "a",
    dispatchNo: 1,
    lane: "io",
  }));

test("works through many small pages, and begins anew when there is more than it remembers", async () => {
  harness = await startHarness([testPipeline("work", { a: { run: echo(1) } })]);
  await harness.openLanes();
  for (let i = 0; i < 9; i += 1) await harness.accept("work");
  await harness.redis.flush();
  await harness.queue.add(orphans(101));
  expect(found(await compare({ isRepairing: false, pageSize: 2 }))).toEqual({ ...NONE, missing: 9, orphaned: 101 });
  const repaired = await compare({ isRepairing: true, pageSize: 2 });
  expect(found(repaired)).toEqual({ ...NONE, missing: 9, orphaned: 101 });
  expect(repaired.differences.missing.repaired).toBe(9);
  expect(repaired.differences.orphaned.repaired).toBe(101);
  expect(repaired.differences.orphaned.examples).toHaveLength(5);
  const after = await compare({ isRepairing: false, pageSize: 2 });
  expect(after).toMatchObject({ rows: 9, tickets: 9 });
  expect(found(after)).toEqual(NONE);
  expect(await harness.queue.counts("io")).toMatchObject({ waiting: 9 });
});

test("finds nothing in a system that works, however often it looks while tickets come and go", async () => {
  harness = await startHarness([testPipeline("work", { a: { run: echo(1) } })]);
  await harness.openLanes();
  const amount = 400;
  await Promise.all(Array.from({ length: amount }, () => harness.accept("work")));
  await harness.startWorker();
  const finished = async (): Promise<number> => {
    const [row] = await harness.sql<{ n: number }[]>`
      SELECT count(*)::int AS n FROM pipeline_jobs WHERE status = 'completed'`;
    return row?.n ?? 0;
  };
  const looks: TicketComparison[] = [];
  await until(
    async () => {
      looks.push(await compare({ isRepairing: true, pageSize: 50 }));
      return (await finished()) === amount && looks.length >= 3;
    },
    { timeoutMs: 25_000, everyMs: 1, message: `${amount} completed jobs` },
  );
  for (const look of looks) expect(found(look)).toEqual(NONE);
  const [redone] = await harness.sql<{ n: number }[]>`
    SELECT count(*)::int AS n FROM job_events WHERE event = 'redispatch'`;
  expect(redone?.n).toBe(0);
});

test("a job that ended between two looks is no difference, seen from either side", async () => {
  harness = await startHarness([testPipeline("work", { a: { run: echo(1) } })]);
  await harness.openLanes();
  const { store, queue, redis } = harness;
  const jobId = await harness.accept("work");
  const cancel = () => store.cancel({ jobId, ownerId: null, by: "test", reason: null });
  await redis.flush();
  const ended: typeof queue.states = async (tickets) => {
    const states = await queue.states(tickets);
    await cancel();
    return states;
  };
  const fromRows = await compareTickets({ store, queue: { ...queue, states: ended }, graceMs: 0, isRepairing: true });
  expect(fromRows.rows).toBe(1);
  expect(found(fromRows)).toEqual(NONE);

  const [orphan] = orphans(1);
  await queue.add([orphan!]);
  const taken: typeof store.ticketLevels = async (ids) => {
    const levels = await store.ticketLevels(ids);
    await queue.remove(orphan!);
    return levels;
  };
  const fromQueue = await compareTickets({
    store: { ...store, ticketLevels: taken },
    queue,
    graceMs: 0,
    isRepairing: true,
  });
  expect(fromQueue.tickets).toBe(1);
  expect(found(fromQueue)).toEqual(NONE);
});
