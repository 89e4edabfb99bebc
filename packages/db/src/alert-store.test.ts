import { createTestDatabase, type TestDatabase } from "@millrace/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type AlertStore, createAlertStore, type NewAlert } from "./alert-store.ts";
import { connectDatabase, type Database } from "./database.ts";
import { newJob, submitted } from "./job-store.fixture.ts";
import { createJobStore } from "./job-store.ts";
import { newId } from "./new-id.ts";

// a Wednesday, 04:00 in Los Angeles
const NOW = new Date("2026-03-04T12:00:00Z");
const at = (seconds: number): Date => new Date(NOW.getTime() + seconds * 1_000);
const MINUTE = 60;
const DAY = 86_400;

let database: TestDatabase;
let db: Database;
let alerts: AlertStore;
let ownerId: string;
beforeAll(async () => {
  database = await createTestDatabase();
  db = connectDatabase({ url: database.url, maxConnections: 4, applicationName: "test" });
  alerts = createAlertStore(db);
  ownerId = newId();
  await db.query("insert into owners (id, name) values ($1, 'somebody')", [ownerId]);
});
afterAll(async () => {
  await db.close();
  await database.drop();
});
beforeEach(async () => {
  for (const table of [
    "alerts",
    "leases",
    "quota_usages",
    "pipeline_jobs",
    "task_costs",
    "task_runs",
    "tasks",
    "channels",
  ]) {
    await db.query(`delete from ${table} where $1 = 1`, [1]);
  }
  await db.query("delete from quotas where service = 'tubes' and $1 = 1", [1]);
});

const alert = (overrides: Partial<NewAlert> = {}): NewAlert => ({
  fact: newId(),
  kind: "task_failed",
  subject: "MEDIA_FAILED",
  severity: "critical",
  message: "something failed",
  details: { task_id: "t" },
  everyMs: 60_000,
  ...overrides,
});
const raise = (overrides: Partial<NewAlert>, now = NOW, isSent = true): Promise<boolean> =>
  alerts.raise(alert(overrides), { now, isSent });

describe("alerts", () => {
  it("are told once however often their fact is seen, and kept where nothing can be sent (C2.8)", async () => {
    expect(await raise({ fact: "one" })).toBe(true);
    expect(await raise({ fact: "one", message: "again" })).toBe(false);
    expect(await raise({ fact: "two" }, NOW, false)).toBe(true);
    expect(await alerts.take(NOW)).toMatchObject([{ alert: { message: "something failed", tries: 1 } }]);
    const listed = await alerts.listAlerts(10);
    expect(listed).toMatchObject([
      { error: "there is no address to send it to", nextTryAt: null, sentAt: null },
      { message: "something failed", at: NOW, details: { task_id: "t" } },
    ]);
    expect(await alerts.listAlerts(1)).toHaveLength(1);
  });

  it("of one kind and subject come together, so far apart as they say (C2.8)", async () => {
    await raise({ message: "first" });
    const [first] = await alerts.take(NOW);
    await alerts.keepTry(first!.ids, { now: NOW, error: null });
    await raise({ message: "second" }, at(10));
    await raise({ message: "third" }, at(20));
    await raise({ subject: "MEDIA_REFUSED", message: "other" }, at(20));
    expect(await alerts.take(at(59))).toMatchObject([{ alert: { message: "other" } }]);
    const batches = await alerts.take(at(61));
    expect(batches).toMatchObject([{ alert: { message: "second" } }]);
    expect(batches[0]!.ids).toHaveLength(2);
    expect(await alerts.take(at(61))).toEqual([]);
  });

  it("are handed out to one of two who ask at once", async () => {
    for (let i = 0; i < 15; i++) await raise({ subject: `${i}` });
    const taken = (await Promise.all([alerts.take(NOW), alerts.take(NOW)])).flat().flatMap(({ ids }) => ids);
    expect(new Set(taken).size).toBe(15);
    expect(taken).toHaveLength(15);
  });

  it("are tried three times, a minute apart, and keep why they were not sent", async () => {
    await raise({});
    for (const now of [NOW, at(61), at(122)]) {
      const [batch] = await alerts.take(now);
      expect(await alerts.take(now)).toEqual([]);
      await alerts.keepTry(batch!.ids, { now, error: `not at ${now.toISOString()}` });
      expect(await alerts.take(new Date(now.getTime() + 50_000))).toEqual([]);
    }
    expect(await alerts.take(at(DAY))).toEqual([]);
    expect(await alerts.listAlerts(1)).toMatchObject([
      { tries: 3, sentAt: null, nextTryAt: null, error: "not at 2026-03-04T12:02:02.000Z" },
    ]);
  });

  it("handed out to somebody who died are handed out again", async () => {
    await raise({});
    await alerts.take(NOW);
    expect(await alerts.take(at(61))).toMatchObject([{ alert: { tries: 2 } }]);
  });

  it("go when they are old, as do workers nobody hears of", async () => {
    await raise({ message: "old" });
    await raise({ message: "young" }, at(DAY));
    await db.query("insert into leases (name, holder, epoch, expires_at) select $1, 'w', 1, $2::timestamptz", [
      "worker:w",
      NOW.toISOString(),
    ]);
    await db.query("insert into leases (name, holder, epoch, expires_at) select $1, 'w', 1, $2::timestamptz", [
      "leader",
      NOW.toISOString(),
    ]);
    await alerts.forget(at(MINUTE));
    expect((await alerts.listAlerts(10)).map(({ message }) => message)).toEqual(["young"]);
    expect(await db.query("select name from leases where $1 = 1", [1])).toEqual([{ name: "leader" }]);
  });
});

