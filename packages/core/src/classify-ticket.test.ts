import { describe, expect, test } from "vitest";
import { classifyDue, classifyTicket } from "./classify-ticket.ts";
import type { TicketLevel } from "./ports/job-store.ts";

describe("classifyDue: a row that wants a ticket", () => {
  test.each([
    ["waiting", undefined],
    ["held", undefined],
    ["finished", "wrong_state"],
    ["missing", "missing"],
  ] as const)("whose ticket is %s: %s", (state, expected) => {
    expect(classifyDue(state)).toBe(expected);
  });
});

describe("classifyTicket: an entry of the queue", () => {
  const ticket = { lane: "io" as const, body: { jobId: "j", stage: "s", dispatchNo: 3 } };
  const level = (over: Partial<TicketLevel>): TicketLevel => ({
    jobId: "j",
    lane: "io",
    status: "pending",
    dispatchNo: 3,
    isDispatched: true,
    ...over,
  });

  // the whole matrix: [dispatch number of the row against the ticket's 3] × [dispatched?] × [lane]
  test.each([
    [3, true, "io", undefined],
    [3, true, "cpu", "stale"],
    [3, false, "io", "extra"],
    [3, false, "cpu", "extra"],
    [4, true, "io", "stale"],
    [4, true, "cpu", "stale"],
    [4, false, "io", "extra"],
    [4, false, "cpu", "extra"],
    [2, true, "io", "orphaned"],
    [2, true, "cpu", "orphaned"],
    [2, false, "io", "orphaned"],
    [2, false, "cpu", "orphaned"],
  ] as const)(
    "of dispatch 3, the row being at %i, dispatched %s, in lane %s: %s",
    (dispatchNo, isDispatched, lane, expected) => {
      expect(classifyTicket(ticket, level({ dispatchNo, isDispatched, lane }))).toBe(expected);
    },
  );

  test.each(["completed", "failed", "cancelled"] as const)("of a job that is %s: extra", (status) => {
    expect(classifyTicket(ticket, level({ status, isDispatched: false }))).toBe("extra");
  });

  test("whose job is being worked on agrees with the row", () => {
    expect(classifyTicket(ticket, level({ status: "processing" }))).toBeUndefined();
  });

  test("without a row, or that is no ticket: orphaned", () => {
    expect(classifyTicket(ticket, undefined)).toBe("orphaned");
    expect(classifyTicket({ lane: "io", body: null }, undefined)).toBe("orphaned");
    expect(classifyTicket({ lane: "io", body: null }, level({}))).toBe("orphaned");
  });
});
