import { type ConsumerState, type LaneConsumer, type LaneCounts, type LaneLimits, silentLog } from "@millrace/core";
import { describe, expect, it } from "vitest";
import { watchConsumers } from "./watch-consumers.ts";

const STUCK: ConsumerState = { isPaused: false, inHand: 1, concurrency: 2, msSinceFetch: 1_000 };
const NO_LIMITS: LaneLimits = { lane: "io", isPaused: false, concurrency: null, rateLimit: null };
const BUSY: LaneCounts = { waiting: 5, active: 1, delayed: 0 };

function watching(counts: LaneCounts | Error = BUSY, limits: LaneLimits = NO_LIMITS) {
  const seen: string[] = [];
  let state = STUCK;
  const consumer = {
    lane: "io",
    state: () => state,
    rebuild: () => seen.push("rebuild"),
  } as unknown as LaneConsumer;
  const look = watchConsumers({
    consumers: [consumer],
    queue: {
      async counts() {
        if (counts instanceof Error) throw counts;
        return counts;
      },
      limits: async () => limits,
    },
    log: silentLog,
    timings: { everyMs: 1, stallMs: 1_000 },
    onWedged: (lane) => seen.push(`wedged ${lane}`),
  });
  return {
    seen,
    look,
    is: (changes: Partial<ConsumerState>) => {
      state = { ...state, ...changes };
    },
  };
}

describe("watchConsumers", () => {
  it("makes a stuck loop anew once, and gives the process up when that did not help", async () => {
    const { seen, look, is } = watching();
    await look();
    is({ msSinceFetch: 0 });
    await look();
    is({ msSinceFetch: 1_000 });
    await look();
    await look();
    expect(seen).toEqual(["rebuild", "rebuild", "wedged io"]);
  });

  it.each<[string, Partial<ConsumerState>]>([
    ["it has just fetched", { msSinceFetch: 999 }],
    ["its slots are taken", { inHand: 2 }],
    ["it is paused", { isPaused: true }],
  ])("leaves a loop alone when %s", async (_, changes) => {
    const { seen, look, is } = watching();
    is(changes);
    await look();
    expect(seen).toEqual([]);
  });

  it.each<[string, LaneCounts | Error, Partial<LaneLimits>]>([
    ["nothing waits", { waiting: 0, active: 1, delayed: 3 }, {}],
    ["the lane is paused for all", BUSY, { isPaused: true }],
    ["others have all the lane's places", BUSY, { concurrency: 1 }],
    ["the lane's rate may be used up", BUSY, { rateLimit: { max: 1, durationMs: 1 } }],
    ["the queue answers nobody", new Error("away"), {}],
  ])("leaves a loop alone when %s", async (_, counts, limits) => {
    const { seen, look } = watching(counts, { ...NO_LIMITS, ...limits });
    await look();
    expect(seen).toEqual([]);
  });
});
