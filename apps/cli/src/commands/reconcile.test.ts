import { randomUUID } from "node:crypto";
import { type JobStore, type NewJob, silentLog, type Ticket, ticketId } from "@millrace/core";
import { connectDatabase, createJobStore, createKeyStore, type Database, newId } from "@millrace/db";
import { askRedis } from "@millrace/embedded";
import type { TicketComparison } from "@millrace/engine";
import { type ConnectedQueue, connectQueue } from "@millrace/queue";
import {
  createEmptyDatabase,
  createTestDatabase,
  type TestDatabase,
  type TestRedis,
  testRedis,
  until,
} from "@millrace/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { runCli, spawnCli } from "../run-cli.fixture.ts";

let database: TestDatabase;
let redis: TestRedis;
let db: Database;
let store: JobStore;
let queue: ConnectedQueue;
let ownerId: string;

beforeEach(async () => {
  database = await createTestDatabase();
  redis = testRedis();
  db = connectDatabase({ url: database.url, maxConnections: 2, applicationName: "test" });
  store = createJobStore(db);
  ownerId = (await createKeyStore(db).createOwner({ name: "reconcile" })).id;
  queue = await connectQueue({ redisUrl: redis.url }, { prefix: redis.prefix, role: "worker", log: silentLog });
});
afterEach(async () => {
  await queue.close();
  await db.close();
  await redis.flush();
  await database.drop();
});

const env = (): Record<string, string> => ({
  DATABASE_URL: database.url,
  REDIS_URL: redis.url,
  QUEUE_PREFIX: redis.prefix,
});

interface Report extends TicketComparison {
  readonly applied: boolean;
}

async function reconcile(...args: string[]): Promise<{ readonly code: number | null; readonly report: Report }> {
  const { code, stdout, stderr } = await runCli(["reconcile", "--json", ...args], env());
  if (!stdout.startsWith("{")) throw new Error(`no report: ${stdout}${stderr}`);
  return { code, report: JSON.parse(stdout) as Report };
}

/** A job dispatched a minute ago, and the ticket its row wants. */
async function dispatched(lane: "io" | "cpu", over: Partial<NewJob> = {}): Promise<Ticket> {
  const resourceKey = `k:${randomUUID()}`;
  const job: NewJob = {
    id: newId(),
    ownerId,
    pipeline: "p",
    pipelineVersion: "1.0.0",
    resourceKey,
    stage: "one",
    lane,
    stageIndex: 0,
    stageCount: 1,
    priority: "normal",
    channelId: null,
    dataTier: "compact",
    maxRetries: 0,
    input: {},
    metadata: {},
    idempotencyKey: null,
    traceparent: null,
    isDispatched: true,
    content: null,
    ...over,
  };
  const submitted = await store.submit(job);
  if (submitted.kind !== "created") throw new Error("not created");
  await db.query(
    "update pipeline_jobs set dispatched_at = now() - interval '1 minute' where id = $1::uuid and dispatched_at is not null",
    [job.id],
  );
  return { jobId: job.id, resourceKey, seq: submitted.seq, stage: "one", dispatchNo: 1, lane };
}

const cancelled = async (ticket: Ticket): Promise<Ticket> => {
  await store.cancel({ jobId: ticket.jobId, ownerId: null, by: "test", reason: null });
  return ticket;
};

/** Each way the queue and the rows can disagree, made by hand. Only `cpu` has a worker. */
async function disagree() {
  const missing = await dispatched("io");
  const finished = await dispatched("cpu");
  await queue.add([finished]);
  const consumer = queue.consume("cpu", { concurrency: 1, work: async () => ({ kind: "done" }) });
  await until(async () => (await queue.states([finished]))[0] === "finished");
  await consumer.close(1_000);
  const extra = await dispatched("io");
  const parked = await dispatched("io", { isDispatched: false });
  await db.query("update pipeline_jobs set dispatch_no = 1 where id = $1::uuid", [parked.jobId]);
  const stale = await dispatched("io");
  const current = { ...stale, dispatchNo: 2 };
  await db.query("update pipeline_jobs set dispatch_no = 2 where id = $1::uuid", [stale.jobId]);
  const orphan: Ticket = { ...missing, jobId: newId(), seq: 9_000_001 };
  const fine = await dispatched("io");
  await queue.add([extra, parked, stale, current, orphan, fine]);
  await cancelled(extra);
  const noTicket = `${redis.prefix}:io:left-by-somebody`;
  await askRedis(redis.url, [
    ["HSET", noTicket, "name", "x", "data", '{"what":1}', "opts", "{}", "timestamp", "1"],
    ["LPUSH", `${redis.prefix}:io:wait`, "left-by-somebody"],
  ]);
  return { missing, finished, extra, parked, stale, current, orphan, fine };
}

