import {
  createEmptyDatabase,
  createTestDatabase,
  type OwnPostgres,
  ownPostgres,
  type TestDatabase,
  until,
} from "@millrace/testing";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { checkDatabase } from "./check-database.ts";
import { connectDatabase, type Database } from "./database.ts";
import { migrate } from "./migrate.ts";

const open: Database[] = [];
const databases: TestDatabase[] = [];

function connected(url: string): Database {
  const db = connectDatabase({ url, maxConnections: 2, applicationName: "check-test" });
  open.push(db);
  return db;
}

async function made(making: Promise<TestDatabase>): Promise<TestDatabase> {
  const database = await making;
  databases.push(database);
  return database;
}

afterEach(async () => {
  for (const db of open.splice(0)) await db.close();
  for (const database of databases.splice(0)) await database.drop();
});

async function found(db: Database, check: string, now: () => number = Date.now) {
  const findings = await checkDatabase(db, { now });
  return findings.find((one) => one.check === check);
}

describe("checkDatabase", () => {
  it("looks at version, role, connections, clock and migrations of a database that is fit for tests only", async () => {
    const db = connected((await made(createTestDatabase())).url);
    const findings = await checkDatabase(db, { now: Date.now });
    expect(findings).toMatchObject([
      { check: "postgres_version", severity: "ok", message: expect.stringMatching(/^Postgres \d+\.\d+/) },
      { check: "postgres_role", severity: "ok" },
      { check: "postgres_durability", severity: "fatal", message: expect.stringMatching(/fsync.*synchronous_commit/) },
      { check: "postgres_connections" },
      { check: "postgres_clock", severity: "ok" },
      { check: "migrations", severity: "ok" },
    ]);
  });

  it("refuses a database that cannot be written to", async () => {
    const { url, name } = await made(createTestDatabase());
    await connected(url).query(`alter database ${name} set default_transaction_read_only = on`);
    expect(await found(connected(url), "postgres_role")).toMatchObject({ severity: "fatal" });
  });

  it("names the migrations a database lacks, and notices those of a newer release", async () => {
    const { url } = await made(createEmptyDatabase());
    const db = connected(url);
    expect(await found(db, "migrations")).toMatchObject({
      severity: "fatal",
      message: expect.stringMatching(/0000_tables, 0001_triggers, 0002_unified_status/),
    });
    await migrate(url);
    expect(await found(db, "migrations")).toMatchObject({ severity: "ok" });
    const [first] = await db.query<{ created_at: string }>(
      "delete from drizzle.__drizzle_migrations where created_at = (select min(created_at) from drizzle.__drizzle_migrations) returning created_at",
    );
    expect(await found(db, "migrations")).toMatchObject({
      severity: "fatal",
      message: expect.stringMatching(/: 0000_tables$/),
    });
    await db.query(
      "insert into drizzle.__drizzle_migrations (hash, created_at) values ('', $1), ('', 99999999999999)",
      [first!.created_at],
    );
    expect(await found(db, "migrations")).toMatchObject({ severity: "warning" });
  });

  it("compares the clocks, and takes no slow answer for a difference", async () => {
    const db = connected((await made(createTestDatabase())).url);
    const shifted = (ms: number) => found(db, "postgres_clock", () => Date.now() + ms);
    expect(await shifted(600_000)).toMatchObject({ severity: "warning", message: expect.stringContaining("behind") });
    expect(await shifted(-600_000)).toMatchObject({ severity: "warning", message: expect.stringContaining("ahead") });
    const instants = [Date.now() - 600_000, Date.now() + 600_000];
    expect(await found(db, "postgres_clock", () => instants.shift()!)).toMatchObject({ severity: "ok" });
  });

  it("says that the database does not answer", async () => {
    const { url } = await made(createTestDatabase());
    const nobody = new URL(url);
    nobody.port = "1";
    const db = connected(nobody.toString());
    await expect(checkDatabase(db, { now: Date.now })).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
  });
});

describe("checkDatabase on a server of its own", () => {
  let postgres: OwnPostgres;
  beforeAll(async () => {
    postgres = await ownPostgres();
  });
  afterAll(async () => {
    await postgres.remove();
  });

  /** In a new session: that is when settings of roles and databases are taken up. */
  async function durability() {
    const db = connected(postgres.url());
    try {
      return await found(db, "postgres_durability");
    } finally {
      open.splice(open.indexOf(db), 1);
      await db.close();
    }
  }

  it("finds it durable, and says what a failover may cost", async () => {
    expect(await durability()).toMatchObject({ severity: "ok", message: expect.stringContaining("may lose") });
  });

  it("notices each setting that can lose work, as this program's sessions have it", async () => {
    const admin = connected(postgres.url());
    const faults: [string, string, "fatal" | "warning"][] = [
      ["fsync", "system", "fatal"],
      ["full_page_writes", "system", "warning"],
      ["synchronous_commit", "database millrace", "fatal"],
    ];
    for (const [setting, where, severity] of faults) {
      await admin.query(`alter ${where} set ${setting} = off`);
      await admin.query("select pg_reload_conf()");
      await until(async () => (await durability())?.severity === severity);
      expect(await durability()).toMatchObject({ message: expect.stringContaining(`${setting} is off`) });
      await admin.query(`alter ${where} reset ${setting}`);
      await admin.query("select pg_reload_conf()");
      await until(async () => (await durability())?.severity === "ok");
    }
  });

  it("counts the sessions of every role, and can do without reading migrations, also as a role of few rights", async () => {
    const admin = connected(postgres.url());
    await migrate(postgres.url());
    await admin.query("create role reader login password 'reader'");
    const url = new URL(postgres.url());
    url.username = "reader";
    url.password = "reader";
    const reader = connected(url.toString());
    const counted = async (db: Database) => Number(/^\d+/.exec((await found(db, "postgres_connections"))!.message)![0]);
    // sessions that other tests closed may take a moment to end
    await until(async () => (await counted(reader)) === 2 && (await counted(admin)) === 2);
    const more = Array.from({ length: 3 }, () => connected(postgres.url()));
    for (const db of more) await db.query("select 1");
    expect(await counted(reader)).toBe(5);
    expect(await found(reader, "migrations")).toMatchObject({ severity: "warning" });
    expect(await found(admin, "migrations")).toMatchObject({ severity: "ok" });
  });
});
