import type { RedisOptions } from "ioredis";
import { BatchingConnector } from "./batching-connector.ts";
import type { QueueTimings } from "./queue-timings.ts";

const FIRST_RECONNECT_MS = 50;
/** Idle time before TCP asks whether the other side is still there. */
const KEEP_ALIVE_MS = 10_000;

function connectionOptions(timings: QueueTimings) {
  return {
    retryStrategy: (times: number) => Math.min(FIRST_RECONNECT_MS * 2 ** times, timings.reconnectMaxMs),
    connectTimeout: timings.connectTimeoutMs,
    socketTimeout: timings.socketTimeoutMs,
    keepAlive: KEEP_ALIVE_MS,
    Connector: BatchingConnector,
  };
}

/** For callers who must have an answer now: nothing waits in this process for a Redis that is away. */
export function producerOptions(timings: QueueTimings) {
  return {
    ...connectionOptions(timings),
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    commandTimeout: timings.commandTimeoutMs,
  } satisfies RedisOptions;
}

/** For workers, which have nothing better to do than wait for Redis to come back. */
export function workerOptions(timings: QueueTimings) {
  return { ...connectionOptions(timings), maxRetriesPerRequest: null } satisfies RedisOptions;
}
