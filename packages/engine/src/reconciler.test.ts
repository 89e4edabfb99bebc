import {
  type JobStore,
  silentLog,
  type Ticket,
  type TicketDue,
  type TicketQueue,
  type TicketState,
} from "@millrace/core";
import { describe, expect, it } from "vitest";
import { createReconciler } from "./reconciler.ts";

const ticketOf = (seq: number): Ticket => ({
  jobId: `j${seq}`,
  resourceKey: "k",
  seq,
  stage: "one",
  dispatchNo: 1,
  lane: "io",
  traceparent: null,
});

/** A store and a queue that say what the test wants; the real ones are asked in e2e. */
function reconcilerOver(due: readonly TicketDue[], states: (seq: number) => TicketState, pageSize = 10) {
  const asked: Parameters<JobStore["listTicketsDue"]>[0][] = [];
  const added: number[] = [];
  const store = {
    async listTicketsDue(page: Parameters<JobStore["listTicketsDue"]>[0]) {
      asked.push(page);
      const rest = due.filter((d) => d.ticket.seq > page.afterSeq && (page.withLeasesOver || !d.isLeaseOver));
      return rest.slice(0, page.limit);
    },
    redispatch: async (lost: readonly TicketDue[]) => lost.map((d) => d.ticket),
  } as unknown as JobStore;
  const queue = {
    states: async (tickets: readonly Ticket[]) => tickets.map((t) => states(t.seq)),
    add: async (tickets: readonly Ticket[]) => {
      added.push(...tickets.map((t) => t.seq));
    },
  } as unknown as TicketQueue;
  const reconciler = createReconciler({ store, queue, log: silentLog, pageSize, unclaimedMs: 1_000 });
  const step = (at: number, withLeasesOver = true) =>
    reconciler.step({ graceMs: 0, withLeasesOver, now: new Date(at) });
  return { asked, added, step, reconciler };
}
const due = (seq: number, isLeaseOver = false): TicketDue => ({ ticket: ticketOf(seq), fence: 0, isLeaseOver });

describe("createReconciler", () => {
  it.each<[TicketState, boolean, boolean]>([
    ["waiting", false, false],
    ["waiting", true, false],
    ["held", false, false],
    ["held", true, true],
    ["finished", false, true],
    ["finished", true, true],
    ["missing", false, true],
    ["missing", true, true],
  ])("a ticket that is %s, its claim's lease over: %s, is given anew: %s", async (state, isLeaseOver, isGiven) => {
    const { added, step } = reconcilerOver([due(1, isLeaseOver)], () => state);
    expect(await step(0)).toMatchObject({ seen: 1, repaired: isGiven ? 1 : 0, isLast: true });
    expect(added).toEqual(isGiven ? [1] : []);
  });

  it("gives anew what a worker took and made no claim of for too long, counted from when it was first seen", async () => {
    const { added, step } = reconcilerOver([due(1)], () => "held");
    await step(10_000);
    await step(10_999);
    expect(added).toEqual([]);
    await step(11_000);
    expect(added).toEqual([1]);
  });

  it("begins to count again when the ticket was out of that hand meanwhile", async () => {
    let state: TicketState = "held";
    const { added, step } = reconcilerOver([due(1)], () => state);
    await step(0);
    state = "waiting";
    await step(500);
    state = "held";
    await step(1_200);
    expect(added).toEqual([]);
  });

  it("leaves claims alone whose lease may only be over because Postgres was away", async () => {
    const { added, step } = reconcilerOver([due(1, true), due(2)], () => "missing");
    await step(0, false);
    expect(added).toEqual([2]);
  });

  it("goes through the rows page by page and begins anew, sooner when told", async () => {
    const { asked, step, reconciler } = reconcilerOver([due(1), due(2), due(3)], () => "waiting", 2);
    expect((await step(0)).isLast).toBe(false);
    expect((await step(0)).isLast).toBe(true);
    await step(0);
    reconciler.restart();
    await step(0);
    expect(asked.map((p) => p.afterSeq)).toEqual([0, 2, 0, 0]);
  });
});