const found = ({ differences }: Report): Record<string, number> =>
  Object.fromEntries(Object.entries(differences).map(([kind, count]) => [kind, count.found]));
const NONE = { missing: 0, wrong_state: 0, extra: 0, stale: 0, orphaned: 0 };
const EACH = { missing: 1, wrong_state: 1, extra: 2, stale: 1, orphaned: 2 };

describe("millrace reconcile", { timeout: 120_000 }, () => {
  test("finds each kind of difference, changes nothing unless told, repairs all of it, and then finds nothing", async () => {
    const made = await disagree();
    for (let look = 0; look < 2; look += 1) {
      const { code, report } = await reconcile(...(look === 0 ? [] : ["--dry-run"]));
      expect(code).toBe(1);
      expect(report).toMatchObject({ applied: false, rows: 4, tickets: 7 });
      expect(found(report)).toEqual(EACH);
      expect(report.differences.stale.examples).toEqual([
        { ticket: ticketId(made.stale), lane: "io", job: made.stale.jobId, state: "waiting" },
      ]);
      expect(report.differences.orphaned.examples.map(({ job }) => job).sort()).toEqual(
        [made.orphan.jobId, null].sort(),
      );
    }

    const applied = await reconcile("--apply");
    expect(applied.code).toBe(0);
    expect(found(applied.report)).toEqual(EACH);
    for (const count of Object.values(applied.report.differences)) expect(count.repaired).toBe(count.found);
    const again = { dispatchNo: 2 };
    const wanted = [{ ...made.missing, ...again }, { ...made.finished, ...again }, made.current, made.fine];
    expect(await queue.states(wanted)).toEqual(["waiting", "waiting", "waiting", "waiting"]);
    const gone = [made.extra, made.parked, made.stale, made.orphan];
    expect(await queue.states(gone)).toEqual(["missing", "missing", "missing", "missing"]);

    for (const args of [["--apply"], []]) {
      const { code, report } = await reconcile(...args);
      expect(code).toBe(0);
      expect(found(report)).toEqual(NONE);
    }
  });

  test("reports what is in a worker's hands and leaves it there", async () => {
    const held = await dispatched("cpu");
    await queue.add([held]);
    const consumer = queue.consume("cpu", { concurrency: 1, work: () => new Promise(() => {}) });
    await until(async () => (await queue.states([held]))[0] === "held");
    await cancelled(held);
    const { code, report } = await reconcile("--apply");
    expect(code).toBe(0);
    expect(report.differences.extra).toEqual({ found: 0, repaired: 0, held: 1, examples: [] });
    expect(await queue.states([held])).toEqual(["held"]);
    await consumer.close(0);
  });

  test("a database without the schema is left as it is", async () => {
    const empty = await createEmptyDatabase();
    try {
      const { code, stdout, stderr } = await runCli(["reconcile", "--json"], { ...env(), DATABASE_URL: empty.url });
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
      expect(stderr).toContain("millrace migrate");
      const other = connectDatabase({ url: empty.url, maxConnections: 1, applicationName: "test" });
      const [tables] = await other.query<{ n: number }>(
        "select count(*)::int as n from pg_tables where schemaname = 'public'",
      );
      await other.close();
      expect(tables?.n).toBe(0);
    } finally {
      await empty.drop();
    }
  });

  test("says it to a person, and that a queue it cannot ask is neither equal nor different", async () => {
    const missing = await dispatched("io");
    const told = await spawnCli(["reconcile"], env());
    expect(told.code).toBe(1);
    expect(told.stdout).toContain("1 found: a job waits for a ticket the queue does not have");
    expect(told.stdout).toContain(ticketId(missing));
    expect(told.stdout).toContain("Nothing was changed; --apply repairs them.");
    const away = await runCli(["reconcile", "--json"], { ...env(), REDIS_URL: "redis://127.0.0.1:1" });
    expect(away).toMatchObject({ code: 2, stdout: "" });
    const both = await runCli(["reconcile", "--apply", "--dry-run"], env());
    expect(both.code).toBe(1);
    expect(both.stderr).toContain("cannot be used with");
  });
});
