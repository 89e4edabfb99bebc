import { drizzle, type PostgresJsDatabase } from "drizzle-orm/postgres-js";
import postgres from "postgres";
import { type OpenSockets, openSockets } from "./open-sockets.ts";
import { type Param, type Query, type Row, send } from "./send.ts";
import { slots } from "./slots.ts";
import { toStoreError } from "./store-error.ts";
import { withTimeLimit } from "./time-limit.ts";
import { runTransaction } from "./transaction.ts";

export type { Param, Query, Row };

export interface DatabaseOptions {
  readonly url: string;
  readonly maxConnections: number;
  /** Postgres ends a statement after this long; nothing of it remains. Default 7 s. */
  readonly statementTimeoutMs?: number;
  /** We stop waiting after this long and cut silent connections; longer than the statement's own limit. Default 8 s. */
  readonly queryTimeoutMs?: number;
  readonly applicationName: string;
}

/** A pool of connections. Everything it rejects with because Postgres could not be used is STORE_UNAVAILABLE. */
export interface Database {
  /** `limitMs`: how long to wait at most for this one, where that is less than the pool's own limit. */
  readonly query: <T = Row>(
    text: string,
    params?: readonly Param[],
    limits?: { readonly limitMs?: number },
  ) => Promise<T[]>;
  /** A statement made with Drizzle's builder: for everything that is not hot. */
  build<T>(statement: (orm: PostgresJsDatabase) => PromiseLike<T>): Promise<T>;
  /** Several statements that stand or fall together. */
  transaction<T>(work: (query: Query) => Promise<T>): Promise<T>;
  /** Rejects when Postgres does not answer within `timeoutMs`. */
  ping(timeoutMs: number): Promise<void>;
  close(): Promise<void>;
}

const CONNECT_TIMEOUT_SECONDS = 5;
const KEEP_ALIVE_MS = 10_000;
const CLOSE_TIMEOUT_MS = 5_000;
const RECONNECT_AFTER_SECONDS = 0.1;

const DEFAULT_TIMEOUTS = { statementTimeoutMs: 7_000, queryTimeoutMs: 8_000 };

export function connectDatabase(given: DatabaseOptions): Database {
  const options = { ...DEFAULT_TIMEOUTS, ...given };
  const sockets = openSockets(KEEP_ALIVE_MS);
  const client = connect(options, sockets);
  const orm = drizzle(client, { casing: "snake_case" });
  const pool = slots(options.maxConnections);

  // postgres.js may not get more work than it has connections: it would queue the rest without any limit of time
  const limited = <T>(work: () => PromiseLike<T>, limitMs = options.queryTimeoutMs): Promise<T> =>
    withTimeLimit(
      { pool, sockets, limitMs: Math.min(limitMs, options.queryTimeoutMs), silenceMs: options.queryTimeoutMs / 2 },
      work,
    ).catch((error: unknown) => {
      throw toStoreError(error);
    });

  return {
    query: (text, params = [], { limitMs } = {}) => limited(() => send(client, text, params), limitMs),
    build: (statement) => limited(() => statement(orm)),
    transaction: (work) => limited(() => runTransaction(client, work)),
    ping: async (timeoutMs) => {
      await limited(() => client.unsafe("select 1"), timeoutMs);
    },
    close: async () => {
      await pool.whenIdle(CLOSE_TIMEOUT_MS);
      // 0: after an outage postgres.js would wait for queries that ended long ago
      await client.end({ timeout: 0 });
      sockets.close();
    },
  };
}

function connect(options: Required<DatabaseOptions>, sockets: OpenSockets): postgres.Sql {
  return postgres(options.url, {
    max: options.maxConnections,
    connect_timeout: CONNECT_TIMEOUT_SECONDS,
    backoff: () => RECONNECT_AFTER_SECONDS,
    fetch_types: false,
    onnotice: () => {},
    socket: (target: never) => sockets.open(target),
    connection: {
      application_name: options.applicationName,
      statement_timeout: options.statementTimeoutMs,
      idle_in_transaction_session_timeout: options.statementTimeoutMs,
      // the server, too, notices that a client is gone
      tcp_keepalives_idle: 10,
      tcp_keepalives_interval: 5,
      tcp_keepalives_count: 3,
      // a plan made while a table is small stays with the session: never let it be a scan of the whole table
      enable_seqscan: "off",
      jit: "off",
      // postgres.js 3.4.9 forgets its write timer when a connection closes and then never sends the next start-up
      // message: the connection is lost for good, each use of it a CONNECT_TIMEOUT (seen when Postgres ends busy
      // sessions). Messages over 1,024 bytes do not wait for that timer, so this makes the start-up one that long.
      "millrace.padding": "x".repeat(1_100),
    } as never,
  } as postgres.Options<Record<string, never>>);
}
