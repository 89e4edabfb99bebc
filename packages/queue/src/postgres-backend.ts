import { setTimeout as pause } from "node:timers/promises";
import { LANES, type Lane, type Log, StoreUnavailableError } from "@millrace/core";
import {
  type BackendFactory,
  DEFAULT_SCHEMA,
  type PgPool,
  PostgresConnection,
  type PostgresConnectionOptions,
  PostgresQueueBackend,
  Queue,
  type RedisQueueBackend,
  runMigrations,
} from "bullmq";
import { Pool } from "pg";
import { LaneWorker } from "./lane-worker.ts";
import { checkPostgresServer } from "./postgres-server-check.ts";
import { discardPostgresTickets, postgresTicketList } from "./postgres-ticket-list.ts";
import { postgresTicketStates } from "./postgres-ticket-states.ts";
import { EVENTS_KEPT, type LaneQueue, type QueueBackend } from "./queue-backend.ts";
import type { QueueTimings } from "./queue-timings.ts";
import { reportErrors } from "./report-errors.ts";
import { laneWorkerOptions } from "./worker-options.ts";

interface PostgresBackendOptions {
  readonly postgresUrl: string;
  readonly role: "producer" | "worker";
  readonly timings: QueueTimings;
  readonly log: Log;
}

/** A worker also holds one connection per lane to listen on. */
const POOL_SIZE = { producer: 4, worker: 8 + LANES.length };
/** Retention reads all that is kept at every completion: with 500 a worker did 535 tickets a second, with 50 1,200. */
const COMPLETED_KEPT = 50;
/** BullMQ's bulk add makes two temporary tables, which leaves dead rows in the system catalogue and takes twice as long for one. */
const ADDED_SINGLY = 4;
const KEEP_ALIVE_MS = 10_000;
const IN_VAIN_PAUSE_MS = 250;

/**
 * Postgres behind the queue: BullMQ's own tables in the schema `bullmq`. Brings them up to date first, so it rejects when
 * the database cannot be reached.
 */
export async function postgresBackend(options: PostgresBackendOptions): Promise<QueueBackend> {
  const { timings, log } = options;
  const pool = openPool(options);
  pool.on("error", reportErrors(log, "Postgres connection of the queue failed"));
  try {
    await migrate(pool);
  } catch (cause) {
    await pool.end();
    throw new StoreUnavailableError("The queue's tables in Postgres could not be prepared.", { cause });
  }

  const openQueue = (lane: Lane): LaneQueue => {
    const options = { connection: {}, streams: { events: { maxLen: EVENTS_KEPT } } };
    const queue: LaneQueue = new Queue(lane, options, backendOn(pool));
    queue.on("error", () => {});
    return queue;
  };

  const queues = Object.fromEntries(LANES.map((lane) => [lane, openQueue(lane)])) as Record<Lane, LaneQueue>;

  return {
    name: "postgres",
    queues,
    async add(lane, entries) {
      const engine = queues[lane].getBackend();
      if (entries.length > ADDED_SINGLY) return engine.addJobs([...entries]);
      return Promise.all(entries.map(({ job, jobId }) => engine.addJob(job, jobId)));
    },
    states: (lane, ids) => postgresTicketStates(pool, lane, ids),
    list: (lane) => postgresTicketList(pool, lane),
    discard: (lane, ids) => discardPostgresTickets(pool, lane, ids),
    // The tickets live and die with the rows: nothing can be lost here that is not lost there.
    incarnation: async () => "postgres",
    spool: undefined,
    openWorker: (lane, take, concurrency) => {
      const options = { connection: {}, ...laneWorkerOptions({ timings, concurrency, completedKept: COMPLETED_KEPT }) };
      const { idleReadMs } = timings;
      return new LaneWorker({ lane, take, options, idleReadMs, backendFactory: backendOn(pool) });
    },
    ping: () => pool.query("SELECT 1"),
    checkServer: () => checkPostgresServer(pool),
    close: () => pool.end(),
  };
}

function openPool({ postgresUrl, role, timings }: PostgresBackendOptions): Pool {
  return new Pool({
    connectionString: postgresUrl,
    max: POOL_SIZE[role],
    // BullMQ's statements name no schema.
    options: `-c search_path=${DEFAULT_SCHEMA}`,
    connectionTimeoutMillis: Math.min(timings.connectTimeoutMs, 3_000),
    // query_timeout is the client's own clock: only it ends a query whose packets are swallowed.
    query_timeout: 8_000,
    statement_timeout: 7_000,
    idle_in_transaction_session_timeout: 10_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    application_name: "millrace-queue",
  }).setMaxListeners(0);
}

async function migrate(pool: Pool): Promise<void> {
  // One session: the migration holds an advisory lock, so that processes starting together take turns.
  const session = await pool.connect();
  try {
    await runMigrations(session);
  } finally {
    session.release();
  }
}

/**
 * BullMQ's Postgres backend without its check of the schema, which `migrate` has made. That check remembers its first
 * failure: a worker opened while Postgres restarts would never fetch again.
 */
function backendOn(pool: Pool): BackendFactory<RedisQueueBackend> {
  const open: BackendFactory<PostgresQueueBackend, PostgresConnectionOptions> = (name, opts, purpose = {}) => {
    const connection = new PostgresConnection(pool as unknown as PgPool);
    connection.waitUntilReady = async () => {};
    const engine = new PostgresQueueBackend(
      connection,
      name,
      opts,
      true,
      purpose.withBlockingConnection ? name : undefined,
    );
    paceWaits(engine);
    return engine;
  };
  // BullMQ's classes name their backend in their type. The lanes use nothing that only Redis' has.
  return open as unknown as BackendFactory<RedisQueueBackend>;
}

/**
 * BullMQ's wait ends at once while anything waits in the lane, also when a limit lets nobody take it: an idle worker of a
 * lane at its limit made 2,000 statements a second. Woken twice in vain it pauses first.
 */
function paceWaits(engine: PostgresQueueBackend): void {
  let isWoken = false;
  let inVain = 0;
  const moveToActive = engine.moveToActive.bind(engine);
  engine.moveToActive = async (...args) => {
    const answer = await moveToActive(...args);
    inVain = isWoken && !answer[0] ? inVain + 1 : 0;
    isWoken = false;
    return answer;
  };
  const waitForJob = engine.waitForJob.bind(engine);
  engine.waitForJob = async (...args) => {
    if (inVain >= 2) await pause(IN_VAIN_PAUSE_MS);
    const marker = await waitForJob(...args);
    isWoken = marker !== null;
    return marker;
  };
}
