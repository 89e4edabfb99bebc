import { isTerminal, JOB_EVENTS, type JobEvent, type JobStatus, jobLifecycle, nextState } from "@millrace/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkHistory, HISTORY_RULES, type HistoryRow, type HistoryRule } from "./check-history.ts";

type Step = readonly [event: string, from: JobStatus | null, to: JobStatus, fence?: number];

const rowsOf = (steps: readonly Step[], jobId = "j1", key = "k", firstId = 1): HistoryRow[] =>
  steps.map(
    ([event, from, to, fence = null], i) => ({ id: firstId + i, jobId, key, event, from, to, fence }) as HistoryRow,
  );

const rulesBroken = (rows: readonly HistoryRow[]): HistoryRule[] => [...new Set(checkHistory(rows).map((v) => v.rule))];

const SUBMIT: Step = ["submit", null, "pending"];
const CLAIM: Step = ["claim", "pending", "processing", 1];
const COMPLETE: Step = ["complete", "processing", "completed", 1];

describe("a legal history", () => {
  test.each<[string, Step[]]>([
    ["of a job that runs through", [SUBMIT, CLAIM, ["advance", "processing", "processing", 1], COMPLETE]],
    [
      "with a worker that died and one that took over",
      [
        SUBMIT,
        CLAIM,
        ["redispatch", "processing", "processing", 1],
        ["claim", "processing", "processing", 2],
        ["complete", "processing", "completed", 2],
      ],
    ],
    ["that still goes on", [SUBMIT, CLAIM]],
    [
      "of a cancel at the boundary",
      [SUBMIT, CLAIM, ["request_cancel", "processing", "processing", 1], ["cancel", "processing", "cancelled", 1]],
    ],
    [
      "of a late holder whose claim was not taken over",
      [SUBMIT, CLAIM, ["redispatch", "processing", "processing", 1], COMPLETE],
    ],
    [
      "of a turn in the middle, for which there was no quota at first",
      [
        SUBMIT,
        CLAIM,
        ["wait_for_turn", "processing", "pending", 1],
        ["wait_for_quota", "pending", "pending", 1],
        ["dispatch", "pending", "pending", 1],
        ["claim", "pending", "processing", 2],
        ["complete", "processing", "completed", 2],
      ],
    ],
    [
      "of a gate",
      [
        SUBMIT,
        CLAIM,
        ["wait_for_review", "processing", "pending", 1],
        ["approve", "pending", "pending", 1],
        ["dispatch", "pending", "pending", 1],
        ["claim", "pending", "processing", 2],
        ["complete", "processing", "completed", 2],
      ],
    ],
  ])("%s has no violation", (_, steps) => {
    expect(checkHistory(rowsOf(steps))).toEqual([]);
  });

  test("of a second job of the same key after the first one ended", () => {
    const rows = [...rowsOf([SUBMIT, CLAIM, COMPLETE]), ...rowsOf([SUBMIT, CLAIM], "j2", "k", 10)];
    expect(checkHistory(rows)).toEqual([]);
  });
});

