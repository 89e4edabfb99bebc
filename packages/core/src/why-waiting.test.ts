import { describe, expect, it } from "vitest";
import { BLOCKERS, type WaitFacts, whyWaiting } from "./why-waiting.ts";

const NOW = new Date("2026-01-01T12:00:00Z");
const inSeconds = (seconds: number): Date => new Date(NOW.getTime() + seconds * 1_000);

const WAITING: WaitFacts = {
  now: NOW,
  job: {
    status: "pending",
    waitingFor: "turn",
    gate: null,
    lane: "io",
    priority: "normal",
    stage: "one",
    nextRetryAt: null,
    leaseUntil: null,
    cancelRequestedAt: null,
  },
  channel: { isActive: true, maxInFlight: null, inFlight: null },
  quota: null,
  line: { position: 1, higher: 0, channelsBefore: 0, turnsBefore: 0 },
  pace: { jobs: 60, ms: 60_000 },
  leader: "w1",
  setting: { isPaused: false, windowTickets: 10 },
  queue: { counts: { waiting: 2, active: 1, delayed: 0 }, ticket: null },
};

const why = (facts: Partial<WaitFacts> = {}, job: Partial<WaitFacts["job"]> = {}) =>
  whyWaiting({ ...WAITING, ...facts, job: { ...WAITING.job, ...job } });
const codes = (report: ReturnType<typeof whyWaiting>): string[] => report.blockers.map(({ code }) => code);

describe("whyWaiting", () => {
  it("finds nothing in the way of a job that is over or running, but the cancel that was asked for", () => {
    for (const status of ["completed", "failed", "cancelled"] as const)
      expect(why({}, { status, waitingFor: null })).toMatchObject({ state: "over", blockers: [], picksBefore: null });
    const running = { status: "processing", waitingFor: null, leaseUntil: inSeconds(5) } as const;
    expect(why({}, running)).toMatchObject({ state: "running", blockers: [] });
    expect(codes(why({}, { ...running, cancelRequestedAt: NOW }))).toEqual(["cancel_requested"]);
  });

  it("is next, at the lane's pace", () => {
    expect(why()).toEqual({ state: "waiting", blockers: [], picksBefore: 0, expectedAt: inSeconds(1) });
  });

  it("reckons with everybody before it, and knows no time without a pace", () => {
    const line = { position: 4, higher: 10, channelsBefore: 2, turnsBefore: 7 };
    const report = why({ line });
    expect(codes(report)).toEqual(["higher_priorities", "other_channels", "own_channel"]);
    expect(report.blockers.map(({ details }) => details)).toEqual([
      { jobs: 10, lane: "io", priority: "normal" },
      { channels: 2, turns: 7 },
      { position: 4, jobs: 3 },
    ]);
    expect(report).toMatchObject({ picksBefore: 20, expectedAt: inSeconds(21) });
    expect(why({ line, pace: { jobs: 0, ms: 60_000 } }).expectedAt).toBeNull();
    expect(why({ line, pace: { jobs: 5, ms: 9_000 } }).expectedAt).toBeNull();
  });

  it("says all at once, in the order in which it has to go away, and then knows no time", () => {
    const report = why(
      {
        line: { position: 2, higher: 1, channelsBefore: 1, turnsBefore: 1 },
        channel: { isActive: false, maxInFlight: 2, inFlight: 2 },
        leader: null,
        setting: { isPaused: true, windowTickets: 3 },
      },
      { cancelRequestedAt: NOW },
    );
    expect(codes(report)).toEqual([
      "cancel_requested",
      "channel_inactive",
      "channel_at_cap",
      "no_leader",
      "lane_paused",
      "lane_full",
      "higher_priorities",
      "other_channels",
      "own_channel",
    ]);
    expect(report.blockers[2]!.details).toEqual({ in_flight: 2, max_in_flight: 2 });
    expect(report.blockers[5]!.details).toEqual({ lane: "io", tickets: 3, window_tickets: 3 });
    const order = codes(report).map((code) => (BLOCKERS as readonly string[]).indexOf(code));
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(report.expectedAt).toBeNull();
  });

  it("names the gate, and the time of a retry or quota", () => {
    const atGate = why({ line: null }, { waitingFor: "review", gate: "look" });
    expect(atGate).toMatchObject({
      picksBefore: null,
      blockers: [{ code: "waiting_for_review", details: { gate: "look" } }],
    });
    for (const reason of ["retry", "quota"] as const) {
      const report = why({ line: null }, { waitingFor: reason, nextRetryAt: inSeconds(90) });
      expect(report.blockers).toMatchObject([{ code: "retry_later", details: { reason, seconds: 90 } }]);
    }
  });

  it("C-Q13 says what is missing of its quota, or until when that is paused", () => {
    const quota = {
      service: "youtube",
      pool: "main",
      units: 1_600,
      limit: 10_000,
      used: 8_000,
      reserved: 401,
      pausedUntil: null,
      pauseReason: null,
      resetsAt: inSeconds(3_600),
    };
    const resets_at = inSeconds(3_600).toISOString();
    const parked = { waitingFor: "quota", nextRetryAt: inSeconds(3_600) } as const;
    const report = why({ quota, line: null }, parked);
    expect(codes(report)).toEqual(["retry_later", "quota_exhausted"]);
    expect(report.blockers[1]).toMatchObject({
      message: "It takes 1600 units of youtube (main), and 1599 of the day's 10000 are left.",
      details: { service: "youtube", units: 1_600, used: 8_000, reserved: 401, limit: 10_000, resets_at },
    });
    expect(why({ quota }).expectedAt).toBeNull();
    expect(why({ quota: { ...quota, reserved: 400 } }).blockers).toEqual([]);
    expect(why({ quota: { ...quota, limit: null } }).blockers).toEqual([]);
    expect(why({ quota: { ...quota, limit: 1_000 } }).blockers[0]?.message).toContain("more than a whole day's 1000");
    const paused = { ...quota, pausedUntil: inSeconds(60), pauseReason: "429" };
    expect(why({ quota: paused }).blockers).toMatchObject([
      { code: "quota_paused", details: { until: inSeconds(60).toISOString(), reason: "429" } },
    ]);
    expect(codes(why({ quota: paused, line: null }, { waitingFor: "review", gate: "look" }))).toEqual([
      "waiting_for_review",
    ]);
  });

  it("says of a dispatched job what the queue knows of its ticket", () => {
    const dispatched = { waitingFor: null } as const;
    const withTicket = (ticket: "waiting" | "missing") =>
      why({ line: null, queue: { counts: { waiting: 5, active: 2, delayed: 0 }, ticket } }, dispatched);
    expect(withTicket("waiting")).toMatchObject({
      state: "dispatched",
      blockers: [{ code: "waiting_for_worker", details: { ticket: "waiting", waiting: 5, held: 2 } }],
    });
    expect(codes(withTicket("missing"))).toEqual(["ticket_missing"]);
    expect(codes(why({ line: null, queue: null }, dispatched))).toEqual(["queue_unreachable"]);
    expect(codes(why({ queue: null }))).toEqual(["queue_unreachable"]);
  });
});