async function putChannel(config: Record<string, unknown> = {}): Promise<string> {
  const id = newId();
  await db.query(
    `insert into channels (id, channel_id, channel_name, owner_id, config, quota_pool, source)
     values ($1, 'nature', 'Nature', $2, $3::text::jsonb, 'nature', 'api')`,
    [id, ownerId, JSON.stringify(config)],
  );
  return id;
}

async function putTask(channelId: string, title = "Bees"): Promise<string> {
  const id = newId();
  await db.query(
    `insert into tasks (id, channel_id, owner_id, notion_page_id, title, topic, story_direction)
     values ($1::uuid, $2, $3, $4, $5, 'topic', 'direction')`,
    [id, channelId, ownerId, id.replaceAll("-", ""), title],
  );
  return id;
}

const putError = (taskId: string, code: string, more: { isTransient?: boolean; now?: Date; runNo?: number } = {}) =>
  db.query<{ id: string }>(
    `insert into task_errors (task_id, run_no, step, code, message, attempt, is_transient, at)
     values ($1, $2::int, 'video', $3, 'no clip', 1, $4::int::bool, $5::timestamptz) returning id`,
    [taskId, more.runNo ?? 1, code, Number(more.isTransient ?? false), (more.now ?? NOW).toISOString()],
  );

