import type { LaneSetting } from "@millrace/core";
import type { DifferenceCount, TicketComparison } from "@millrace/engine";
import { expect, test } from "vitest";
import { judgeLane, judgeTickets } from "./examine-work.ts";

const setting: LaneSetting = {
  lane: "io",
  isPaused: false,
  concurrency: null,
  rateLimit: null,
  windowTickets: 10_000,
  hasRoom: true,
};
const counts = { waiting: 3, active: 1, delayed: 2 };

test("a lane that runs as it is set is fine, with or without a queue to ask", () => {
  expect(judgeLane(setting)).toMatchObject({ check: "lane_io", severity: "ok" });
  expect(judgeLane(setting, counts, setting).severity).toBe("ok");
});

test.each([
  [{ isPaused: true }, "io is paused, 5 tickets wait"],
  [{ concurrency: 50, windowTickets: 20 }, "fewer than the 50"],
  [{ windowTickets: 1_000_000 }, "1000000 tickets"],
])("%j is a warning", (over, message) => {
  const changed = { ...setting, ...over };
  expect(judgeLane(changed, counts, changed)).toMatchObject({
    severity: "warning",
    message: expect.stringContaining(message),
  });
});

test("a queue that does not follow the settings is a warning", () => {
  const enforced = { ...setting, concurrency: 7 };
  expect(judgeLane(setting, counts, enforced).message).toContain("concurrency is 7 instead of none");
});

const none: DifferenceCount = { found: 0, repaired: 0, held: 0, examples: [] };
const comparison = (over: Partial<TicketComparison["differences"]>): TicketComparison => ({
  rows: 10,
  tickets: 10,
  differences: { missing: none, wrong_state: none, extra: none, stale: none, orphaned: none, ...over },
});

test("lost tickets come before idle ones; what a worker holds is no difference", () => {
  const two = { ...none, found: 2 };
  expect(judgeTickets(comparison({ missing: two, wrong_state: two, extra: two })).message).toContain("4 jobs");
  expect(judgeTickets(comparison({ extra: two, orphaned: two })).message).toContain("4 tickets");
  expect(judgeTickets(comparison({ extra: { ...none, held: 3 } })).severity).toBe("ok");
});
