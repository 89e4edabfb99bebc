import { LANES, type Lane, type Log } from "@millrace/core";
import { Queue, Worker } from "bullmq";
import { Redis } from "ioredis";
import { EVENTS_KEPT, type LaneQueue, type LaneWorker, type QueueBackend } from "./queue-backend.ts";
import type { QueueTimings } from "./queue-timings.ts";
import { producerOptions, workerOptions } from "./redis-connection.ts";
import { checkRedisServer } from "./redis-server-check.ts";
import { redisTicketStates } from "./redis-ticket-states.ts";
import { reportErrors } from "./report-errors.ts";
import { laneWorkerOptions } from "./worker-options.ts";

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
  await firstAttempt(client);

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

  const queues = Object.fromEntries(LANES.map((lane) => [lane, openQueue(lane)])) as Record<Lane, LaneQueue>;

  return {
    name: "redis",
    queues,
    add: (lane, entries) => queues[lane].getBackend().addJobs([...entries]),
    states: (lane, ids) => redisTicketStates(client, `${prefix}:${lane}:`, ids),
    openWorker: (lane, take, concurrency): LaneWorker =>
      new Worker(lane, take, {
        connection: { url: redisUrl, ...workerOptions(timings) },
        prefix,
        ...laneWorkerOptions({ timings, concurrency, completedKept: 500 }),
      }),
    ping: () => client.ping(),
    checkServer: () => checkRedisServer(client),
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
