import { gateOf, type Priority, parkForReview, retryLater } from "@millrace/core";
import { beforeEach, describe, expect, it } from "vitest";
import {
  claimed,
  DONE,
  events,
  expireLease,
  HOLDER,
  newJob,
  OUTPUT,
  place,
  settle,
  storeUnderTest,
  submitted,
} from "../job-store.fixture.ts";
import { newId } from "../new-id.ts";

const t = storeUnderTest();
const ERROR = { code: "URL_UNREACHABLE", message: "no", stage: "one" } as const;
const PAGE = { afterSeq: 0, limit: 100, graceMs: 0, withLeasesOver: true };

beforeEach(async () => {
  await t.db.query("delete from pipeline_jobs where $1 = 1", [1]);
});

async function backlog(priority: Priority = "normal", overrides = {}) {
  return (await submitted(t.store, newJob(t.ownerId, { priority, isDispatched: false, ...overrides }))).jobId;
}

async function parked(delayMs: number, priority: Priority = "normal") {
  const { jobId } = await submitted(t.store, newJob(t.ownerId, { priority }));
  await settle(t.store, await claimed(t.store, jobId), retryLater(delayMs, ERROR));
  return jobId;
}

describe("dispatch", () => {
  it("takes the highest priority first, then the oldest, at most the limit, of one lane", async () => {
    const low = await backlog("low");
    const normal = [await backlog(), await backlog()];
    const high = await backlog("high");
    await backlog("high", { lane: "cpu" });
    const first = await t.store.dispatch("io", 3);
    expect(first.map(({ jobId }) => jobId)).toEqual([high, ...normal]);
    expect(first[0]).toMatchObject({ stage: "one", dispatchNo: 1, lane: "io" });
    expect((await t.store.dispatch("io", 3)).map(({ jobId }) => jobId)).toEqual([low]);
    expect(await t.store.dispatch("io", 3)).toEqual([]);
    expect(await t.store.findJob(high, null)).toMatchObject({
      waitingFor: null,
      dispatchNo: 1,
      dispatchedAt: expect.any(Date),
    });
    expect(await events(t.store, high)).toEqual(["submit", "dispatch"]);
    expect((await t.store.claim({ jobId: high, dispatchNo: 1 }, HOLDER)).kind).toBe("claimed");
  });

  it("leaves what is not due, waits for a review or was cancelled", async () => {
    const due = await parked(0, "low");
    const high = await parked(0, "high");
    await parked(60_000, "high");
    const gated = await submitted(t.store, newJob(t.ownerId));
    await settle(t.store, await claimed(t.store, gated.jobId), parkForReview(gateOf("look"), place("two", 1), OUTPUT));
    const gone = await backlog();
    await t.store.cancel({ jobId: gone, ownerId: null, by: "ann", reason: null });
    expect((await t.store.dispatch("io", 10)).map(({ jobId }) => jobId)).toEqual([high, due]);
    expect(await t.store.findJob(due, null)).toMatchObject({ dispatchNo: 2, nextRetryAt: null });
  });

  it.each([8, 1])(
    "settles turns that begin at the same time by who was served longest ago, %i at a time (C-Q06)",
    async (limit) => {
      const [a, b] = [newId(), newId()];
      await t.db.query("insert into channels (id, weight) values ($1, 2)", [b]);
      const nameOf = new Map<string, string>();
      for (let i = 0; i < 4; i++)
        for (const channelId of [a, b]) nameOf.set(await backlog("normal", { channelId }), channelId === a ? "A" : "B");
      const startsAt = (channelId: string, ahead: number) =>
        t.db.query(
          `update channel_turns t set vtime = c.clock + $2::int from turn_clocks c
         where c.lane = 'io' and c.rank = 1 and t.lane = c.lane and t.rank = c.rank and t.channel_id = $1`,
          [channelId, ahead],
        );
      await startsAt(a, 100_000);
      await startsAt(b, 250_000);
      let order = "";
      while (order.length < 8) for (const { jobId } of await t.store.dispatch("io", limit)) order += nameOf.get(jobId);
      // A at 1, 2, 3, 4 steps; B, half a step each, at 2.5, 3, 3.5, 4
      expect(order).toBe("AABABBAB");
    },
  );

  it("gives each job one ticket under two leaders", async () => {
    const ids = await Promise.all(Array.from({ length: 40 }, () => backlog()));
    const tickets = (await Promise.all([t.store.dispatch("io", 30), t.store.dispatch("io", 30)])).flat();
    const rest = await t.store.dispatch("io", 100);
    expect([...tickets, ...rest].map(({ jobId }) => jobId).sort()).toEqual(ids.sort());
  });
});

