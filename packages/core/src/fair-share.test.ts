import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type ChannelShare,
  enterClass,
  type JobInLine,
  mostPicksBefore,
  nextJob,
  ORDINARY_CHANNEL,
  serveTurn,
  stepOf,
  type Turn,
} from "./fair-share.ts";
import type { Priority } from "./job.ts";
import { type QuotaState, quotaKey } from "./quota.ts";

const quotaOf = (pool: string, units = 1) => ({ service: "youtube", pool, units });

/** A lane that follows the rule one job at a time. */
function laneByRule() {
  const clocks: Record<Priority, number> = { high: 0, normal: 0, low: 0 };
  const turns = { high: new Map<string, Turn>(), normal: new Map<string, Turn>(), low: new Map<string, Turn>() };
  const shares = new Map<string, ChannelShare>();
  const inFlight = new Map<string, number>();
  const quotas = new Map<string, QuotaState>();
  let backlog: JobInLine[] = [];
  let seq = 0;
  let turnNo = 0;
  let now = new Date(0);
  return {
    turns,
    clocks,
    share: (channelId: string, share: Partial<ChannelShare>) =>
      void shares.set(channelId, { ...ORDINARY_CHANNEL, ...shares.get(channelId), ...share }),
    grant: (pool: string, state: Partial<QuotaState>) =>
      void quotas.set(quotaKey(quotaOf(pool)), {
        limit: null,
        used: 0,
        reserved: 0,
        pausedUntil: null,
        ...quotas.get(quotaKey(quotaOf(pool))),
        ...state,
      }),
    finish: (channelId: string) => void inFlight.set(channelId, (inFlight.get(channelId) ?? 0) - 1),
    setNow(instant: Date) {
      now = instant;
    },
    add(channelId: string, given: Partial<JobInLine> = {}) {
      const job = { seq: ++seq, channelId, priority: "normal", nextRetryAt: null, isHeld: false, ...given } as const;
      const ofClass = turns[job.priority];
      if (!backlog.some((other) => other.channelId === channelId && other.priority === job.priority))
        ofClass.set(channelId, enterClass(clocks[job.priority], ofClass.get(channelId), ++turnNo));
      backlog.push(job);
      return job;
    },
    pick(): JobInLine | undefined {
      const job = nextJob(backlog, { now, shares, inFlight, turns, quotas });
      if (job === undefined) return undefined;
      backlog = backlog.filter((other) => other !== job);
      const { channelId, priority } = job;
      const { weight } = shares.get(channelId) ?? ORDINARY_CHANNEL;
      const after = serveTurn(clocks[priority], turns[priority].get(channelId)!, { weight, turnNo: ++turnNo });
      clocks[priority] = after.clock;
      turns[priority].set(channelId, after.turn);
      inFlight.set(channelId, (inFlight.get(channelId) ?? 0) + 1);
      const quota = job.quota && quotas.get(quotaKey(job.quota));
      if (job.quota && quota) quotas.set(quotaKey(job.quota), { ...quota, reserved: quota.reserved + job.quota.units });
      return job;
    },
    picks(amount = Number.POSITIVE_INFINITY): string {
      let order = "";
      while (order.length < amount) {
        const job = this.pick();
        if (job === undefined) break;
        order += job.channelId;
      }
      return order;
    },
  };
}

function laneWith(counts: Readonly<Record<string, number>>) {
  const lane = laneByRule();
  for (const [channelId, count] of Object.entries(counts)) for (let i = 0; i < count; i++) lane.add(channelId);
  return lane;
}

