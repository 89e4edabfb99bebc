import { StoreUnavailableError } from "@millrace/core";
import {
  createTestDatabase,
  type OwnPostgres,
  ownPostgres,
  type SwallowingProxy,
  swallowingProxy,
  type TestDatabase,
  until,
} from "@millrace/testing";
import { sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { connectDatabase, type Database, type DatabaseOptions } from "./database.ts";

let database: TestDatabase;
let proxy: SwallowingProxy;
const open: Database[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  proxy = await swallowingProxy({ port: Number(new URL(database.url).port) });
});

afterEach(async () => {
  await proxy.set("pass");
  for (const db of open.splice(0)) await db.close();
});

afterAll(async () => {
  await proxy.close();
  await database.drop();
});

function connected(overrides: Partial<DatabaseOptions> = {}): Database {
  const db = connectDatabase({
    url: database.url,
    maxConnections: 3,
    statementTimeoutMs: 5_000,
    queryTimeoutMs: 6_000,
    applicationName: "database-test",
    ...overrides,
  });
  open.push(db);
  return db;
}

const one = (db: Database) => db.query<{ n: number }>("select $1::int as n", [1]);

/** True only when every connection of the pool works: each holds one until all have answered. */
async function useAll(db: Database, connections: number): Promise<true> {
  let answered = 0;
  const { promise: met, resolve: meet } = gate();
  const hold = () =>
    db.transaction(async (query) => {
      await query("select 1");
      answered += 1;
      if (answered === connections) meet();
      await met;
    });
  await Promise.all(Array.from({ length: connections }, hold)).finally(meet);
  return true;
}

function gate(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((pass) => {
    resolve = pass;
  });
  return { promise, resolve };
}

const unavailable = { code: "STORE_UNAVAILABLE", retry: "backoff" };

