import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { JOB_STATUSES, type JobStatus, TERMINAL_STATUSES } from "../job.ts";
import { JOB_EVENTS, type JobEvent, jobLifecycle } from "./job-lifecycle.ts";
import { nextState } from "./lifecycle.ts";

/** The whole matrix, written out by hand: a cell that is not here must be refused. */
const EXPECTED: Record<JobEvent, Partial<Record<JobStatus, JobStatus>>> = {
  claim: { pending: "processing", processing: "processing" },
  advance: { processing: "processing" },
  hand_over: { processing: "processing" },
  wait_for_turn: { processing: "pending" },
  complete: { processing: "completed" },
  fail: { processing: "failed" },
  retry_later: { processing: "pending" },
  wait_for_quota: { processing: "pending", pending: "pending" },
  wait_until: { processing: "pending" },
  wait_for_review: { processing: "pending" },
  interrupt: { processing: "processing" },
  cancel: { pending: "cancelled", processing: "cancelled" },
  request_cancel: { processing: "processing" },
  approve: { pending: "pending" },
  reject: { pending: "failed" },
  dispatch: { pending: "pending" },
  redispatch: { pending: "pending", processing: "processing" },
};

describe("job lifecycle (A-S06, A-Q10)", () => {
  test("A-S06 a job has exactly five statuses", () => {
    expect(jobLifecycle.states).toEqual(["pending", "processing", "completed", "failed", "cancelled"]);
    expect(jobLifecycle.initial).toBe("pending");
  });

  const cells = JOB_STATUSES.flatMap((status) => JOB_EVENTS.map((event) => ({ status, event })));
  test.each(cells)("A-S06 $event from $status", ({ status, event }) => {
    expect(nextState(jobLifecycle, status, event)).toBe(EXPECTED[event][status]);
  });

  test("A-Q10 no event leaves a terminal status", () => {
    for (const status of TERMINAL_STATUSES) {
      for (const event of JOB_EVENTS) expect(nextState(jobLifecycle, status, event)).toBeUndefined();
    }
  });

  test("A-Q10 whatever happens in whatever order, the first terminal status is the last", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...JOB_EVENTS), { maxLength: 60 }), (events) => {
        let status: JobStatus = jobLifecycle.initial;
        let ended: JobStatus | undefined;
        for (const event of events) {
          status = nextState(jobLifecycle, status, event) ?? status;
          if (ended !== undefined) expect(status).toBe(ended);
          if (jobLifecycle.terminal.includes(status)) ended = status;
        }
      }),
    );
  });

  test("no event has two arrows from one status", () => {
    const arrows = jobLifecycle.transitions.flatMap((t) => t.from.map((from) => `${t.event} from ${from}`));
    expect(arrows).toEqual([...new Set(arrows)]);
  });

  test("every event has an arrow, and every status can be reached from the first", () => {
    expect(new Set(jobLifecycle.transitions.map((t) => t.event))).toEqual(new Set(JOB_EVENTS));
    const reached = new Set<JobStatus>([jobLifecycle.initial]);
    // a Set grows while it is walked
    for (const status of reached) {
      for (const event of JOB_EVENTS) {
        const next = nextState(jobLifecycle, status, event);
        if (next !== undefined) reached.add(next);
      }
    }
    expect(reached).toEqual(new Set(JOB_STATUSES));
  });
});
