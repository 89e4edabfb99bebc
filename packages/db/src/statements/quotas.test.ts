import {
  advance,
  complete,
  fail,
  type JobStore,
  type Priority,
  parkForQuota,
  type QuotaNeed,
  retryLater,
  waitForTurn,
} from "@millrace/core";
import { describe, expect, it } from "vitest";
import {
  claimed,
  DONE,
  events,
  expireLease,
  newJob,
  OUTPUT,
  place,
  settle,
  storeUnderTest,
  submitted,
} from "../job-store.fixture.ts";
import { newId } from "../new-id.ts";
import { createQuotaStore, type QuotaRecords } from "../quota-store.ts";

const t = storeUnderTest();
const quotas = (): QuotaRecords => createQuotaStore(t.db);
const ERROR = { code: "QUOTA_EXHAUSTED", message: "tomorrow", stage: "one" } as const;

/** A quota of its own for each test. */
async function aQuota(limit: number | null): Promise<{ readonly service: string; readonly pool: string }> {
  const name = { service: `s${newId()}`, pool: "main" };
  if (limit !== null) await quotas().changeQuota(name, { limit });
  return name;
}

interface Given {
  readonly priority?: Priority;
  readonly channelId?: string;
  readonly units?: number;
}

async function backlog(quota: Omit<QuotaNeed, "units"> | null, { units = 10, ...given }: Given = {}): Promise<string> {
  const need = quota && { ...quota, units };
  return (await submitted(t.store, newJob(t.ownerId, { isDispatched: false, quota: need, ...given }))).jobId;
}

/** Which of them were dispatched, by their places. */
async function dispatched(ids: readonly string[], limit = 100): Promise<number[]> {
  const tickets = await t.store.dispatch("io", limit);
  return tickets.map(({ jobId }) => ids.indexOf(jobId));
}

const counts = async (name: { service: string; pool: string }) => {
  const { used, reserved } = await quotas().findQuota(name);
  return { used, reserved };
};

