import { describe, expect, test } from "vitest";
import { describePlan, FOCUSES, planFaults } from "./plan-faults.ts";

describe("the schedule", () => {
  test("is the same for the same seed and another for another", () => {
    const plan = planFaults({ seed: 7, seconds: 120 });
    expect(planFaults({ seed: 7, seconds: 120 })).toEqual(plan);
    expect(planFaults({ seed: 8, seconds: 120 }).faults).not.toEqual(plan.faults);
  });

  test("ends everything it breaks within the run", () => {
    for (let seed = 1; seed <= 200; seed++) {
      for (const focus of [undefined, ...FOCUSES]) {
        const { faults, deploy } = planFaults({ seed, seconds: 60, focus });
        expect(faults.length).toBeGreaterThan(3);
        for (const { atMs, durationMs } of faults) expect(atMs + durationMs).toBeLessThanOrEqual(60_000);
        expect(deploy.atMs).toBeLessThan(deploy.rollbackAtMs);
      }
    }
  });

  test("shows every kind of fault in a run of half an hour", () => {
    const { faults } = planFaults({ seed: 1, seconds: 1_800 });
    const kinds = new Set(
      faults.map((fault) => (fault.kind === "partition" ? `${fault.store} ${fault.mode}` : fault.kind)),
    );
    expect(kinds.size).toBe(11 + 10);
    expect(faults.some((fault) => fault.kind === "postgres_down" && fault.durationMs === 60_000)).toBe(true);
  });

  test("is printed in the order of time", () => {
    const lines = describePlan(planFaults({ seed: 3, seconds: 60 }));
    const times = lines.map((line) => Number.parseFloat(line));
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });
});
