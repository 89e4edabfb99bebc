import { LANES, type Lane, type Log } from "@millrace/core";
import { Queue } from "bullmq";
import { Redis } from "ioredis";
import { LaneWorker } from "./lane-worker.ts";
import { EVENTS_KEPT, type LaneQueue, type QueueBackend } from "./queue-backend.ts";
import type { QueueTimings } from "./queue-timings.ts";
import { producerOptions, workerOptions } from "./redis-connection.ts";
import { redisIncarnation } from "./redis-incarnation.ts";
import { checkRedisServer } from "./redis-server-check.ts";
import { redisSpool } from "./redis-spool.ts";
import { discardRedisTickets, redisTicketList } from "./redis-ticket-list.ts";
import { redisTicketStates } from "./redis-ticket-states.ts";
import { reportErrors } from "./report-errors.ts";
import { settlesWithin } from "./within.ts";
import { laneWorkerOptions } from "./worker-options.ts";

/** A worker whose result goes to the spool in a hurry has the disk as the next place. */
const SPOOL_MS = 2_000;

interface RedisBackendOptions {
  readonly redisUrl: string;
  readonly prefix: string;
  readonly timings: QueueTimings;
  readonly log: Log;
}

/** Redis behind the queue. A server that does not answer is not waited for: it may come later, go and come back. */
export async function redisBackend({ redisUrl, prefix, timings, log }: RedisBackendOptions): Promise<QueueBackend> {
  const client: Redis = new Redis(redisUrl, producerOptions(timings));
  client.on("error", reportErrors(log, "Redis connection failed"));
  await settlesWithin(firstAttempt(client), timings.connectTimeoutMs);

  const openQueue = (lane: Lane): LaneQueue => {
    const queue: LaneQueue = new Queue(lane, {
      connection: client,
      prefix,
      streams: { events: { maxLen: EVENTS_KEPT } },
      // With these two an add fails in 1 ms while Redis is away and works 0.1 s after it came; with either missing it
      // hangs, or never recovers.
      skipWaitingForReady: true,
      skipVersionCheck: true,
    });
    queue.on("error", ignoreRepeated);
    return queue;
  };

  const keyPrefix = (lane: Lane): string => `${prefix}:${lane}:`;
  const queues = Object.fromEntries(LANES.map((lane) => [lane, openQueue(lane)])) as Record<Lane, LaneQueue>;

  return {
    name: "redis",
    queues,
    add: (lane, entries) => queues[lane].getBackend().addJobs([...entries]),
    states: (lane, ids) => redisTicketStates(client, keyPrefix(lane), ids),
    list: (lane) => redisTicketList(client, keyPrefix(lane), lane),
    discard: (lane, ids) => discardRedisTickets(client, keyPrefix(lane), ids),
    incarnation: redisIncarnation(client, `${prefix}:incarnation`),
    spool: redisSpool({ client, prefix, timeoutMs: Math.min(SPOOL_MS, timings.commandTimeoutMs), log }),
    openWorker: (lane, take, concurrency) =>
      new LaneWorker({
        lane,
        take,
        options: {
          connection: { url: redisUrl, ...workerOptions(timings) },
          prefix,
          ...laneWorkerOptions({ timings, concurrency, completedKept: 500 }),
        },
        idleReadMs: timings.idleReadMs,
      }),
    ping: () => client.ping(),
    checkServer: () => checkRedisServer({ client, prefix }),
    async close() {
      client.disconnect();
    },
  };
}

/** Resolves when the first attempt to connect has come to something, so that a queue just connected can be used. */
function firstAttempt(client: Redis): Promise<void> {
  return new Promise((resolve) => {
    client.once("ready", () => resolve());
    client.once("close", () => resolve());
  });
}

/** The queues share `client`, whose own listener has logged it. Without a listener the process would end. */
function ignoreRepeated(): void {}
