/** Every waiting time of the queue. The defaults are for production; tests shorten them. */
export interface QueueTimings {
  /** How long a fetched ticket stays a worker's own without being renewed; BullMQ renews at half of it. */
  readonly lockMs: number;
  /** How often a worker looks for tickets whose lock ran out. Two looks must see one before it is given back. */
  readonly stalledCheckMs: number;
  /** How long an idle worker's blocking read lasts. Must stay below `socketTimeoutMs`. */
  readonly idleReadMs: number;
  /** Pause before a worker repeats a command the queue refused. */
  readonly retryMs: number;
  /** Delay of a ticket whose `work` threw, so that a defect is not a hot loop. */
  readonly afterThrowMs: number;
  /**
   * A socket that owes an answer for this long is cut and made anew. Without it a network that swallows packets wedged a
   * worker for minutes after it had healed. BullMQ's blocking reads last up to 10 s, so it must be above that.
   */
  readonly socketTimeoutMs: number;
  readonly connectTimeoutMs: number;
  /** How long a producer waits for the answer to one command. */
  readonly commandTimeoutMs: number;
  /** Longest pause between two attempts to reconnect. BullMQ's own steps go up to 20 s. */
  readonly reconnectMaxMs: number;
}

export const DEFAULT_TIMINGS: QueueTimings = {
  lockMs: 30_000,
  stalledCheckMs: 10_000,
  idleReadMs: 5_000,
  retryMs: 1_000,
  afterThrowMs: 1_000,
  socketTimeoutMs: 15_000,
  connectTimeoutMs: 5_000,
  commandTimeoutMs: 5_000,
  reconnectMaxMs: 1_000,
};