describe("the order of turns (C-S21, C-Q06)", () => {
  it("serves 3/3/3 as ABCABCABC", () => {
    expect(laneWith({ A: 3, B: 3, C: 3 }).picks()).toBe("ABCABCABC");
  });

  it("serves 10/2/1 as A B C A B, then only A", () => {
    expect(laneWith({ A: 10, B: 2, C: 1 }).picks()).toBe("ABCABAAAAAAAA");
  });

  it("serves 100/1/1 beginning with A B C", () => {
    expect(laneWith({ A: 100, B: 1, C: 1 }).picks(4)).toBe("ABCA");
  });

  it("serves a third channel that joins after two claims fifth", () => {
    const lane = laneWith({ A: 5, B: 5 });
    expect(lane.picks(2)).toBe("AB");
    lane.add("C");
    expect(lane.picks(4)).toBe("ABCA");
  });

  it("serves the highest priority first, in turns within each (C-S20)", () => {
    const lane = laneByRule();
    for (const priority of ["low", "normal", "high"] as const)
      for (const channelId of ["A", "B"]) lane.add(channelId, { priority });
    const order = Array.from({ length: 6 }, () => lane.pick()).map((job) => `${job?.priority} ${job?.channelId}`);
    expect(order).toEqual(["high A", "high B", "normal A", "normal B", "low A", "low B"]);
  });

  it("keeps turns by priority: a burst of high ones does not move the normal rotation", () => {
    const lane = laneWith({ A: 3, B: 3 });
    expect(lane.picks(1)).toBe("A");
    for (let i = 0; i < 4; i++) lane.add("B", { priority: "high" });
    expect(lane.picks(4)).toBe("BBBB");
    expect(lane.picks()).toBe("BABAB");
  });

  it("is first in, first out within a channel", () => {
    const lane = laneWith({ A: 4, B: 4 });
    const seqs = Array.from({ length: 8 }, () => lane.pick()!)
      .filter(({ channelId }) => channelId === "A")
      .map(({ seq }) => seq);
    expect(seqs).toEqual([1, 2, 3, 4]);
  });

  it("serves a channel of weight 2 twice as often", () => {
    const lane = laneByRule();
    lane.share("A", { weight: 2 });
    for (let i = 0; i < 20; i++) for (const channelId of ["A", "B"]) lane.add(channelId);
    const order = lane.picks(15);
    expect([...order].filter((channelId) => channelId === "A")).toHaveLength(10);
    expect(order).not.toContain("AAA");
  });
});

describe("who is eligible", () => {
  it("passes over a channel that is not active, at its cap, or whose jobs are held or not due (C-Q06, C-Q09)", () => {
    const lane = laneWith({ A: 1, B: 3, E: 1 });
    lane.share("A", { isActive: false });
    lane.share("B", { maxInFlight: 2 });
    lane.add("C", { isHeld: true });
    lane.add("D", { nextRetryAt: new Date(1_000) });
    expect(lane.picks()).toBe("BEB");
    lane.finish("B");
    lane.setNow(new Date(1_000));
    lane.share("A", { isActive: true });
    expect(lane.picks()).toBe("ADB");
  });

  it("C-S21 C-Q11 passes over jobs whose quota has no room or is paused; younger ones of their channel go on", () => {
    const lane = laneWith({ B: 2 });
    lane.grant("a", { limit: 10, used: 3, reserved: 2 });
    const units = [6, 4, 2, 1].map((amount) => lane.add("A", { quota: quotaOf("a", amount) }).seq);
    lane.add("A");
    const seqs: number[] = [];
    for (let job = lane.pick(); job !== undefined; job = lane.pick()) seqs.push(job.seq);
    expect(seqs).toEqual([1, units[1], 2, units[3], 7]);
    lane.grant("a", { limit: null, pausedUntil: new Date(1_000) });
    expect(lane.picks()).toBe("");
    lane.setNow(new Date(1_000));
    expect(lane.picks()).toBe("AA");
    lane.grant("a", { limit: 0, used: 0, reserved: 0 });
    lane.add("A", { quota: quotaOf("a") });
    expect(lane.picks()).toBe("");
  });

  it("lets a blocked high job hold up nobody (C-Q07)", () => {
    const lane = laneWith({ A: 1 });
    lane.share("B", { maxInFlight: 0 });
    lane.add("B", { priority: "high" });
    expect(lane.picks()).toBe("A");
  });

  it("gives a channel that was held up its turn at once, but no burst", () => {
    const lane = laneWith({ A: 5, B: 20, C: 20 });
    lane.share("A", { isActive: false });
    expect(lane.picks(10)).toBe("BCBCBCBCBC");
    lane.share("A", { isActive: true });
    expect(lane.picks(7)).toBe("ABCABCA");
  });

  it("gives nothing for leaving and coming back", () => {
    const lane = laneWith({ B: 20, C: 20 });
    let order = "";
    for (let i = 0; i < 5; i++) {
      lane.add("A");
      order += lane.picks(3);
    }
    expect(order).toBe("BCABCABCABCABCA");
  });
});