describe("a day's quota (C-Q11, C-Q13)", () => {
  it("C-S21 C-Q13 is reserved by the pick; a job without room is parked until the day is over, and those behind it go on", async () => {
    const name = await aQuota(25);
    const ids = [await backlog(name), await backlog(name), await backlog(name), await backlog(null)];
    ids.push(await backlog(name, { units: 5, priority: "low" }));
    expect(await dispatched(ids)).toEqual([0, 1, 3, 4]);
    const { resetsAt, ...quota } = await quotas().findQuota(name);
    expect(quota).toMatchObject({ limit: 25, used: 0, reserved: 25, waiting: 1, isOwn: true });
    expect(await t.store.findJob(ids[2]!, null)).toMatchObject({
      status: "pending",
      waitingFor: "quota",
      nextRetryAt: resetsAt,
      stageAttempts: 0,
      retryCount: 0,
      dispatchNo: 0,
    });
    expect(await events(t.store, ids[2]!)).toEqual(["submit", "wait_for_quota"]);
    expect(await dispatched(ids)).toEqual([]);
  });

  it("counts what the stage says it used; all of it when it began and said nothing; none when it never began", async () => {
    const name = await aQuota(100);
    const ids = [await backlog(name), await backlog(name), await backlog(name)];
    expect(await dispatched(ids)).toEqual([0, 1, 2]);
    const said = await claimed(t.store, ids[0]!);
    expect(await quotas().useQuota({ jobId: said.id, fence: said.fence }, 3)).toBe(true);
    expect(await quotas().useQuota({ jobId: said.id, fence: said.fence }, 1)).toBe(true);
    expect(await quotas().useQuota({ jobId: said.id, fence: said.fence - 1 }, 1)).toBe(false);
    expect(await counts(name)).toEqual({ used: 0, reserved: 30 });
    await settle(t.store, said, DONE);
    expect(await counts(name)).toEqual({ used: 4, reserved: 20 });
    expect(await quotas().useQuota({ jobId: said.id, fence: said.fence }, 1)).toBe(false);
    await settle(t.store, await claimed(t.store, ids[1]!), fail(ERROR));
    expect(await counts(name)).toEqual({ used: 14, reserved: 10 });
    await t.store.cancel({ jobId: ids[2]!, ownerId: null, by: "ann", reason: null });
    expect(await counts(name)).toEqual({ used: 14, reserved: 0 });
  });

  it("is settled when the job moves to its next stage, which may take of another one", async () => {
    const [first, second] = [await aQuota(100), await aQuota(100)];
    const ids = [await backlog(first)];
    expect(await dispatched(ids)).toEqual([0]);
    const job = await claimed(t.store, ids[0]!);
    await settle(t.store, job, waitForTurn(place("two", 1), { ...second, units: 7 }, OUTPUT));
    expect(await counts(first)).toEqual({ used: 10, reserved: 0 });
    expect(await t.store.findJob(job.id, null)).toMatchObject({ status: "pending", waitingFor: "turn", stage: "two" });
    expect(await dispatched(ids)).toEqual([0]);
    expect(await counts(second)).toEqual({ used: 0, reserved: 7 });
    await settle(t.store, await claimed(t.store, job.id), advance(place("three", 2), OUTPUT));
    expect(await counts(second)).toEqual({ used: 7, reserved: 0 });
    expect(await events(t.store, job.id)).toEqual([
      "submit",
      "dispatch",
      "claim",
      "wait_for_turn",
      "dispatch",
      "claim",
      "advance",
    ]);
  });

  it("keeps one reservation over a crash and the ticket after it, on the day it was made", async () => {
    const name = await aQuota(100);
    const ids = [await backlog(name)];
    await dispatched(ids);
    await claimed(t.store, ids[0]!);
    await expireLease(t.db, ids[0]!);
    const due = await t.store.listTicketsDue({ afterSeq: 0, limit: 100, graceMs: 0, withLeasesOver: true });
    expect(await t.store.redispatch(due.filter(({ ticket }) => ticket.jobId === ids[0]))).toHaveLength(1);
    expect(await counts(name)).toEqual({ used: 0, reserved: 10 });
    // over midnight
    const { day } = await quotas().findQuota(name);
    for (const table of ["quota_reservations", "quota_usages"])
      await t.db.query(`update ${table} set date = date - 1 where service = $1`, [name.service]);
    await settle(t.store, await claimed(t.store, ids[0]!), DONE);
    expect(await counts(name)).toEqual({ used: 0, reserved: 0 });
    const usages = await t.db.query(
      "select units_used, units_reserved, date < $2::date as is_before from quota_usages where service = $1",
      [name.service, day],
    );
    expect(usages).toEqual([{ units_used: "10", units_reserved: "0", is_before: true }]);
  });

  it("a retry reserves anew", async () => {
    const name = await aQuota(25);
    const ids = [await backlog(name)];
    for (const expected of [
      { used: 10, reserved: 0 },
      { used: 20, reserved: 0 },
    ]) {
      expect(await dispatched(ids)).toEqual([0]);
      await settle(t.store, await claimed(t.store, ids[0]!), retryLater(0, { ...ERROR, code: "MEDIA_FAILED" }));
      expect(await counts(name)).toEqual(expected);
    }
    expect(await dispatched(ids)).toEqual([]);
  });

  it("a limit of 0 lets nothing pass; a job that takes more than a whole day is parked, once", async () => {
    const [none, small] = [await aQuota(0), await aQuota(9)];
    const ids = [await backlog(none, { units: 1 }), await backlog(small), await backlog(small, { units: 9 })];
    expect(await dispatched(ids)).toEqual([2]);
    expect(await dispatched(ids)).toEqual([]);
    for (const id of ids.slice(0, 2)) expect(await events(t.store, id)).toEqual(["submit", "wait_for_quota"]);
  });

  it("a pool without a row of its own is as * says; without that there is no limit", async () => {
    const service = `s${newId()}`;
    const [a, b] = [
      { service, pool: "a" },
      { service, pool: "b" },
    ];
    const ids = [await backlog(a), await backlog(a)];
    expect(await dispatched(ids, 1)).toEqual([0]);
    await quotas().changeQuota({ service, pool: "*" }, { limit: 10 });
    ids.push(await backlog(b), await backlog(b));
    expect(await dispatched(ids)).toEqual([2]);
    await quotas().changeQuota(b, { limit: 30 });
    expect(await dispatched(ids)).toEqual([3]);
    expect(await quotas().findQuota({ service, pool: "c" })).toMatchObject({ limit: 10, isOwn: false });
    expect(await quotas().findQuota({ service: "youtube", pool: "any" })).toMatchObject({ limit: 10_000 });
  });

  it("parks a long line of jobs without room in one call, whatever the limit of tickets", async () => {
    const name = await aQuota(0);
    const ids: string[] = [];
    for (let i = 0; i < 130; i++) ids.push(await backlog(name));
    ids.push(await backlog(null));
    expect(await dispatched(ids, 1)).toEqual([130]);
    expect((await quotas().findQuota(name)).waiting).toBe(130);
  });
});

