import { until } from "@millrace/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Cluster, startCluster } from "../processes/cluster.ts";
import { SMALL, type VideoCalls, videoCalls } from "./video-calls.fixture.ts";

/** One image, then the gate: what there is to see of dispatch is the order of the claims. */
const BRIEF = { scale: { assets: 1, clips: 1, seconds: 1 }, gates: { assets: "on" } };

let cluster: Cluster;
let calls: VideoCalls;
let titles: Map<string, string>;
beforeEach(async () => {
  cluster = await startCluster({ env: SMALL });
  calls = videoCalls(cluster);
  titles = new Map();
  // one ticket at a time: the queue holds none that could be out of date
  await cluster.sql`
    insert into queue_settings (lane, window_tickets) values ('media', 1)
    on conflict (lane) do update set window_tickets = 1`;
});
afterEach(() => cluster?.close());

async function queue(channel: string, name: string, fields: Record<string, unknown> = {}): Promise<string> {
  const id = await calls.plan(channel, { ...fields, title: name, queue: true });
  titles.set(id, name);
  return id;
}

const claims = (count: number): Promise<string[]> =>
  until(
    async () => {
      const order = await calls.claimed(titles);
      return order.length >= count ? order : undefined;
    },
    { timeoutMs: 240_000, everyMs: 10, message: () => `${count} claims\n${cluster.output().slice(-3_000)}` },
  );

describe("tasks of several channels", () => {
  test("10, 2 and 1 of them are made as A B C A B, then only A, whatever has a higher priority first (C-Q06, C-S20, C-S21)", {
    timeout: 400_000,
  }, async () => {
    for (const channel of ["a", "b", "c"]) await calls.putChannel(channel, { ...BRIEF, max_concurrent: 10 });
    await queue("c", "low", { priority: "low" });
    for (let i = 0; i < 10; i++) await queue("a", "A");
    for (let i = 0; i < 2; i++) await queue("b", "B");
    await queue("c", "C");
    await queue("b", "high", { priority: "high" });
    await cluster.startWorker("one");
    expect((await claims(15)).join(" ")).toBe("high A B C A B A A A A A A A A low");
  });

  test("a channel that joins late is served soon, one that is switched off waits, and a raised priority holds at once (C-Q06, C-Q08)", {
    timeout: 400_000,
  }, async () => {
    for (const channel of ["a", "b", "c", "off"]) await calls.putChannel(channel, { ...BRIEF, max_concurrent: 10 });
    for (let i = 0; i < 8; i++) await queue("a", `A${i}`);
    for (let i = 0; i < 8; i++) await queue("b", `B${i}`);
    await queue("off", "off");
    await calls.putChannel("off", { ...BRIEF, is_active: false });
    await cluster.startWorker("one");
    await claims(2);
    await queue("c", "late");
    // one may be being made, and one may have its ticket already; then each of the others has one turn at most
    const soon = await until(
      async () => {
        const order = await calls.claimed(titles);
        return order.includes("late") ? order : undefined;
      },
      { timeoutMs: 120_000, everyMs: 10, message: "the late channel" },
    );
    const [before] = await cluster.sql<{ n: number }[]>`
      select count(*)::int as n from task_transitions c
      where c.to_status = 'claimed' and c.id > (
        select q.id from task_transitions q join tasks t on t.id = q.task_id where t.title = 'late' and q.to_status = 'queued')
        and c.id < (
        select l.id from task_transitions l join tasks t on t.id = l.task_id where t.title = 'late' and l.to_status = 'claimed')`;
    expect(before!.n, soon.join(" ")).toBeLessThanOrEqual(4);

    const lastA = [...titles].find(([, name]) => name === "A7")![0];
    await calls.patch(lastA, { priority: "high" });
    const raisedAt = (await calls.claimed(titles)).length;
    const order = await claims(Math.min(17, raisedAt + 3));
    expect(order.slice(0, raisedAt + 3)).toContain("A7");

    await claims(17);
    expect(await calls.claimed(titles)).not.toContain("off");
    await calls.putChannel("off", { ...BRIEF, is_active: true });
    expect((await claims(18)).at(-1)).toBe("off");
  });
});