describe("facts worth an alert", () => {
  it("a task that failed for good, until it was told; not what people decided, passes by itself, or is old (C2.8)", async () => {
    const taskId = await putTask(await putChannel());
    const [row] = await putError(taskId, "MEDIA_FAILED");
    await putError(taskId, "MEDIA_FAILED", { isTransient: true });
    await putError(taskId, "REVIEW_REJECTED");
    await putError(taskId, "STAGE_TIMEOUT", { now: at(-DAY - 1) });
    const { failures } = await alerts.readFacts(NOW);
    expect(failures).toEqual([
      {
        id: Number(row!.id),
        taskId,
        title: "Bees",
        channel: "nature",
        step: "video",
        code: "MEDIA_FAILED",
        message: "no clip",
      },
    ]);
    await raise({ fact: `task_error:${row!.id}` });
    expect((await alerts.readFacts(NOW)).failures).toEqual([]);
  });

  it("a quota from four fifths on, by its own day; work that waits for it says it is spent (C2.8, C-Q11)", async () => {
    await db.query("insert into quotas (service, pool, daily_limit) select 'tubes', unnest($1::text[]), 100", [
      "{*,own}",
    ]);
    await db.query("update quotas set daily_limit = 1000 where service = 'tubes' and pool = $1", ["own"]);
    const use = (pool: string, date: string, used: number, reserved: number) =>
      db.query(
        "insert into quota_usages (service, pool, date, units_used, units_reserved) values ('tubes', $1, $2::date, $3::int, $4::int)",
        [pool, date, used, reserved],
      );
    await use("below", "2026-03-04", 79, 0);
    await use("above", "2026-03-04", 70, 10);
    await use("own", "2026-03-04", 100, 0);
    await use("yesterday", "2026-03-03", 100, 0);
    const expected = {
      service: "tubes",
      pool: "above",
      date: "2026-03-04",
      dailyLimit: 100,
      units: 80,
      hasWaiting: false,
    };
    expect((await alerts.readFacts(NOW)).quotas).toEqual([expected]);
    // 07:00 UTC is still yesterday there
    expect((await alerts.readFacts(at(-5 * 3_600))).quotas).toMatchObject([{ pool: "yesterday", date: "2026-03-03" }]);
    const { jobId } = await submitted(createJobStore(db), newJob(ownerId, { isDispatched: false }));
    await db.query(
      "update pipeline_jobs set quota_service = 'tubes', quota_pool = 'above', quota_units = 30, waiting_for = 'quota', next_retry_at = now() where id = $1",
      [jobId],
    );
    expect((await alerts.readFacts(NOW)).quotas).toEqual([{ ...expected, hasWaiting: true }]);
  });

  it("a pause of more than ten minutes", async () => {
    await db.query(
      "insert into quotas (service, pool, paused_until, pause_reason) select 'tubes', 'p', $1::timestamptz, 'full'",
      [at(11 * MINUTE).toISOString()],
    );
    expect((await alerts.readFacts(NOW)).pauses).toEqual([
      { service: "tubes", pool: "p", until: at(11 * MINUTE), reason: "full" },
    ]);
    expect((await alerts.readFacts(at(2 * MINUTE))).pauses).toEqual([]);
  });

  it("a worker whose lease ran out; not one that lives, or that said good-bye", async () => {
    for (const [name, expiresAt] of [
      ["worker:dead", at(-1)],
      ["worker:alive", at(1)],
      ["worker:gone", new Date(0)],
      ["leader", at(-1)],
    ] as const) {
      await db.query("insert into leases (name, holder, epoch, expires_at) values ($1, 'w', 3, $2::timestamptz)", [
        name,
        expiresAt.toISOString(),
      ]);
    }
    expect((await alerts.readFacts(NOW)).silences).toEqual([{ name: "dead", epoch: 3, until: at(-1) }]);
  });

  it("a lane where tickets and lost claims have waited for five minutes and nobody works", async () => {
    const store = createJobStore(db);
    const put = async (lane: "io" | "cpu", change: string, when: Date): Promise<void> => {
      const { jobId } = await submitted(store, newJob(ownerId, { lane }));
      await db.query(`update pipeline_jobs set ${change} where id = $1`, [jobId, when.toISOString()]);
    };
    const waits = "dispatched_at = $2::timestamptz";
    const runs = "status = 'processing', fence = 1, worker = 'w', lease_until = $2::timestamptz";
    await put("io", waits, at(-6 * MINUTE));
    await put("io", waits, at(-4 * MINUTE));
    await put("io", runs, at(-7 * MINUTE));
    await put("cpu", waits, at(-6 * MINUTE));
    await put("cpu", runs, at(1));
    expect((await alerts.readFacts(NOW)).stalls).toEqual([{ lane: "io", jobs: 2, since: at(-7 * MINUTE) }]);
    await db.query(
      "insert into queue_settings (lane, is_paused) values ($1, true) on conflict (lane) do update set is_paused = true",
      ["io"],
    );
    expect((await alerts.readFacts(NOW)).stalls).toEqual([]);
    await db.query("update queue_settings set is_paused = false, rate_limit = $1::text::jsonb where lane = 'io'", [
      '{"max": 1, "duration_ms": 600000}',
    ]);
    expect((await alerts.readFacts(NOW)).stalls).toEqual([]);
    await db.query("update queue_settings set rate_limit = null where $1 = 1", [1]);
    expect((await alerts.readFacts(NOW)).stalls).toHaveLength(1);
    await db.query("delete from queue_settings where $1 = 1", [1]);
  });

  it("a channel over its budget of the day or the week, both by UTC (C2.8)", async () => {
    const channelId = await putChannel({ budget_daily_usd: 5, budget_weekly_usd: 10 });
    const taskId = await putTask(channelId);
    const spend = (usd: number | null, when: string) =>
      db.query(
        `insert into task_costs (task_id, channel_id, run_no, component, step, provider, cost_usd, api_calls, units, at)
         values ($1, $2, 1, 'kie_video', 'video', 'kie', $3::float8, 1, 1, $4::timestamptz)`,
        [taskId, channelId, usd, when],
      );
    await spend(100, "2026-03-01T23:59:59Z");
    await spend(4.75, "2026-03-02T00:00:00Z");
    await spend(5, "2026-03-04T00:00:00Z");
    await spend(null, "2026-03-04T00:00:00Z");
    expect((await alerts.readFacts(NOW)).budgets).toEqual([]);
    await spend(0.25, "2026-03-04T01:00:00Z");
    expect((await alerts.readFacts(NOW)).budgets).toEqual([
      {
        channelId,
        channel: "nature",
        week: "2026-03-02",
        day: "2026-03-04",
        todayUsd: 5.25,
        weekUsd: 10,
        dailyUsd: 5,
        weeklyUsd: 10,
      },
    ]);
  });

  it("how runs of the last day ended, those of reviewers apart (C2.8)", async () => {
    const channelId = await putChannel();
    const run = async (outcome: string, more: { code?: string; isTroubled?: boolean; now?: Date } = {}) => {
      const taskId = await putTask(channelId);
      const now = more.now ?? at(-MINUTE);
      await db.query(
        `insert into task_runs (task_id, run_no, job_id, from_step, outcome, error_code, finished_at)
         values ($1, 1, $2, 'assets', $3::task_status, $4, $5::timestamptz)`,
        [taskId, newId(), outcome, more.code ?? null, now.toISOString()],
      );
      await db.query(
        "insert into task_transitions (task_id, run_no, from_status, to_status, actor, at) values ($1, 1, 'queued', $2::task_status, 'w', $3::timestamptz)",
        [taskId, outcome, now.toISOString()],
      );
      if (more.isTroubled) await putError(taskId, "URL_UNREACHABLE", { isTransient: true, now });
    };
    await run("published");
    await run("published", { isTroubled: true });
    await run("video_error", { code: "MEDIA_FAILED", isTroubled: true });
    await run("video_error", { code: "REVIEW_REJECTED" });
    await run("draft");
    await run("published", { now: at(-DAY - 1) });
    expect((await alerts.readFacts(NOW)).runs).toEqual({ finished: 3, published: 2, troubled: 2, recovered: 1 });
  });
});
