import { randomUUID } from "node:crypto";
import type { LaneConsumer, ReceivedTicket, Ticket, TicketAnswer } from "@millrace/core";
import { type CollectedLogs, collectLogs } from "@millrace/testing";
import { afterEach, beforeEach } from "vitest";
import { type ConnectedQueue, type ConnectQueueOptions, connectQueue, type QueueAddress } from "./index.ts";
import { DEFAULT_TIMINGS, type QueueTimings } from "./queue-timings.ts";

/** A place for a queue that nothing else uses. */
export interface QueuePlace {
  readonly address: QueueAddress;
  readonly prefix: string;
  /** When the lock of a ticket in the lane io runs out if nobody renews it, in milliseconds since 1970. */
  lockEndsAt(ticketId: string): Promise<number>;
  /** Puts an entry into the lane io that waits and is no ticket. */
  addForeign(id: string): Promise<void>;
  remove(): Promise<void>;
}

/** Production's timings, shortened: what takes a minute there takes two seconds here. */
export const FAST: QueueTimings = {
  lockMs: 1_000,
  stalledCheckMs: 300,
  idleReadMs: 500,
  retryMs: 100,
  afterThrowMs: 100,
  socketTimeoutMs: 2_000,
  connectTimeoutMs: 1_000,
  commandTimeoutMs: 1_000,
  reconnectMaxMs: 200,
};

/** Production's locks and limits: a busy machine must not lose a ticket or an answer while a test looks. */
export const LONG_LOCKS: QueueTimings = {
  ...FAST,
  lockMs: DEFAULT_TIMINGS.lockMs,
  commandTimeoutMs: DEFAULT_TIMINGS.commandTimeoutMs,
  socketTimeoutMs: DEFAULT_TIMINGS.socketTimeoutMs,
};

let lastSeq = 0;

export function someTicket(overrides: Partial<Ticket> = {}): Ticket {
  lastSeq += 1;
  const ticket = { jobId: randomUUID(), resourceKey: "yt:dQw4w9WgXcQ", seq: lastSeq, stage: "fetch" };
  return { ...ticket, dispatchNo: 1, lane: "io", ...overrides };
}

export function someTickets(count: number, overrides: Partial<Ticket> = {}): Ticket[] {
  return Array.from({ length: count }, () => someTicket(overrides));
}

export const done: TicketAnswer = { kind: "done" };
export const later = (delayMs: number): TicketAnswer => ({ kind: "later", delayMs });
export const giveBack: TicketAnswer = { kind: "return" };

/** An answer that is given when the test says so. */
export function heldBack(): { readonly answer: Promise<TicketAnswer>; release(answer?: TicketAnswer): void } {
  let release = (_answer: TicketAnswer): void => {};
  const answer = new Promise<TicketAnswer>((resolve) => {
    release = resolve;
  });
  return { answer, release: (value = done) => release(value) };
}

interface Recorded {
  readonly seen: ReceivedTicket[];
  readonly consumer: LaneConsumer;
  times(jobId: string): number;
}

/** A queue for each test of a suite, and what is connected to its place besides. */
export function useQueue(place: () => Promise<QueuePlace>) {
  let at: QueuePlace;
  let queue: ConnectedQueue;
  let logs: CollectedLogs;
  const opened: ConnectedQueue[] = [];

  async function connect(timings = LONG_LOCKS, role: ConnectQueueOptions["role"] = "worker"): Promise<ConnectedQueue> {
    const connected = await connectQueue(at.address, { role, log: logs.log, prefix: at.prefix, timings });
    opened.push(connected);
    return connected;
  }

  beforeEach(async () => {
    at = await place();
    logs = collectLogs();
    queue = await connect();
  });

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((connected) => connected.close()));
    await at.remove();
  });

  return {
    /** This test's own. */
    current: () => ({ at, queue, logs }),
    connect,

    /** Consumes and keeps what came, in order. */
    record(
      from: ConnectedQueue,
      answer: (ticket: ReceivedTicket, times: number) => TicketAnswer | Promise<TicketAnswer> = () => done,
      concurrency = 10,
    ): Recorded {
      const seen: ReceivedTicket[] = [];
      const times = (jobId: string): number => seen.filter((ticket) => ticket.jobId === jobId).length;
      const consumer = from.consume("io", {
        concurrency,
        async work(ticket) {
          seen.push(ticket);
          return answer(ticket, times(ticket.jobId));
        },
      });
      return { seen, consumer, times };
    },

    async isIdle(): Promise<boolean> {
      const { waiting, active, delayed } = await queue.counts("io");
      return waiting + active + delayed === 0;
    },
  };
}