describe("connectDatabase", () => {
  it("sets the session up: statements and idle transactions end, no scan of whole tables, commits as the server has them", async () => {
    const db = connected();
    const show = async (name: string) =>
      (
        await db.query<{ setting: string; source: string }>("select setting, source from pg_settings where name = $1", [
          name,
        ])
      )[0];
    expect(await show("statement_timeout")).toMatchObject({ setting: "5000" });
    expect(await show("idle_in_transaction_session_timeout")).toMatchObject({ setting: "5000" });
    expect(await show("enable_seqscan")).toMatchObject({ setting: "off" });
    expect(await show("application_name")).toMatchObject({ setting: "database-test" });
    expect(await show("synchronous_commit")).not.toMatchObject({ source: "client" });
  });

  it("runs Drizzle's statements and transactions that roll back", async () => {
    const db = connected();
    const rows = await db.build((orm) => orm.execute(sql`select 1 as n`));
    expect([...rows]).toEqual([{ n: 1 }]);
    const failed = db.transaction(async (query) => {
      await query("insert into owners (id, name) values (gen_random_uuid(), $1)", ["rolled back"]);
      throw new Error("no");
    });
    await expect(failed).rejects.toThrow("no");
    expect(await db.query("select 1 from owners where name = $1", ["rolled back"])).toEqual([]);
  });

  it("says STORE_UNAVAILABLE when a statement takes too long, and gives the connection back", async () => {
    const db = connected({ maxConnections: 1, statementTimeoutMs: 100 });
    await expect(db.query("select pg_sleep($1)", [60])).rejects.toMatchObject(unavailable);
    expect(await until(() => one(db))).toEqual([{ n: 1 }]);
  });

  it("leaves a statement's own errors alone", async () => {
    await expect(connected().query("select $1::int / 0", [1])).rejects.toMatchObject({ code: "22012" });
  });

  it("gives up on a network that swallows packets, and works again when it is back", async () => {
    const db = connected({ url: proxy.through(database.url), queryTimeoutMs: 600, statementTimeoutMs: 500 });
    await until(() => useAll(db, 3));
    await proxy.set("swallow");
    // far more calls than connections: if those that wait for one had not the same limit, this would take minutes
    const results = await Promise.allSettled(Array.from({ length: 900 }, () => one(db)));
    for (const result of results) expect(result).toMatchObject({ reason: unavailable });
    await expect(db.ping(100)).rejects.toBeInstanceOf(StoreUnavailableError);
    await proxy.set("pass");
    await until(() => useAll(db, 3), { timeoutMs: 20_000 });
  });

  it("gives up inside a transaction and inside a reply, too", async () => {
    const db = connected({
      url: proxy.through(database.url),
      maxConnections: 1,
      queryTimeoutMs: 600,
      statementTimeoutMs: 500,
    });
    const lost = db.transaction(async (query) => {
      await query("select 1");
      await proxy.set("swallow");
      await query("select $1::int", [1]);
    });
    await expect(lost).rejects.toMatchObject(unavailable);
    await proxy.set("pass");
    await until(() => one(db), { timeoutMs: 20_000 });
  });

  it.each(["at once", "when the connection is somebody else's session"])(
    "sends nothing more of a transaction whose connection is gone: %s",
    async (when) => {
      const db = connected({ url: proxy.through(database.url), maxConnections: 1 });
      const insert = "insert into owners (id, name) values (gen_random_uuid(), $1)";
      for (const then of ["return", "ask", "ask twice", "throw"] as const) {
        await until(() => one(db));
        const { promise: isGoing, resolve: goOn } = gate();
        const { promise: isOver, resolve: end } = gate();
        const lost = db.transaction(async (query) => {
          await query("select 1");
          await proxy.set("cut");
          await isGoing;
          const ask = () => query(insert, [`lost: ${then}`]);
          if (then === "ask") await ask().finally(end);
          if (then === "ask twice") await ask().catch(() => ask().finally(end));
          end();
          if (then === "throw") throw new Error("no");
        });
        await expect(lost, then).rejects.toMatchObject(unavailable);
        if (when === "at once") goOn();
        await proxy.set("pass");
        await until(() => one(db));
        await db.transaction(async (query) => {
          await query(insert, [then]);
          goOn();
          await isOver;
          // replies come in order: by the last of these, anything that was slipped in has been answered
          for (let turn = 0; turn < 3; turn += 1) await query("select 1");
        });
        const names = await db.query("select name from owners where name in ($1, $2)", [then, `lost: ${then}`]);
        expect(names).toEqual([{ name: then }]);
        await db.query("delete from owners");
      }
    },
  );

  it("survives refused and reset connections", async () => {
    const db = connected({ url: proxy.through(database.url) });
    await one(db);
    for (const mode of ["cut", "refuse"] as const) {
      await proxy.set(mode);
      await expect(one(db)).rejects.toMatchObject(unavailable);
      await proxy.set("pass");
      await until(() => one(db));
    }
  });

  it("answers what is asked of a connection that was cut but has not closed yet, and gives the connection back", async () => {
    const db = connected({ url: proxy.through(database.url), maxConnections: 2, queryTimeoutMs: 600 });
    await until(() => useAll(db, 2));
    await proxy.set("swallow");
    // asked in the very turn in which the silent connections are cut, the idle one with the busy one
    const next = one(db).catch(() => one(db));
    // refused when the connection closes, not left to the limit of time
    await expect(next).rejects.toMatchObject({ ...unavailable, message: expect.stringContaining("CONNECTION_CLOSED") });
    await proxy.set("pass");
    await until(() => useAll(db, 2), { timeoutMs: 20_000 });
  });

  it("loses no connection for good when Postgres ends busy sessions while callers try again at once", async () => {
    const db = connected({ maxConnections: 8, applicationName: "victims" });
    const admin = connected({ maxConnections: 1 });
    let isOver = false;
    let failures = 0;
    const caller = async () => {
      while (!isOver)
        await one(db).catch(() => {
          failures += 1;
        });
    };
    const callers = Array.from({ length: 16 }, caller);
    for (let round = 0; round < 25; round += 1) {
      await until(
        async () =>
          (
            await admin.query("select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1", [
              "victims",
            ])
          ).length > 0,
      );
    }
    isOver = true;
    await Promise.all(callers);
    expect(failures).toBeGreaterThan(0);
    // sessions of the last round may still be ending; a connection lost for good would fail every round of these
    await until(() => useAll(db, 8), { timeoutMs: 15_000 });
  }, 90_000);
});

describe("a Postgres that goes away", () => {
  let postgres: OwnPostgres;
  beforeAll(async () => {
    postgres = await ownPostgres();
  });
  afterAll(async () => {
    await postgres.remove();
  });

  it("is STORE_UNAVAILABLE while it is gone, politely or by kill -9, and is used again when it is back", async () => {
    const db = connected({ url: postgres.url() });
    for (const leave of [() => postgres.stop(), () => postgres.kill()]) {
      await one(db);
      const inFlight = db.query("select pg_sleep($1)", [60]);
      const outcome = expect(inFlight).rejects.toMatchObject(unavailable);
      await leave();
      await outcome;
      await expect(one(db)).rejects.toMatchObject(unavailable);
      await postgres.restart();
      await until(() => one(db), { timeoutMs: 20_000 });
    }
  }, 90_000);
});
