export { type ConnectedQueue, type ConnectQueueOptions, connectQueue, type QueueAddress } from "./connect-queue.ts";
export { DEFAULT_TIMINGS, type QueueTimings } from "./queue-timings.ts";
export type { ServerCheck } from "./server-check.ts";
