import { type DeliveryStore, type Json, silentLog, systemClock } from "@millrace/core";
import { connectDatabase, createDeliveryStore, type Database, newId } from "@millrace/db";
import { createOutboundFetch } from "@millrace/providers";
import { createTestDatabase, type TestDatabase, until } from "@millrace/testing";
import { afterAll, afterEach, beforeAll } from "vitest";
import type { Post } from "./post.ts";
import { type Answer, type Receiver, startReceiver } from "./receiver.fixture.ts";
import { newSecret } from "./sign.ts";
import { type Deliveries, type DeliveriesNeeds, startDeliveries } from "./start-deliveries.ts";
import { DELIVERY_TIMINGS, type DeliveryTimings } from "./timings.ts";

/** As the worker wires it. */
export function postThrough(options: { allowLoopback: boolean }): Post {
  const outbound = createOutboundFetch({ userAgent: "millrace-test", ...options });
  return (url, request) => outbound(url, { ...request, method: "POST", maxRedirects: 0, cutsBody: true });
}

/** Everything as usual, only without the seconds between attempts. */
export const QUICK: DeliveryTimings = {
  ...DELIVERY_TIMINGS,
  pollMs: 20,
  retry: { ...DELIVERY_TIMINGS.retry, baseMs: 10, maxMs: 40 },
};

export interface DeliveryState {
  readonly status: string;
  readonly attempts: number;
  readonly interruptions: number;
  readonly last_status_code: number | null;
  readonly last_error: string | null;
  readonly endpoint_id: string;
  readonly next_attempt_at: string | null;
}

export interface Bench {
  readonly db: Database;
  readonly database: TestDatabase;
  readonly store: DeliveryStore;
  receiver(answer?: Answer): Promise<Receiver>;
  owner(): Promise<string>;
  endpoint(
    url: string,
    over?: Record<string, string | number | boolean>,
  ): Promise<{ id: string; ownerId: string; secret: string }>;
  /** Deliveries of jobs that have just ended, as the terminal statement makes them. */
  ended(
    endpoint: { id: string; ownerId: string },
    count?: number,
    over?: { url?: string; result?: Json },
  ): Promise<string[]>;
  pump(over?: Partial<DeliveriesNeeds>): Deliveries;
  delivery(id: string): Promise<DeliveryState>;
  /** Waits until none of the deliveries is pending. */
  settled(ids: readonly string[], timeoutMs?: number): Promise<DeliveryState[]>;
  attempts(id: string): Promise<Record<string, unknown>[]>;
}

/** A database of its own for one test file; pumps and receivers end with their test. */
export function deliveryBench(): Bench {
  const current = {} as { database: TestDatabase; db: Database; store: DeliveryStore };
  const pumps: Deliveries[] = [];
  const receivers: Receiver[] = [];
  beforeAll(async () => {
    current.database = await createTestDatabase();
    current.db = connectDatabase({ url: current.database.url, maxConnections: 6, applicationName: "callbacks-test" });
    current.store = createDeliveryStore(current.db);
  });
  afterEach(async () => {
    await Promise.all(pumps.splice(0).map((pump) => pump.stop({ softMs: 0, hardMs: 1_000 })));
    await Promise.all(receivers.splice(0).map((receiver) => receiver.close()));
    // what a test left pending is not the next one's
    await current.db.query("delete from callback_attempts");
    await current.db.query("delete from callback_deliveries");
  });
  afterAll(async () => {
    await current.db.close();
    await current.database.drop();
  });

  const owner = async (): Promise<string> => {
    const id = newId();
    await current.db.query("insert into owners (id, name) values ($1, 'somebody')", [id]);
    return id;
  };
  const delivery = async (id: string): Promise<DeliveryState> => {
    const [row] = await current.db.query<DeliveryState>("select * from callback_deliveries where id = $1", [id]);
    return row!;
  };

  return {
    get db() {
      return current.db;
    },
    get database() {
      return current.database;
    },
    get store() {
      return current.store;
    },
    owner,
    delivery,
    async receiver(answer) {
      const receiver = await startReceiver(answer);
      receivers.push(receiver);
      return receiver;
    },
    async endpoint(url, over = {}) {
      const row = { id: newId(), owner_id: await owner(), url, secret: newSecret(), ...over };
      const names = Object.keys(row);
      const values = Object.values(row).map((value) => (typeof value === "boolean" ? String(value) : value));
      await current.db.query(
        `insert into callback_endpoints (${names.join(", ")}) values (${names.map((_, i) => `$${i + 1}`).join(", ")})`,
        values as (string | number)[],
      );
      return { id: row.id, ownerId: row.owner_id, secret: String(row.secret) };
    },
    async ended({ id, ownerId }, count = 1, { url, result = null } = {}) {
      const rows = await current.db.query<{ id: string }>(
        `with jobs as (
           insert into pipeline_jobs (id, owner_id, pipeline, pipeline_version, resource_key, lane, stage, stage_count,
             max_retries, input, status, dispatched_at, finished_at, result)
           select gen_random_uuid(), $1::uuid, 'noop', '1.2.3', 'cid:' || gen_random_uuid(), 'io', 'one', 1, 0, '{}',
             'completed', now(), now(), $5::text::jsonb
           from generate_series(1, $3::int)
           returning id)
         insert into callback_deliveries (job_id, endpoint_id, event, url)
         select id, $2::uuid, 'pipeline_job.completed', $4 from jobs returning id`,
        [ownerId, id, count, url ?? null, JSON.stringify(result)],
      );
      return rows.map((row) => row.id);
    },
    pump(over = {}) {
      const pump = startDeliveries({
        store: current.store,
        post: postThrough({ allowLoopback: true }),
        clock: systemClock,
        random: Math.random,
        log: silentLog,
        timings: QUICK,
        ...over,
      });
      pumps.push(pump);
      return pump;
    },
    async settled(ids, timeoutMs = 30_000) {
      await until(
        async () => {
          const [row] = await current.db.query<{ n: number }>(
            "select count(*)::int as n from callback_deliveries where status = 'pending' and id = any($1::uuid[])",
            [`{${ids.join(",")}}`],
          );
          return row?.n === 0;
        },
        { timeoutMs, message: "no delivery to be pending" },
      );
      return Promise.all(ids.map(delivery));
    },
    attempts: (id) => current.db.query("select * from callback_attempts where delivery_id = $1 order by fence", [id]),
  };
}