describe("a forged history", () => {
  const forged: [HistoryRule, string, HistoryRow[]][] = [
    ["begins_with_submit", "without a submit", rowsOf([CLAIM])],
    ["begins_with_submit", "with two submits", rowsOf([SUBMIT, SUBMIT])],
    ["legal_step", "with a step the table does not have", rowsOf([SUBMIT, ["complete", "pending", "completed", 0]])],
    ["legal_step", "with an event nobody knows", rowsOf([SUBMIT, ["teleport", "pending", "pending"]])],
    ["legal_step", "that is born at work", rowsOf([["submit", null, "processing"]])],
    ["unbroken_chain", "with a hole", rowsOf([SUBMIT, ["request_cancel", "processing", "processing"]])],
    [
      "terminal_is_left",
      "that leaves a terminal state",
      rowsOf([SUBMIT, CLAIM, COMPLETE, ["claim", "completed", "processing", 2]]),
    ],
    [
      "terminal_is_left",
      "with an event after the end",
      rowsOf([SUBMIT, CLAIM, COMPLETE, ["redispatch", "processing", "processing", 1]]),
    ],
    ["fence_rises", "with a fence used twice", rowsOf([SUBMIT, CLAIM, ["claim", "processing", "processing", 1]])],
    [
      "old_fence",
      "with a zombie's write",
      rowsOf([SUBMIT, CLAIM, ["claim", "processing", "processing", 2], ["advance", "processing", "processing", 1]]),
    ],
    [
      "claim_before_settlement",
      "settled without a claim",
      rowsOf([SUBMIT, ["cancel", "pending", "pending"], ["advance", "processing", "processing", 1]]),
    ],
    [
      "claim_before_settlement",
      "settled after the claim was given back",
      rowsOf([SUBMIT, CLAIM, ["hand_over", "processing", "processing", 1], COMPLETE]),
    ],
    [
      "claim_before_settlement",
      "settled after the stage went to wait for its turn",
      rowsOf([
        SUBMIT,
        CLAIM,
        ["wait_for_turn", "processing", "pending", 1],
        ["wait_for_quota", "processing", "pending", 1],
      ]),
    ],
    [
      "cancel_is_honoured",
      "that completes although a cancel was requested",
      rowsOf([SUBMIT, CLAIM, ["request_cancel", "processing", "processing", 1], COMPLETE]),
    ],
    ["one_active", "with two active jobs of one key", [...rowsOf([SUBMIT, CLAIM]), ...rowsOf([SUBMIT], "j2", "k", 10)]],
  ];

  test.each(forged)("breaks %s: one %s", (rule, _, rows) => {
    expect(rulesBroken(rows)).toContain(rule);
  });

  test("was made for every rule", () => {
    expect(new Set(forged.map(([rule]) => rule))).toEqual(new Set(HISTORY_RULES));
  });

  test("two jobs of different keys may be active at once", () => {
    expect(checkHistory([...rowsOf([SUBMIT, CLAIM]), ...rowsOf([SUBMIT], "j2", "other", 10)])).toEqual([]);
  });
});

/** What the engine's own rules allow beyond the table: who holds a claim, and that a requested cancel comes next. */
function legalWalk(choices: readonly number[], jobId: string, firstId: number): HistoryRow[] {
  const rows = rowsOf([SUBMIT], jobId, jobId, firstId);
  let status: JobStatus = "pending";
  let fence = 0;
  let isHeld = false;
  let isCancelRequested = false;
  for (const choice of choices) {
    const legal = JOB_EVENTS.filter((event) => {
      if (nextState(jobLifecycle, status, event) === undefined) return false;
      if (isCancelRequested) return event === "cancel";
      if (["approve", "reject", "dispatch", "redispatch", "request_cancel", "cancel", "claim"].includes(event))
        return true;
      return isHeld;
    });
    const event: JobEvent | undefined = legal[choice % Math.max(1, legal.length)];
    if (event === undefined) break;
    const to: JobStatus = nextState(jobLifecycle, status, event)!;
    if (event === "claim") {
      fence++;
      isHeld = true;
    } else if (!["advance", "approve", "dispatch", "redispatch", "request_cancel"].includes(event)) isHeld = false;
    if (event === "request_cancel") isCancelRequested = true;
    rows.push({ id: firstId + rows.length, jobId, key: jobId, event, from: status, to, fence });
    status = to;
    if (isTerminal(status)) break;
  }
  return rows;
}

describe("any legal walk through the lifecycle table", () => {
  const walk = fc.array(fc.nat(100), { maxLength: 40 });

  test("is accepted, also mixed with another one", () => {
    fc.assert(
      fc.property(walk, walk, (one, two) => {
        expect(checkHistory([...legalWalk(one, "a", 1), ...legalWalk(two, "b", 1_000)])).toEqual([]);
      }),
    );
  });

  test("is refused without its submit, without the claim of an advance, and with anything after its end", () => {
    fc.assert(
      fc.property(walk, fc.nat(), (choices, where) => {
        const rows = legalWalk(choices, "a", 1);
        const claims = rows.filter((row) => row.event === "claim");
        if (claims.length > 0 && rows.some((row, i) => i > 0 && row.event === "advance")) {
          const settled = rows.find((row) => row.event === "advance")!;
          const claim = claims.find((row) => row.fence === settled.fence)!;
          expect(checkHistory(rows.filter((row) => row !== claim))).not.toEqual([]);
        }
        if (rows.length > 1) expect(checkHistory(rows.slice(1))).not.toEqual([]);
        const last = rows.at(-1)!;
        if (isTerminal(last.to)) {
          const again = rows[where % rows.length]!;
          expect(checkHistory([...rows, { ...again, id: 10_000 }])).not.toEqual([]);
        }
      }),
    );
  });
});