describe("what was parked goes as soon as there is room (C-Q13)", () => {
  async function full(limit = 10) {
    const name = await aQuota(limit);
    const ids = [await backlog(name), await backlog(name), await backlog(name)];
    expect(await dispatched(ids)).toEqual([0]);
    expect(await dispatched(ids)).toEqual([]);
    return { name, ids };
  }

  it("when units come back, as many as they are enough for", async () => {
    const { name, ids } = await full();
    const job = await claimed(t.store, ids[0]!);
    await quotas().useQuota({ jobId: job.id, fence: job.fence }, 0);
    await settle(t.store, job, DONE);
    expect(await dispatched(ids)).toEqual([1]);
    expect(await counts(name)).toEqual({ used: 0, reserved: 10 });
    expect((await t.store.findJob(ids[2]!, null))?.waitingFor).toBe("quota");
    expect(await events(t.store, ids[2]!)).toEqual(["submit", "wait_for_quota"]);
  });

  it("when the limit is raised", async () => {
    const { name, ids } = await full();
    await quotas().changeQuota(name, { limit: 20 });
    expect(await dispatched(ids)).toEqual([1]);
    await quotas().changeQuota(name, { limit: null });
    expect(await dispatched(ids)).toEqual([2]);
  });

  it("when the limit of every pool is raised", async () => {
    const service = `s${newId()}`;
    await quotas().changeQuota({ service, pool: "*" }, { limit: 5 });
    const ids = [await backlog({ service, pool: "a" }), await backlog({ service, pool: "b" })];
    expect(await dispatched(ids)).toEqual([]);
    await quotas().changeQuota({ service, pool: "*" }, { limit: 10 });
    expect(await dispatched(ids)).toEqual([0, 1]);
  });

  it("but not what a stage asked to wait for, nor the job that has just given its units back", async () => {
    const name = await aQuota(10);
    const ids = [await backlog(name), await backlog(name)];
    expect(await dispatched(ids, 1)).toEqual([0]);
    const job = await claimed(t.store, ids[0]!);
    await quotas().useQuota({ jobId: job.id, fence: job.fence }, 0);
    await settle(t.store, job, parkForQuota(3_600_000, ERROR));
    expect(await dispatched(ids)).toEqual([1]);
    const other = await claimed(t.store, ids[1]!);
    await quotas().useQuota({ jobId: other.id, fence: other.fence }, 0);
    await settle(t.store, other, DONE);
    expect(await dispatched(ids)).toEqual([]);
    await quotas().repairQuotas();
    expect(await dispatched(ids)).toEqual([]);
  });

  it("lets the oldest of each channel go first", async () => {
    const name = await aQuota(20);
    const [a, b] = [newId(), newId()];
    const ids = [await backlog(name, { units: 20, channelId: a })];
    for (const channelId of [a, a, a, b]) ids.push(await backlog(name, { channelId }));
    expect(await dispatched(ids)).toEqual([0]);
    await t.store.cancel({ jobId: ids[0]!, ownerId: null, by: "ann", reason: null });
    expect((await dispatched(ids)).sort()).toEqual([1, 4]);
  });
});

