import type { ListedTicket } from "@millrace/core";
import { ticketId } from "@millrace/core";
import { until } from "@millrace/testing";
import { describe, expect, test } from "vitest";
import type { ConnectedQueue } from "./index.ts";
import {
  done,
  heldBack,
  LONG_LOCKS,
  later,
  type QueuePlace,
  someTicket,
  someTickets,
  useQueue,
} from "./use-queue.contract.ts";

/** More than two pages. */
const MANY = 1_200;

async function listed(queue: ConnectedQueue): Promise<ListedTicket[]> {
  const entries: ListedTicket[] = [];
  for await (const entry of queue.list("io")) entries.push(entry);
  return entries;
}

const idsOf = (entries: readonly { readonly id: string }[]): string[] => entries.map(({ id }) => id).sort();

/** What looking through a lane and taking entries out of it must do. */
export function ticketListContract(title: string, place: () => Promise<QueuePlace>): void {
  describe(title, () => {
    const { current, connect, record } = useQueue(place);

    test("an empty lane lists nothing", async () => {
      expect(await listed(current().queue)).toEqual([]);
    });

    test("lists what waits, is delayed or held, page after page, and nothing finished or of other lanes", async () => {
      const { queue } = current();
      const [finished, delayed, held] = [someTicket(), someTicket(), someTicket()];
      const { answer, release } = heldBack();
      // One at a time: the held ticket takes the only slot, and the rest is left alone.
      const answers = new Map([
        [finished.jobId, done],
        [delayed.jobId, later(3_600_000)],
      ]);
      record(await connect(LONG_LOCKS), ({ jobId }) => answers.get(jobId) ?? answer, 1);
      for (const ticket of [finished, delayed, held]) await queue.add([ticket]);
      await until(async () => (await queue.states([held]))[0] === "held");
      const waiting = someTickets(MANY);
      await queue.add([...waiting, someTicket({ lane: "cpu" })]);

      const entries = await listed(queue);
      const expected = (ticket: typeof held, state: ListedTicket["state"]): ListedTicket => ({
        id: ticketId(ticket),
        lane: "io",
        state,
        body: { jobId: ticket.jobId, stage: "fetch", dispatchNo: 1 },
      });
      expect(new Map(entries.map((entry) => [entry.id, entry]))).toEqual(
        new Map(
          [expected(held, "held"), expected(delayed, "waiting"), ...waiting.map((t) => expected(t, "waiting"))].map(
            (entry) => [entry.id, entry],
          ),
        ),
      );
      expect(entries).toHaveLength(MANY + 2);
      release();
    });

    test("lists an entry that is no ticket without a body, and takes it out", async () => {
      const { queue, at } = current();
      await at.addForeign("somebody-elses");
      const entries = await listed(queue);
      expect(entries).toEqual([{ id: "somebody-elses", lane: "io", state: "waiting", body: null }]);
      expect(await queue.discard(entries)).toBe(1);
      expect(await listed(queue)).toEqual([]);
    });

    test("takes out what waits or is delayed, leaves what is held or finished, and tells how many went", async () => {
      const { queue } = current();
      const [finished, delayed, held] = [someTicket(), someTicket(), someTicket()];
      const { answer, release } = heldBack();
      // One at a time: the held ticket takes the only slot, and the rest is left alone.
      const answers = new Map([
        [finished.jobId, done],
        [delayed.jobId, later(3_600_000)],
      ]);
      record(await connect(LONG_LOCKS), ({ jobId }) => answers.get(jobId) ?? answer, 1);
      for (const ticket of [finished, delayed, held]) await queue.add([ticket]);
      await until(async () => (await queue.states([held]))[0] === "held");
      const [waiting, otherLane] = [someTicket(), someTicket({ lane: "cpu" })];
      await queue.add([waiting, otherLane]);

      const all = [finished, delayed, held, waiting, otherLane];
      const entries = all.map((ticket) => ({
        id: ticketId(ticket),
        lane: ticket.lane,
        state: "waiting" as const,
        body: null,
      }));
      expect(await queue.discard(entries)).toBe(3);
      expect(await queue.states(all)).toEqual(["finished", "missing", "held", "missing", "missing"]);
      expect(await queue.discard(entries)).toBe(0);
      expect(await queue.discard([])).toBe(0);
      release();
      await until(async () => (await queue.states([held]))[0] === "finished");
    });

    test("a ticket taken out can be added again", async () => {
      const { queue } = current();
      const ticket = someTicket();
      await queue.add([ticket]);
      await queue.discard(await listed(queue));
      await queue.add([ticket]);
      const { seen } = record(queue);
      await until(() => seen.length === 1);
    });

    test("lists everything although what it lists is taken out on the way", async () => {
      const { queue } = current();
      const tickets = someTickets(MANY);
      await queue.add(tickets);
      const seen = new Set<string>();
      let some: ListedTicket[] = [];
      let discarded = 0;
      for await (const entry of queue.list("io")) {
        seen.add(entry.id);
        some.push(entry);
        // Two of three go.
        if (some.length === 150) {
          discarded += await queue.discard(some.filter((_, i) => i % 3 !== 0));
          some = [];
        }
      }
      expect(seen.size).toBe(MANY);
      expect(discarded).toBe((MANY * 2) / 3);
      expect(await listed(queue)).toHaveLength(MANY / 3);
    });

    test("lists all that stays although tickets come and go meanwhile", async () => {
      const { queue } = current();
      const tickets = someTickets(MANY);
      await queue.add(tickets);
      const all = await listed(queue);
      const leaving = all.filter((_, i) => i % 2 === 0);
      const staying = all.filter((_, i) => i % 2 === 1);
      const seen = new Set<string>();
      let isFirst = true;
      for await (const entry of queue.list("io")) {
        if (isFirst) await Promise.all([queue.discard(leaving), queue.add(someTickets(700))]);
        isFirst = false;
        seen.add(entry.id);
      }
      expect(idsOf(staying.filter(({ id }) => !seen.has(id)))).toEqual([]);
    });
  });
}