describe("tickets due", () => {
  it("lists dispatched, unfinished jobs without a live lease, page by page in order of seq, after the grace", async () => {
    const waiting = [await submitted(t.store, newJob(t.ownerId)), await submitted(t.store, newJob(t.ownerId))];
    const live = await submitted(t.store, newJob(t.ownerId));
    await claimed(t.store, live.jobId);
    const crashed = await submitted(t.store, newJob(t.ownerId));
    await claimed(t.store, crashed.jobId);
    await expireLease(t.db, crashed.jobId);
    const finished = await submitted(t.store, newJob(t.ownerId));
    await settle(t.store, await claimed(t.store, finished.jobId), DONE);
    await backlog();
    const expected = [...waiting.map(({ jobId }) => jobId), crashed.jobId];
    const first = await t.store.listTicketsDue({ ...PAGE, limit: 2 });
    const second = await t.store.listTicketsDue({ ...PAGE, limit: 2, afterSeq: first[1]!.ticket.seq });
    expect([...first, ...second].map(({ ticket }) => ticket.jobId)).toEqual(expected);
    expect(second[0]).toMatchObject({ fence: 1, ticket: { dispatchNo: 1 } });
    expect([...first, ...second].map(({ isLeaseOver }) => isLeaseOver)).toEqual([false, false, true]);
    expect(await t.store.listTicketsDue({ ...PAGE, graceMs: 60_000 })).toEqual([]);
  });

  it("leaves out claims that ran out when told to: their workers may live and come back", async () => {
    const waiting = await submitted(t.store, newJob(t.ownerId));
    const late = await submitted(t.store, newJob(t.ownerId));
    await claimed(t.store, late.jobId);
    await expireLease(t.db, late.jobId);
    const listed = async (withLeasesOver: boolean) =>
      (await t.store.listTicketsDue({ ...PAGE, withLeasesOver })).map(({ ticket }) => ticket.jobId);
    expect(await listed(false)).toEqual([waiting.jobId]);
    expect(await listed(true)).toEqual([waiting.jobId, late.jobId]);
  });

  it("redispatches only what nobody touched since it was read", async () => {
    const untouched = await submitted(t.store, newJob(t.ownerId));
    const taken = await submitted(t.store, newJob(t.ownerId));
    const cancelled = await submitted(t.store, newJob(t.ownerId));
    const due = await t.store.listTicketsDue(PAGE);
    expect(due).toHaveLength(3);
    await claimed(t.store, taken.jobId);
    await t.store.cancel({ jobId: cancelled.jobId, ownerId: null, by: "ann", reason: null });
    const tickets = await t.store.redispatch(due);
    expect(tickets).toMatchObject([{ jobId: untouched.jobId, dispatchNo: 2 }]);
    expect(await t.store.redispatch(due)).toEqual([]);
    expect(await t.store.redispatch([])).toEqual([]);
    expect((await t.store.claim({ jobId: untouched.jobId, dispatchNo: 1 }, HOLDER)).kind).toBe("void");
  });

  it("keeps the crash to be counted by the claim after the redispatch", async () => {
    const { jobId } = await submitted(t.store, newJob(t.ownerId));
    await claimed(t.store, jobId);
    await expireLease(t.db, jobId);
    await t.store.redispatch(await t.store.listTicketsDue(PAGE));
    expect(await claimed(t.store, jobId)).toMatchObject({ crashes: 1, dispatchNo: 2 });
    expect(await events(t.store, jobId)).toEqual(["submit", "claim", "redispatch", "claim"]);
  });
});

describe("ticket levels", () => {
  it("say of each known job whether it should have a ticket, and which", async () => {
    const waiting = await submitted(t.store, newJob(t.ownerId, { lane: "cpu" }));
    const held = await submitted(t.store, newJob(t.ownerId));
    await claimed(t.store, held.jobId);
    const finished = await submitted(t.store, newJob(t.ownerId));
    await settle(t.store, await claimed(t.store, finished.jobId), DONE);
    const gated = await submitted(t.store, newJob(t.ownerId));
    await settle(t.store, await claimed(t.store, gated.jobId), parkForReview(gateOf("look"), place("two", 1), OUTPUT));
    const jobs = [waiting.jobId, held.jobId, finished.jobId, gated.jobId, await backlog()];
    const levels = await t.store.ticketLevels([...jobs, waiting.jobId, newId(), "no uuid"]);
    expect(levels).toHaveLength(jobs.length);
    expect(jobs.map((id) => levels.find(({ jobId }) => jobId === id))).toMatchObject([
      { lane: "cpu", status: "pending", dispatchNo: 1, isDispatched: true },
      { lane: "io", status: "processing", dispatchNo: 1, isDispatched: true },
      { lane: "io", status: "completed", dispatchNo: 1, isDispatched: false },
      { lane: "io", status: "pending", dispatchNo: 1, isDispatched: false },
      { lane: "io", status: "pending", dispatchNo: 0, isDispatched: false },
    ]);
    expect(await t.store.ticketLevels(["no uuid"])).toEqual([]);
  });
});
