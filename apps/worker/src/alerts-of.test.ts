import type { AlertFacts } from "@millrace/db";
import { describe, expect, test } from "vitest";
import { alertsOf } from "./alerts-of.ts";

const NOW = new Date("2026-03-04T12:00:00Z");
const QUIET: AlertFacts = {
  failures: [],
  quotas: [],
  pauses: [],
  silences: [],
  stalls: [],
  budgets: [],
  runs: { finished: 0, published: 0, troubled: 0, recovered: 0 },
};
const told = (facts: Partial<AlertFacts>, isSteady = true) => alertsOf({ ...QUIET, ...facts }, { now: NOW, isSteady });

const failure = {
  id: 7,
  taskId: "t",
  title: "Bees",
  channel: "nature",
  step: "video",
  code: "MEDIA_FAILED",
  message: "no clip",
};
const quota = {
  service: "youtube",
  pool: "p",
  date: "2026-03-04",
  dailyLimit: 10_000,
  units: 8_000,
  hasWaiting: false,
};

describe("alerts (C2.8)", () => {
  test("a failed task, one a minute of a code; a revoked credential says so, by channel", () => {
    expect(told({ failures: [failure] })).toMatchObject([
      {
        fact: "task_error:7",
        kind: "task_failed",
        subject: "MEDIA_FAILED",
        severity: "critical",
        everyMs: 60_000,
        message: '"Bees" of channel nature failed at video: no clip (MEDIA_FAILED)',
      },
    ]);
    const message = "YouTube refused: credentials revoked: the channel must be connected again (invalid_grant)";
    expect(told({ failures: [{ ...failure, step: "upload", code: "MEDIA_REFUSED", message }] })).toMatchObject([
      { kind: "credential_revoked", subject: "nature", fact: "task_error:7" },
    ]);
    expect(told({ failures: [{ ...failure, message }] })).toMatchObject([{ kind: "task_failed" }]);
    expect(told({ failures: [{ ...failure, message: "x".repeat(9_000) }] })[0]!.message).toHaveLength(1_500);
  });

  test("a quota warns from 80 % and is critical once it is spent, each once a day and limit", () => {
    expect(told({ quotas: [quota] })).toMatchObject([
      {
        kind: "quota_80",
        severity: "warning",
        subject: "youtube/p",
        everyMs: 300_000,
        fact: "quota_80:youtube:p:2026-03-04:10000",
      },
    ]);
    for (const spent of [{ units: 10_000 }, { units: 9_600, hasWaiting: true }]) {
      expect(told({ quotas: [{ ...quota, ...spent }] })).toMatchObject([
        { kind: "quota_100", severity: "critical", fact: "quota_100:youtube:p:2026-03-04:10000" },
      ]);
    }
  });

  test("a pause, told again only when its end moves by an hour", () => {
    const pause = { service: "gemini", pool: "p", until: new Date("2026-03-04T15:10:00Z"), reason: "429" };
    const facts = ["2026-03-04T15:10:00Z", "2026-03-04T15:50:00Z", "2026-03-04T16:00:00Z"].map(
      (until) => told({ pauses: [{ ...pause, until: new Date(until) }] })[0]!.fact,
    );
    expect(new Set(facts).size).toBe(2);
  });

  test("silent workers and idle lanes, but not while Postgres itself may have been away", () => {
    const facts = {
      silences: [{ name: "w1", epoch: 2, until: NOW }],
      stalls: [{ lane: "media", jobs: 3, since: NOW }],
    };
    expect(told(facts).map(({ kind, fact }) => [kind, fact])).toEqual([
      ["worker_silent", "worker_silent:w1:2"],
      ["lane_stalled", "lane_stalled:media:2026-03-04T12:00:00.000Z"],
    ]);
    expect(told(facts, false)).toEqual([]);
  });

  test("the budget of a day warns, that of a week says that work is paused", () => {
    const budget = { channelId: "c", channel: "nature", week: "2026-03-02", day: "2026-03-04" };
    const spent = { ...budget, todayUsd: 5, weekUsd: 20, dailyUsd: 5, weeklyUsd: 20 };
    expect(told({ budgets: [spent] })).toMatchObject([{ kind: "budget_weekly", severity: "critical" }]);
    expect(told({ budgets: [{ ...spent, todayUsd: 5.01, weeklyUsd: null }] })).toMatchObject([
      {
        kind: "budget_daily",
        severity: "warning",
        message: "Channel nature has spent 5.01 USD today, its daily budget is 5.00 USD.",
      },
    ]);
    expect(told({ budgets: [{ ...spent, dailyUsd: null, weekUsd: 19.99 }] })).toEqual([]);
  });

  test.each([
    [{ finished: 10, published: 8 }, ["success_rate"]],
    [{ finished: 10, published: 9 }, []],
    [{ finished: 9, published: 0 }, []],
    [{ finished: 20, published: 20, troubled: 10, recovered: 7 }, ["recovery_rate"]],
    [{ finished: 20, published: 20, troubled: 10, recovered: 8 }, []],
    [{ finished: 20, published: 20, troubled: 9, recovered: 0 }, []],
  ])("of %j the rates that are too low: %j", (runs, kinds) => {
    expect(told({ runs: { ...QUIET.runs, ...runs } }).map(({ kind }) => kind)).toEqual(kinds);
  });
});
