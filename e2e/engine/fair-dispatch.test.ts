import { done } from "@millrace/core";
import { connectDatabase, createChannelStore, type Database, newId } from "@millrace/db";
import { until } from "@millrace/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Harness, startHarness } from "./harness.ts";
import { testPipeline } from "./pipelines.ts";

let ran: string[];
let h: Harness;
let db: Database;
beforeEach(async () => {
  ran = [];
  const run = async ({ input }: { readonly input: { readonly [name: string]: unknown } }) => {
    ran.push(String(input["name"]));
    return done(null);
  };
  h = await startHarness([testPipeline("fair", { one: { run } }, { admission: "fair" })]);
  db = connectDatabase({ url: h.database.url, maxConnections: 2, applicationName: "e2e" });
});
afterEach(async () => {
  await db.close();
  await h.close();
});

let keys = 0;
async function accept(
  channelId: string,
  name: string,
  priority: "high" | "normal" | "low" = "normal",
): Promise<string> {
  const input = { key: `fair${keys++}`, name };
  const { jobId } = await h.submit({ ownerId: h.owner.id, pipeline: "fair", input, channelId, priority });
  return jobId!;
}

const ended = async (jobs: number): Promise<boolean> => {
  const [row] = await h.sql<{ n: number }[]>`select count(*)::int as n from pipeline_jobs where status = 'completed'`;
  return row!.n === jobs;
};

describe("a pipeline that is admitted fairly", () => {
  it("runs channels of 10, 2 and 1 jobs as A B C A B, then only A, high ones first and low ones last (C-S20, C-S21, C-Q06)", async () => {
    // one ticket at a time: the queue holds none that could be out of date
    await h.store.changeLane("io", { windowTickets: 1 });
    const [a, b, c] = [newId(), newId(), newId()];
    await accept(c, "low", "low");
    for (let i = 0; i < 10; i++) await accept(a, "A");
    for (let i = 0; i < 2; i++) await accept(b, "B");
    await accept(c, "C");
    await accept(b, "high", "high");
    await h.startWorker({ lanes: { io: 1 } });
    await until(() => ended(15), { timeoutMs: 60_000, message: () => `15 jobs to end: ${ran.join(" ")}` });
    expect(ran.join(" ")).toBe("high A B C A B A A A A A A A A low");
  });

  it("holds a channel's cap and a channel that is switched off, until they are lifted (C-Q06, C-Q09)", async () => {
    const channels = createChannelStore(db);
    const [off, free] = [newId(), newId()];
    await channels.changeChannel(off, { isActive: false });
    const held = await accept(off, "off");
    await accept(free, "free");
    await h.startWorker({ lanes: { io: 2 } });
    await until(() => ended(1), { timeoutMs: 30_000, message: "the free job" });
    expect(await h.find(held)).toMatchObject({ status: "pending", waitingFor: "turn" });
    await channels.changeChannel(off, { isActive: true, maxInFlight: 0 });
    await accept(free, "free");
    await until(() => ended(2), { timeoutMs: 30_000, message: "the second free job" });
    expect(await h.find(held)).toMatchObject({ status: "pending", waitingFor: "turn" });
    await channels.changeChannel(off, { maxInFlight: 1 });
    await h.reaches(held, "completed");
    expect(ran).toEqual(["free", "free", "off"]);
  });
});
