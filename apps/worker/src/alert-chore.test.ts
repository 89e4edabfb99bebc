import { connectDatabase, createAlertStore, createJobStore, type Database, newId } from "@millrace/db";
import { createAlertSender, createOutboundFetch } from "@millrace/providers";
import {
  collectLogs,
  createTestDatabase,
  type FakeProvider,
  repliesWith,
  type SettableClock,
  settableClock,
  startFakeProvider,
  type TestDatabase,
  until,
} from "@millrace/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { alertChore } from "./alert-chore.ts";
import { startSignOfLife } from "./sign-of-life.ts";

let database: TestDatabase;
let db: Database;
let clock: SettableClock;
let receiver: FakeProvider;
beforeEach(async () => {
  database = await createTestDatabase();
  db = connectDatabase({ url: database.url, maxConnections: 2, applicationName: "test" });
  clock = settableClock("2026-03-04T12:00:00Z");
  receiver = await startFakeProvider(async (exchange) => {
    await exchange.readBody();
    exchange.response.writeHead(204).end();
  });
});
afterEach(async () => {
  await receiver.stop();
  await db.close();
  await database.drop();
});

const logs = collectLogs();
const chore = (options: { readonly isSending?: boolean } = {}) =>
  alertChore({
    alerts: createAlertStore(db),
    send:
      options.isSending === false
        ? undefined
        : createAlertSender({
            fetch: createOutboundFetch({ userAgent: "millrace-test", allowLoopback: true }),
            url: `${receiver.url}/hook`,
          }),
    clock,
    log: logs.log,
  });
const never = new AbortController().signal;
const sent = (): string[] =>
  receiver.requests.map(({ body }) => (JSON.parse(body.toString()) as { content: string }).content);

/** A quota that is spent by so much. */
async function use(units: number): Promise<void> {
  await db.query("delete from quota_usages where service = 'tubes' and $1 = 1", [1]);
  await db.query("delete from quotas where service = 'tubes' and $1 = 1", [1]);
  await db.query("insert into quotas (service, pool, daily_limit) select 'tubes', 'p', 100 where $1 = 1", [1]);
  await db.query(
    "insert into quota_usages (service, pool, date, units_used) values ('tubes', 'p', '2026-03-04', $1::int)",
    [units],
  );
}

test("what happened is told once, each level of a quota for itself (C2.8)", async () => {
  const { run } = chore();
  await use(79);
  await run(never);
  await use(85);
  await run(never);
  await run(never);
  expect(sent()).toEqual(["[warning] Quota tubes of p: 85 of 100 units (85 %) are used on 2026-03-04."]);
  await use(100);
  // another leader, who knows of nothing
  await chore().run(never);
  expect(sent()[1]).toBe("[critical] Quota tubes of p is spent for 2026-03-04: 100 of 100 units.");
  await run(never);
  expect(sent()).toHaveLength(2);
  expect(await createAlertStore(db).listAlerts(9)).toMatchObject([
    { kind: "quota_100", sentAt: clock.now(), error: null },
    { kind: "quota_80", sentAt: clock.now() },
  ]);
});

test("a receiver that fails is asked three times, a minute apart; it is logged and ends nothing (C2.8)", async () => {
  receiver.interrupt(/hook/, ...Array.from({ length: 3 }, () => repliesWith(500)));
  const { run } = chore();
  await use(90);
  for (let i = 0; i < 5; i++) {
    await run(never);
    clock.advance(61_000);
  }
  expect(receiver.requests).toHaveLength(3);
  expect(await createAlertStore(db).listAlerts(9)).toMatchObject([
    { tries: 3, sentAt: null, nextTryAt: null, error: "The receiver of alerts answered 500." },
  ]);
  expect(logs.lines.filter(({ message }) => message === "an alert could not be sent")).toHaveLength(3);
});

test("a lane is idle when two looks find the same work untouched (C2.8)", async () => {
  const ownerId = newId();
  await db.query("insert into owners (id, name) values ($1, 'somebody')", [ownerId]);
  const put = (since: string) =>
    db.query(
      `insert into pipeline_jobs (id, owner_id, pipeline, pipeline_version, resource_key, priority, status, stage, lane,
         stage_count, max_retries, input, dispatched_at)
       values ($1::uuid, $2, 'noop', '1.0.0', $1::uuid::text, 'normal', 'pending', 'one', 'media', 1, 1, '{}', $3::timestamptz)`,
      [newId(), ownerId, since],
    );
  const { run } = chore({ isSending: false });
  const look = async (): Promise<string[]> => {
    await run(never);
    clock.advance(30_000);
    return (await createAlertStore(db).listAlerts(9)).map(({ kind }) => kind);
  };
  for (let i = 0; i < 3; i++) expect(await look()).toEqual([]);
  await put("2026-03-04T11:55:00Z");
  expect(await look()).toEqual([]);
  await db.query("delete from pipeline_jobs where $1 = 1", [1]);
  await put("2026-03-04T11:56:00Z");
  expect(await look()).toEqual([]);
  expect(await look()).toEqual(["lane_stalled"]);
  expect(await look()).toEqual(["lane_stalled"]);
});

test("without an address alerts are kept and logged", async () => {
  await use(90);
  await chore({ isSending: false }).run(never);
  expect(receiver.requests).toEqual([]);
  expect(await createAlertStore(db).listAlerts(9)).toMatchObject([{ kind: "quota_80", sentAt: null, nextTryAt: null }]);
});

test("a worker that died is told of once, unless the leader itself saw nothing for a while (C2.8)", async () => {
  const store = createJobStore(db);
  const [dead, stopped] = ["dead", "stopped"].map((name) => startSignOfLife({ store, name, log: logs.log }));
  const leases = (): Promise<{ name: string }[]> =>
    db.query("select name from leases where name like 'worker:%' and $1 = 1", [1]);
  await until(async () => (await leases()).length === 2, { message: "both workers to have said that they live" });
  await stopped!.stop();
  clock.set(new Date(Date.now() + 301_000));
  const { run } = chore();
  await run(never);
  clock.advance(30_000);
  await run(never);
  expect(sent()).toEqual([]);
  clock.advance(61_000);
  await run(never);
  expect(sent()).toEqual([]);
  for (let i = 0; i < 3; i++) {
    clock.advance(31_000);
    await run(never);
  }
  expect(sent()).toEqual(["[critical] Worker dead has been silent for more than 5 minutes."]);
  await dead!.stop();
});
