import { LANES, type ReceivedTicket, type Ticket, type TicketAnswer } from "@millrace/core";
import { type CollectedLogs, until, watchLeftovers } from "@millrace/testing";
import { beforeEach, describe, expect, test } from "vitest";
import type { ConnectedQueue } from "./index.ts";
import { startTicketHolder } from "./ticket-holder.contract.ts";
import {
  done,
  FAST,
  giveBack,
  later,
  type QueuePlace,
  someTicket,
  someTickets,
  useQueue,
} from "./use-queue.contract.ts";

/** A crowded machine may take its time over some hundred tickets. */
const IDLE = { timeoutMs: 45_000, message: "nothing left in the queue" };

/** What every queue must do, whatever is below it. */
export function ticketQueueContract(title: string, place: () => Promise<QueuePlace>): void {
  describe(title, () => {
    const { current, connect, record, isIdle } = useQueue(place);
    let at: QueuePlace;
    let queue: ConnectedQueue;
    let logs: CollectedLogs;

    beforeEach(() => {
      ({ at, queue, logs } = current());
    });

    test("gives a worker each ticket once, with its job, stage and dispatch number", async () => {
      const tickets = someTickets(60);
      await queue.add(tickets);
      const { seen } = record(queue);
      await until(isIdle, IDLE);
      expect(seen.map((ticket) => ticket.jobId).sort()).toEqual(tickets.map((ticket) => ticket.jobId).sort());
      expect(seen[0]).toEqual({ jobId: tickets[0]!.jobId, stage: "fetch", dispatchNo: 1 });
    });

    test("a worker takes tickets of its lane only", async () => {
      const tickets = LANES.map((lane) => someTicket({ lane }));
      await queue.add(tickets);
      const { seen } = record(queue);
      await until(isIdle, IDLE);
      expect(seen.map((ticket) => ticket.jobId)).toEqual([tickets[0]!.jobId]);
      expect(await queue.counts("cpu")).toEqual({ waiting: 1, active: 0, delayed: 0 });
    });

    test("adding a ticket again changes nothing, whether it waits, is in the same batch or has finished", async () => {
      const ticket = someTicket();
      await Promise.all([queue.add([ticket, ticket]), queue.add([ticket])]);
      await queue.add([ticket]);
      expect(await queue.counts("io")).toEqual({ waiting: 1, active: 0, delayed: 0 });
      const { seen } = record(queue);
      await until(isIdle, IDLE);
      await queue.add([ticket]);
      expect(await isIdle()).toBe(true);
      expect(seen).toHaveLength(1);
    });

    test("a later dispatch of a finished ticket's job is a ticket of its own", async () => {
      const ticket = someTicket();
      await queue.add([ticket]);
      const { seen } = record(queue);
      await until(isIdle, IDLE);
      await queue.add([{ ...ticket, dispatchNo: 2 }]);
      await until(() => seen.length === 2);
      expect(seen.map((received) => received.dispatchNo)).toEqual([1, 2]);
    });

    test("concurrent adds all arrive", async () => {
      const tickets = someTickets(400);
      await Promise.all(tickets.map((ticket) => queue.add([ticket])));
      expect(await queue.counts("io")).toEqual({ waiting: 400, active: 0, delayed: 0 });
    });

    test("a ticket answered with later comes again after its delay", async () => {
      const startedAt = Date.now();
      const ticket = someTicket();
      await queue.add([ticket]);
      const { times } = record(queue, (_ticket, count) => (count === 1 ? later(399.6) : done));
      await until(async () => (await queue.counts("io")).delayed === 1);
      expect(await queue.states([ticket])).toEqual(["waiting"]);
      await until(() => times(ticket.jobId) === 2);
      expect(Date.now() - startedAt).toBeGreaterThanOrEqual(400);
      await until(async () => (await queue.states([ticket]))[0] === "finished");
    });

    test("a ticket answered with later and no or a negative delay comes again at once", async () => {
      const ticket = someTicket();
      await queue.add([ticket]);
      const { times } = record(queue, (_ticket, count) => (count === 3 ? done : later(count === 1 ? 0 : -5_000)));
      await until(isIdle, IDLE);
      expect(times(ticket.jobId)).toBe(3);
      expect(logs.lines).toEqual([]);
    });

    test("a ticket given back comes again at once", async () => {
      const ticket = someTicket();
      await queue.add([ticket]);
      const { times } = record(queue, (_ticket, count) => (count < 4 ? giveBack : done));
      await until(isIdle, IDLE);
      expect(times(ticket.jobId)).toBe(4);
    });

    test("two workers finish only what was answered done, however often it was put off or given back", async () => {
      const tickets = someTickets(60);
      await queue.add(tickets);
      const counts = new Map<string, number>();
      const answer = (ticket: ReceivedTicket): TicketAnswer => {
        const count = (counts.get(ticket.jobId) ?? 0) + 1;
        counts.set(ticket.jobId, count);
        if (count === 5) return done;
        return count % 2 === 0 ? giveBack : later(count * 40.3);
      };
      const workers = [record(queue, answer), record(await connect(), answer)];
      await until(isIdle, IDLE);
      expect([...counts.values()]).toEqual(tickets.map(() => 5));
      expect(workers.map((worker) => worker.seen.length > 0)).toEqual([true, true]);
    });

    test("a ticket whose work throws is not lost: it comes again, and the log says why", async () => {
      const ticket = someTicket();
      await queue.add([ticket]);
      const { times } = record(queue, (_ticket, count) => {
        if (count < 3) throw new Error("defect");
        return done;
      });
      await until(isIdle, IDLE);
      expect(times(ticket.jobId)).toBe(3);
      expect(logs.lines.filter((line) => line.level === "error")).toHaveLength(2);
      expect(await queue.states([ticket])).toEqual(["finished"]);
    });

    test("tells waiting, held, finished and missing tickets apart, by position and across lanes", async () => {
      const [finished, missing, waiting, otherLane, held] = [
        someTicket(),
        someTicket(),
        someTicket({ lane: "cpu" }),
        someTicket({ lane: "media" }),
        someTicket(),
      ];
      await queue.add([finished, waiting, otherLane, held]);
      let release = (_answer: TicketAnswer): void => {};
      record(queue, (ticket) =>
        ticket.jobId === held.jobId
          ? new Promise<TicketAnswer>((resolve) => {
              release = resolve;
            })
          : done,
      );
      const asked = [otherLane, missing, held, finished, waiting, { ...waiting, dispatchNo: 2 }];
      const expected = ["waiting", "missing", "held", "finished", "waiting", "missing"];
      await until(async () => (await queue.states([finished]))[0] === "finished");
      expect(await queue.states(asked)).toEqual(expected);
      expect(await queue.states([])).toEqual([]);
      release(done);
      await until(isIdle, IDLE);
    });

    test("tells the states of 2,500 tickets", async () => {
      const tickets = someTickets(2_500);
      await queue.add(tickets.filter((_ticket, i) => i % 2 === 0));
      const states = await queue.states(tickets);
      expect(states).toEqual(tickets.map((_ticket, i) => (i % 2 === 0 ? "waiting" : "missing")));
    });

    test("removes a waiting ticket, and leaves one in a worker's hands alone", async () => {
      const [held, waiting] = someTickets(2) as [Ticket, Ticket];
      await queue.add([held]);
      let release = (_answer: TicketAnswer): void => {};
      const answer = new Promise<TicketAnswer>((resolve) => {
        release = resolve;
      });
      const { seen } = record(queue, () => answer, 1);
      await until(() => seen.length === 1);
      await queue.add([waiting]);
      await Promise.all([queue.remove(held), queue.remove(waiting), queue.remove(someTicket())]);
      expect(await queue.states([held, waiting])).toEqual(["held", "missing"]);
      release(done);
      await until(isIdle, IDLE);
      expect(seen).toHaveLength(1);
    });

    test("a paused worker takes nothing, another takes it, and a resumed one goes on", async () => {
      const paused = record(queue);
      const [before, meanwhile, after] = [someTicket(), someTicket(), someTicket()];
      await queue.add([before]);
      await until(isIdle, IDLE);
      // It is now in the middle of a blocking read, which will bring it the next ticket all the same.
      await paused.consumer.pause();
      await queue.add([meanwhile]);
      const other = record(await connect());
      await until(isIdle, IDLE);
      expect(paused.seen.map((ticket) => ticket.jobId)).toEqual([before.jobId]);
      expect(other.seen.map((ticket) => ticket.jobId)).toEqual([meanwhile.jobId]);
      await other.consumer.close(1_000);
      await queue.add([after]);
      paused.consumer.resume();
      await until(isIdle, IDLE);
      expect(paused.seen.map((ticket) => ticket.jobId)).toEqual([before.jobId, after.jobId]);
    });

    test("tickets in hand go on while a worker is paused, and resuming at once loses nothing", async () => {
      let release = (_answer: TicketAnswer): void => {};
      const { seen, consumer } = record(queue, (_ticket, _count) =>
        seen.length > 1
          ? done
          : new Promise<TicketAnswer>((resolve) => {
              release = resolve;
            }),
      );
      const [held, next] = someTickets(2) as [Ticket, Ticket];
      await queue.add([held]);
      await until(() => seen.length === 1);
      await consumer.pause();
      release(done);
      await until(async () => (await queue.states([held]))[0] === "finished");
      consumer.resume();
      await consumer.pause();
      consumer.resume();
      await queue.add([next]);
      await until(() => seen.length === 2);
    });

    test("closing waits for the tickets in hand", async () => {
      const ticket = someTicket();
      await queue.add([ticket]);
      let release = (_answer: TicketAnswer): void => {};
      const { seen, consumer } = record(
        queue,
        () =>
          new Promise<TicketAnswer>((resolve) => {
            release = resolve;
          }),
      );
      await until(() => seen.length === 1);
      const closed = consumer.close(5_000);
      release(done);
      await closed;
      expect(await queue.states([ticket])).toEqual(["finished"]);
    });

    test("closing gives back at its deadline what is still in hand, for another worker to take at once", async () => {
      const ticket = someTicket();
      await queue.add([ticket]);
      // Production's lock: nobody would get the ticket in half a minute if it were not given back.
      const stuck = record(await connect({ ...FAST, lockMs: 30_000 }), () => new Promise<TicketAnswer>(() => {}));
      await until(() => stuck.seen.length === 1);
      const other = record(queue);
      const startedAt = Date.now();
      await stuck.consumer.close(200);
      expect(Date.now() - startedAt).toBeLessThan(25_000);
      await until(() => other.seen.length === 1, { timeoutMs: 2_000 });
    });

    test("the tickets of a worker killed with SIGKILL go to another", async () => {
      const tickets = someTickets(3);
      await queue.add(tickets);
      const holder = await startTicketHolder(at.address, at.prefix, FAST);
      await until(() => holder.held().length === 3, { timeoutMs: 20_000 });
      await holder.kill();
      expect(await queue.states(tickets)).toEqual(["held", "held", "held"]);
      const { seen } = record(await connect(FAST));
      await until(isIdle, { timeoutMs: 20_000 });
      expect(seen.map((ticket) => ticket.jobId).sort()).toEqual(tickets.map((ticket) => ticket.jobId).sort());
    });

    test("a worker outlives any number of crashes of others: no ticket is failed for having stalled", async () => {
      const ticket = someTicket();
      await queue.add([ticket]);
      for (let crash = 0; crash < 2; crash++) {
        const holder = await startTicketHolder(at.address, at.prefix, FAST);
        await until(() => holder.held().length === 1, { timeoutMs: 20_000 });
        await holder.kill();
      }
      const { seen } = record(await connect(FAST));
      await until(() => seen.length === 1, { timeoutMs: 20_000 });
    });

    test("takes resource keys of any kind", async () => {
      const resourceKeys = [
        "yt:dQw4w9WgXcQ",
        "a:b:c",
        "cid:0198c5f0-1234-7abc-8def-0123456789ab",
        "1234567890",
        "0",
        "0:1",
        "-5",
        "1e3",
        "active",
        "wait",
        "meta",
        "id",
        "stalled",
        "delayed",
        "prioritized",
        "completed",
        "events",
        "",
        " ",
        "日本語",
        "🙂",
        "e\u0301",
        "a\u0000b\nc",
        "{tag}:*?[x]",
        "../../etc",
        "k".repeat(5_000),
      ];
      const tickets = resourceKeys.map((resourceKey) => someTicket({ resourceKey }));
      await queue.add(tickets);
      expect(await queue.states(tickets)).toEqual(tickets.map(() => "waiting"));
      const { seen } = record(queue);
      await until(isIdle, IDLE);
      expect(seen.map((ticket) => ticket.jobId).sort()).toEqual(tickets.map((ticket) => ticket.jobId).sort());
      expect(await queue.states(tickets)).toEqual(tickets.map(() => "finished"));
    });

    test("counts what waits, is in hand and is delayed", async () => {
      await queue.add(someTickets(6));
      const { seen } = record(queue, (_ticket) => (seen.length === 1 ? later(60_000) : new Promise(() => {})), 2);
      await until(async () => {
        const { waiting, active, delayed } = await queue.counts("io");
        return waiting === 3 && active === 2 && delayed === 1;
      });
    });

    test("answers a ping, and finds its server fit", async () => {
      await queue.ping(1_000);
      const check = await queue.checkServer();
      expect(check.findings.filter(({ severity }) => severity === "fatal")).toEqual([]);
      expect(check.server).toMatch(/^(Redis|Valkey|PostgreSQL) \d+\./);
    });

    test("shows the lanes on the board for reading only", async () => {
      await queue.add(someTickets(2));
      const adapters = queue.boardAdapters();
      expect(adapters.map((adapter) => adapter.getName())).toEqual([...LANES]);
      expect(adapters.every((adapter) => adapter.readOnlyMode)).toBe(true);
      expect(await adapters[0]!.getJobCounts()).toMatchObject({ waiting: 2 });
      const [shown] = await adapters[0]!.getJobs(["waiting"], 0, 0);
      expect(shown!.toJSON()).toMatchObject({ name: "fetch", data: { s: "fetch", n: 1 } });
    });

    test("closing leaves no socket, timer or process behind", async () => {
      await queue.close();
      const watch = watchLeftovers();
      const own = await connect();
      const { seen } = record(own, () => later(60_000));
      own.consume("media", { concurrency: 2, work: async () => done });
      await own.add(someTickets(3));
      await until(() => seen.length === 3);
      await own.close();
      await watch.expectNothingLeft();
    });

    test("a producer cannot consume", async () => {
      const producer = await connect(FAST, "producer");
      expect(() => producer.consume("io", { concurrency: 1, work: async () => done })).toThrow("producer");
    });
  });
}