describe("pauses that a service asked for (C-Q12)", () => {
  it("park the jobs of that pool alone until the pause is over, and end early when somebody says so", async () => {
    const service = `s${newId()}`;
    const [a, b] = [
      { service, pool: "a" },
      { service, pool: "b" },
    ];
    await quotas().changeQuota({ service, pool: "*" }, { limit: 100, timeZone: "UTC" });
    await quotas().pauseQuota({ ...a, forMs: 3_600_000, reason: "429" });
    await quotas().pauseQuota({ ...a, forMs: 1_000, reason: "shorter" });
    const ids = [await backlog(a), await backlog(b), await backlog(a)];
    expect(await dispatched(ids)).toEqual([1]);
    const { pausedUntil, ...paused } = await quotas().findQuota(a);
    expect(paused).toMatchObject({ limit: 100, timeZone: "UTC", pauseReason: "429", waiting: 2 });
    expect((await t.store.findJob(ids[0]!, null))?.nextRetryAt).toEqual(pausedUntil);
    await quotas().repairQuotas();
    expect(await dispatched(ids)).toEqual([]);
    expect(await quotas().changeQuota(a, { pausedUntil: null })).toMatchObject({ pausedUntil: null, limit: 100 });
    expect(await dispatched(ids)).toEqual([0, 2]);
  });

  it("leave no row behind that would outlive a change of the limit of every pool", async () => {
    const service = `s${newId()}`;
    await quotas().changeQuota({ service, pool: "*" }, { limit: 100 });
    await quotas().pauseQuota({ service, pool: "a", forMs: 60_000, reason: "429" });
    await t.db.query("update quotas set paused_until = now() - interval '1 s' where service = $1 and pool = 'a'", [
      service,
    ]);
    await quotas().repairQuotas();
    await quotas().changeQuota({ service, pool: "*" }, { limit: 7 });
    expect(await quotas().findQuota({ service, pool: "a" })).toMatchObject({ limit: 7, isOwn: false });
  });
});

describe("where a day begins (C-Q11, C-Q12)", () => {
  it.each([
    ["2026-03-08T07:59:59Z", "2026-03-07", "2026-03-08T08:00:00.000Z"],
    ["2026-03-08T08:00:00Z", "2026-03-08", "2026-03-09T07:00:00.000Z"],
    ["2026-11-01T07:00:00Z", "2026-11-01", "2026-11-02T08:00:00.000Z"],
    ["2026-11-02T07:59:59Z", "2026-11-01", "2026-11-02T08:00:00.000Z"],
  ])("at %s it is %s in Los Angeles, until %s: clocks change on that day", async (at, day, resetsAt) => {
    const [row] = await t.db.query<{ day: string; resets_at: string }>(
      "select day::text, resets_at from quota_day($1::timestamptz, 'America/Los_Angeles')",
      [at],
    );
    expect({ day: row!.day, resetsAt: new Date(row!.resets_at).toISOString() }).toEqual({ day, resetsAt });
  });

  it("refuses a time zone nobody knows, a limit below 0, and a pause of every pool", async () => {
    const name = { service: `s${newId()}`, pool: "a" };
    const refused = (field: string) => ({ code: "VALIDATION_FAILED", details: { field } });
    await expect(quotas().changeQuota(name, { timeZone: "Mars/Olympus" })).rejects.toMatchObject(refused("time_zone"));
    await expect(quotas().changeQuota(name, { limit: -1 })).rejects.toMatchObject(refused("daily_limit"));
    const pausedUntil = new Date(Date.now() + 60_000);
    await expect(quotas().changeQuota({ ...name, pool: "*" }, { pausedUntil })).rejects.toMatchObject(
      refused("paused_until"),
    );
  });
});

