import { BullMQAdapter } from "@bull-board/api/bullMQAdapter";
import {
  LANES,
  type Lane,
  type LaneConsumer,
  type Log,
  MillraceError,
  QueueUnavailableError,
  type Ticket,
  type TicketQueue,
  ticketId,
} from "@millrace/core";
import type { JobType } from "bullmq";
import { batchWriter } from "./batch-writer.ts";
import { consumeLane } from "./consume-lane.ts";
import { applyLimits, readLimits } from "./lane-limits.ts";
import { postgresBackend } from "./postgres-backend.ts";
import type { QueueBackend } from "./queue-backend.ts";
import { DEFAULT_TIMINGS, type QueueTimings } from "./queue-timings.ts";
import { redisBackend } from "./redis-backend.ts";
import type { ServerCheck } from "./server-check.ts";
import type { TakeTicket } from "./take-ticket.ts";
import { entryOf, type TicketEntry } from "./ticket-entry.ts";
import { settlesWithin, within } from "./within.ts";

/** Where the queue is: Redis, or BullMQ's tables in Postgres where no Redis can be had. */
export type QueueAddress = { readonly redisUrl: string } | { readonly postgresUrl: string };

export interface ConnectQueueOptions {
  /** A producer cannot consume. */
  readonly role: "producer" | "worker";
  readonly log: Log;
  /** Begins every key in Redis. The braces keep all keys in one slot of a cluster. */
  readonly prefix?: string;
  readonly timings?: Partial<QueueTimings>;
}

export interface BoardOptions {
  /** Where the board's link from a ticket to its job leads. */
  readonly jobUrl?: (jobId: string) => string;
}

export interface ConnectedQueue extends TicketQueue {
  readonly backend: "redis" | "postgres";
  /** Read-only views for Bull Board, one per lane: what its buttons do would bypass Postgres. */
  boardAdapters(options?: BoardOptions): BullMQAdapter[];
  checkServer(): Promise<ServerCheck>;
}

const STATES_PAGE = 1_000;
const CLOSE_MS = 2_000;
/** The Postgres backend counts what waits in a paused queue under this state; BullMQ's types no longer know it. */
const PAUSED = "paused" as JobType;

/** Connects to the queue. A Redis that is away is not waited for; Postgres rejects if the tables cannot be made. */
export async function connectQueue(address: QueueAddress, options: ConnectQueueOptions): Promise<ConnectedQueue> {
  const { log, role } = options;
  const timings = { ...DEFAULT_TIMINGS, ...options.timings };
  const backend =
    "redisUrl" in address
      ? await redisBackend({ redisUrl: address.redisUrl, prefix: options.prefix ?? "{millrace}", timings, log })
      : await postgresBackend({ postgresUrl: address.postgresUrl, role, timings, log });
  const writers = Object.fromEntries(
    LANES.map((lane) => [lane, batchWriter<TicketEntry>((entries) => backend.add(lane, entries))]),
  ) as Record<Lane, (entry: TicketEntry) => Promise<void>>;
  const consumers = new Set<LaneConsumer>();

  return {
    backend: backend.name,

    // Many at once are a pipeline, not a transaction: of a batch that failed, some may be in. Adding them again under their
    // own ids changes nothing, which is all that makes this safe.
    async add(tickets) {
      await available(Promise.all(tickets.map((ticket) => writers[ticket.lane](entryOf(ticket)))));
    },

    async remove(ticket) {
      try {
        await backend.queues[ticket.lane].remove(ticketId(ticket));
      } catch (error) {
        log.debug({ err: error, ticket: ticketId(ticket) }, "A ticket was not removed; its claim will come to nothing");
      }
    },

    states: (tickets) => available(statesOf(backend, tickets)),

    async counts(lane) {
      const counts = await available(
        backend.queues[lane].getJobCounts("waiting", PAUSED, "prioritized", "active", "delayed"),
      );
      const count = (state: string): number => counts[state] ?? 0;
      const waiting = count("waiting") + count(PAUSED) + count("prioritized");
      return { waiting, active: count("active"), delayed: count("delayed") };
    },

    async *list(lane) {
      try {
        yield* backend.list(lane);
      } catch (cause) {
        throw unavailable(cause);
      }
    },

    async discard(tickets) {
      const idsOf = (lane: Lane): string[] => tickets.filter((ticket) => ticket.lane === lane).map(({ id }) => id);
      const discard = (lane: Lane, ids: string[]): number | Promise<number> =>
        ids.length === 0 ? 0 : backend.discard(lane, ids);
      const counts = await available(Promise.all(LANES.map((lane) => discard(lane, idsOf(lane)))));
      return counts.reduce((sum, count) => sum + count, 0);
    },

    incarnation: () => available(backend.incarnation()),
    limits: (lane) => available(readLimits(backend.queues[lane], lane)),
    applyLimits: (limits) => available(applyLimits(backend.queues[limits.lane], limits)),
    spool: backend.spool,

    consume(lane, { concurrency, work }) {
      if (role !== "worker") throw new Error("A queue connected as a producer cannot consume.");
      const openWorker = (take: TakeTicket) => backend.openWorker(lane, take, concurrency);
      const consumer = consumeLane({ lane, openWorker, work, concurrency, timings, log });
      consumers.add(consumer);
      return consumer;
    },

    async ping(timeoutMs) {
      await available(within(backend.ping(), timeoutMs, `The queue did not answer within ${timeoutMs} ms.`));
    },

    boardAdapters: ({ jobUrl } = {}) =>
      LANES.map(
        (lane) =>
          new BullMQAdapter(backend.queues[lane], {
            readOnlyMode: true,
            allowRetries: false,
            ...(jobUrl && { externalJobUrl: ({ data }) => ({ href: jobUrl(data.j), displayText: "Job" }) }),
          }),
      ),

    checkServer: () => available(backend.checkServer()),

    async close() {
      await Promise.all([...consumers].map((consumer) => consumer.close(0)));
      await settlesWithin(Promise.all(LANES.map((lane) => backend.queues[lane].close())), CLOSE_MS);
      await settlesWithin(backend.close(), CLOSE_MS);
    },
  };
}

async function statesOf(backend: QueueBackend, tickets: readonly Ticket[]): ReturnType<TicketQueue["states"]> {
  const states: Awaited<ReturnType<TicketQueue["states"]>> = new Array(tickets.length).fill("missing");
  const askFor = async (lane: Lane, positions: readonly number[]): Promise<void> => {
    const answers = await backend.states(
      lane,
      positions.map((position) => ticketId(tickets[position]!)),
    );
    for (const [i, position] of positions.entries()) states[position] = answers[i]!;
  };
  const questions: Promise<void>[] = [];
  for (const lane of LANES) {
    const positions = [...tickets.keys()].filter((position) => tickets[position]!.lane === lane);
    for (let from = 0; from < positions.length; from += STATES_PAGE) {
      questions.push(askFor(lane, positions.slice(from, from + STATES_PAGE)));
    }
  }
  await Promise.all(questions);
  return states;
}

async function available<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (cause) {
    throw unavailable(cause);
  }
}

/** An error that already says what it is stays what it is. */
function unavailable(cause: unknown): unknown {
  if (cause instanceof MillraceError) return cause;
  return new QueueUnavailableError("The queue could not be reached.", { cause });
}
