import { describe, expect, test } from "vitest";
import { gateOf } from "./gate.ts";
import { isTerminal } from "./job.ts";
import { jobLifecycle } from "./lifecycle/job-lifecycle.ts";
import { nextState } from "./lifecycle/lifecycle.ts";
import type { StagePlace } from "./pipeline/pipeline-spec.ts";
import { NO_RETRY } from "./retry-policy.ts";
import {
  advance,
  cancelled,
  complete,
  fail,
  handOver,
  interrupt,
  type JobError,
  parkForQuota,
  parkForReview,
  parkUntil,
  retryLater,
  type Settlement,
  waitForTurn,
} from "./settlement.ts";

const next: StagePlace = {
  name: "two",
  index: 1,
  count: 3,
  spec: { lane: "io", timeoutMs: 1_000, retry: NO_RETRY, isAbortable: true, output: { parse: (v) => v } },
};
const result = { output: { words: 3 }, warnings: [] };
const error: JobError = { code: "PIPELINE_EXCEPTION", message: "broke", stage: "one" };

const SETTLEMENTS: readonly { name: string; settlement: Settlement }[] = [
  { name: "advance", settlement: advance(next, result) },
  { name: "handOver", settlement: handOver(next, result) },
  { name: "waitForTurn", settlement: waitForTurn(next, { service: "youtube", pool: "a", units: 1_600 }, result) },
  { name: "complete", settlement: complete(result) },
  { name: "parkForReview", settlement: parkForReview(gateOf("script"), next, result) },
  { name: "parkUntil", settlement: parkUntil(5_000, "not yet published") },
  { name: "parkForQuota", settlement: parkForQuota(60_000, error) },
  { name: "retryLater", settlement: retryLater(30_000, error) },
  { name: "fail", settlement: fail(error) },
  { name: "interrupt", settlement: interrupt("shutdown") },
  { name: "cancelled", settlement: cancelled(null) },
  { name: "cancelled after a finished stage", settlement: cancelled(result) },
];

describe.each(SETTLEMENTS)("$name", ({ settlement }) => {
  test("goes where the lifecycle lets its event go from processing", () => {
    expect(nextState(jobLifecycle, "processing", settlement.event)).toBe(settlement.toStatus);
  });

  test("a terminal job has no ticket and no next stage", () => {
    expect(settlement.ticket === "none").toBe(isTerminal(settlement.toStatus));
    if (isTerminal(settlement.toStatus)) expect(settlement.next).toBeNull();
  });

  test("a reason to wait and a backlog place belong to pending jobs only", () => {
    expect(settlement.waitingFor !== null).toBe(settlement.toStatus === "pending");
    expect(settlement.ticket === "backlog").toBe(settlement.toStatus === "pending");
  });

  test("a move to a next stage carries the finished stage's result and a fresh count of attempts", () => {
    if (settlement.next !== null) expect(settlement.stageResult).toEqual(result);
    expect(settlement.attempts === "reset").toBe(settlement.next !== null);
  });

  test("a delay is for jobs that wait by the clock", () => {
    const waitsByClock = settlement.waitingFor === "retry" || settlement.waitingFor === "quota";
    expect(settlement.delayMs !== null).toBe(waitsByClock);
  });

  test("only a charged retry counts as one", () => {
    expect(settlement.countsAsRetry).toBe(settlement.event === "retry_later");
  });

  test("a gate is named exactly when a human decides", () => {
    expect(settlement.gate !== null).toBe(settlement.waitingFor === "review");
  });
});

test("completion's result is the last stage's output", () => {
  expect(complete(result)).toMatchObject({ result: { words: 3 }, stageResult: result, error: null });
});

test("waits that are nobody's fault charge no attempt", () => {
  for (const settlement of [parkUntil(1, "later"), parkForQuota(1, error), interrupt("shutdown")]) {
    expect(settlement.attempts).toBe("uncharge");
  }
  expect(retryLater(1, error).attempts).toBe("keep");
});

test("failures show their error; a quota wait says why without failing", () => {
  expect(fail(error).error).toEqual(error);
  expect(retryLater(1, error).error).toEqual(error);
  expect(parkForQuota(1, error)).toMatchObject({ error: null, reason: "broke" });
});