const WEIGHT_SETS = [[1], [1, 2, 4, 5, 8, 0.5, 3, 7, 100, 0.1]];

describe("the starvation bound (C-Q07)", () => {
  it("is one pick for each other channel of equal weight", () => {
    expect(mostPicksBefore(1, [1, 1, 1])).toBe(3);
    expect(mostPicksBefore(1, [2, 1])).toBe(3);
    expect(stepOf(0.1)).toBe(1_000_000);
  });

  it.each(WEIGHT_SETS)(
    "is never exceeded while channels come, go, are blocked and freed; weights of %j",
    (...weights) => {
      const channels = ["A", "B", "C", "D", "E", "F"];
      const step = fc.oneof(
        { weight: 4, arbitrary: fc.record({ act: fc.constant("pick" as const) }) },
        {
          weight: 3,
          arbitrary: fc.record({ act: fc.constant("add" as const), channel: fc.constantFrom(...channels) }),
        },
        {
          weight: 1,
          arbitrary: fc.record({ act: fc.constant("toggle" as const), channel: fc.constantFrom(...channels) }),
        },
      );
      const given = fc.record({
        weights: fc.array(fc.constantFrom(...weights), { minLength: 6, maxLength: 6 }),
        steps: fc.array(step, { minLength: 10, maxLength: 150 }),
      });
      fc.assert(
        fc.property(given, ({ weights: drawn, steps }) => {
          const weightOf = new Map(channels.map((channelId, i) => [channelId, drawn[i]!]));
          const lane = laneByRule();
          for (const [channelId, weight] of weightOf) lane.share(channelId, { weight });
          const inLine = new Map(channels.map((channelId) => [channelId, 0]));
          const blocked = new Set<string>();
          /** For each channel with jobs: picks since its oldest became the oldest, and who was eligible meanwhile. */
          const waits = new Map<string, { picks: number; seen: Set<string> }>();
          const isEligible = (channelId: string): boolean => inLine.get(channelId)! > 0 && !blocked.has(channelId);
          for (const one of steps) {
            if (one.act === "add") {
              lane.add(one.channel, { quota: quotaOf(one.channel) });
              inLine.set(one.channel, inLine.get(one.channel)! + 1);
              if (!waits.has(one.channel)) waits.set(one.channel, { picks: 0, seen: new Set() });
            } else if (one.act === "toggle") {
              if (!blocked.delete(one.channel)) blocked.add(one.channel);
              // some are switched off, some have no quota left
              const isBlocked = blocked.has(one.channel);
              if (one.channel < "D") lane.share(one.channel, { isActive: !isBlocked });
              else lane.grant(one.channel, { limit: isBlocked ? 0 : null });
            } else {
              for (const [channelId, wait] of waits)
                for (const other of channels) if (other !== channelId && isEligible(other)) wait.seen.add(other);
              const served = lane.pick()?.channelId;
              if (served === undefined) continue;
              for (const [channelId, wait] of waits) {
                if (channelId === served || !isEligible(channelId)) continue;
                wait.picks += 1;
                const others = [...wait.seen].map((other) => weightOf.get(other)!);
                expect(wait.picks).toBeLessThanOrEqual(mostPicksBefore(weightOf.get(channelId)!, others));
              }
              inLine.set(served, inLine.get(served)! - 1);
              if (inLine.get(served) === 0) waits.delete(served);
              else waits.set(served, { picks: 0, seen: new Set() });
            }
          }
        }),
        { numRuns: 400 },
      );
    },
  );
});