describe("whatever happens (C-Q11)", () => {
  const overspent = async (service: string): Promise<unknown[]> =>
    t.db.query(
      `select u.*, r.units from quota_usages u
       left join (select service, pool, date, sum(units) as units from quota_reservations group by 1, 2, 3) r using (service, pool, date)
       where u.service = $1 and u.units_reserved <> coalesce(r.units, 0)
       union all
       select u.*, null from quota_usages u join quotas q using (service, pool)
       where u.service = $1 and u.units_used + u.units_reserved > q.daily_limit`,
      [service],
    );
  const leaks = async (): Promise<unknown[]> =>
    t.db.query(
      `select r.job_id from quota_reservations r join pipeline_jobs j on j.id = r.job_id
       where j.dispatched_at is null or j.finished_at is not null or j.quota_service is distinct from r.service`,
    );

  it("two leaders at once spend no unit twice", async () => {
    const name = await aQuota(155);
    const ids: string[] = [];
    for (let i = 0; i < 60; i++) ids.push(await backlog(name, { channelId: newId() }));
    const rounds = Array.from({ length: 12 }, () => t.store.dispatch("io", 4));
    const given = (await Promise.all(rounds)).flat();
    given.push(...(await t.store.dispatch("io", 100)));
    expect(given).toHaveLength(15);
    expect(new Set(given.map(({ jobId }) => jobId)).size).toBe(15);
    expect(await counts(name)).toEqual({ used: 0, reserved: 150 });
  });

  it("a thousand random acts, many at a time, leave no unit reserved that nobody holds, and none spent beyond the limit", async () => {
    const service = `s${newId()}`;
    const pools = ["a", "b", "c"];
    for (const pool of pools) await quotas().changeQuota({ service, pool }, { limit: 400 });
    const store: JobStore = t.store;
    const live: string[] = [];
    let state = 7;
    const random = (below: number): number => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
      return Math.floor((state / 0x80000000) * below);
    };
    const one = async (): Promise<void> => {
      const act = random(12);
      const id = live[random(live.length)];
      const units = 1 + random(9);
      const [pool, other] = [pools[random(3)]!, pools[random(3)]!];
      const fate = random(5);
      if (act < 3 || id === undefined) {
        live.push(await backlog({ service, pool }, { units, channelId: t.ownerId }));
      } else if (act < 5) {
        await store.dispatch("io", 1 + fate);
      } else if (act < 9) {
        const row = await store.findJob(id, null);
        const answer = await store.claim({ jobId: id, dispatchNo: row!.dispatchNo }, { worker: "w", leaseMs: 60_000 });
        if (answer.kind !== "claimed") return;
        const claim = { jobId: id, fence: answer.job.fence };
        if (fate === 0) return expireLease(t.db, id);
        if (fate === 1) await quotas().useQuota(claim, units % 2);
        const ends = [
          DONE,
          retryLater(0, ERROR),
          parkForQuota(0, ERROR),
          waitForTurn(place("two", 1), { service, pool: other, units }, OUTPUT),
          complete(OUTPUT),
        ];
        await settle(store, answer.job, ends[fate]!);
      } else if (act === 9) {
        await store.cancel({ jobId: id, ownerId: null, by: "ann", reason: null });
      } else if (act === 10) {
        const page = { afterSeq: 0, limit: 20, graceMs: 0, withLeasesOver: true };
        await store.redispatch(await store.listTicketsDue(page));
      } else {
        await quotas().repairQuotas();
      }
    };
    for (let round = 0; round < 170; round++) {
      await Promise.all(Array.from({ length: 6 }, one));
      if (round % 10 === 9) expect([await overspent(service), await leaks()]).toEqual([[], []]);
    }
    const [sums] = await t.db.query<{ used: number; held: number }>(
      `select sum(units_used)::int as used, (select count(*)::int from quota_reservations where service = $1) as held
       from quota_usages where service = $1`,
      [service],
    );
    expect(sums!.used).toBeGreaterThan(100);
    for (const id of live) await store.cancel({ jobId: id, ownerId: null, by: "ann", reason: null });
    await t.db.query(
      "update pipeline_jobs set lease_until = now() - interval '1 s' where lease_until is not null and $1 = 1",
      [1],
    );
    await store.finishExpiredCancels(1_000);
    for (const pool of pools) expect((await quotas().findQuota({ service, pool })).reserved).toBe(0);
  }, 120_000);

  it("a wrong count is repaired by the difference, a reservation of nobody dropped", async () => {
    const name = await aQuota(100);
    const ids = [await backlog(name), await backlog(name)];
    expect(await dispatched(ids)).toEqual([0, 1]);
    await t.db.query("update quota_usages set units_reserved = 77 where service = $1", [name.service]);
    await t.db.query("alter table pipeline_jobs disable trigger tr_pipeline_jobs_units_settled");
    await t.store.cancel({ jobId: ids[1]!, ownerId: null, by: "ann", reason: null });
    await t.db.query("alter table pipeline_jobs enable trigger tr_pipeline_jobs_units_settled");
    expect((await quotas().repairQuotas()).wrong).toBe(2);
    expect(await counts(name)).toEqual({ used: 0, reserved: 10 });
    expect((await quotas().repairQuotas()).wrong).toBe(0);
  });
});
