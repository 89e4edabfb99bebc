import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ERROR_CODES, MillraceError, type RetryAdvice } from "./errors.ts";
import type { Lane } from "./job.ts";
import type { Json } from "./json.ts";
import { done, type Outcome, reject, waitForReview, waitUntil } from "./pipeline/outcome.ts";
import { firstPlace, type PipelineSpec, placeOf, type StageSpec } from "./pipeline/pipeline-spec.ts";
import { NO_RETRY, type RetryPolicy } from "./retry-policy.ts";
import { jobErrorOf, type SettleInput, settleError, settleOutcome } from "./settle.ts";

const now = new Date("2026-01-01T00:00:00Z");
const FOUR_TRIES: RetryPolicy = { attempts: 4, baseMs: 30_000, factor: 4, maxMs: 480_000, jitter: 0 };

function stage(lane: Lane, retry: RetryPolicy = NO_RETRY): StageSpec {
  return { lane, timeoutMs: 1_000, retry, isAbortable: true, output: { parse: (value) => value } };
}

function pipeline(stages: Record<string, StageSpec>): PipelineSpec {
  return {
    name: "sample",
    version: "1.0.0",
    admission: "direct",
    input: { parse: (value) => value },
    stages,
    maxRetries: 10,
    resourceKey: () => "cid:1",
  };
}

const spec = pipeline({ read: stage("io"), count: stage("io", FOUR_TRIES), draw: stage("cpu") });

function at(name: string, overrides: Partial<SettleInput> = {}): SettleInput {
  const place = placeOf(spec, name);
  if (place === undefined) throw new Error(`no stage ${name}`);
  return { spec, place, jobInput: {}, attempt: 1, retryCount: 0, maxRetries: 10, now, random: 0, ...overrides };
}

const advices: fc.Arbitrary<RetryAdvice> = fc.constantFrom("never", "backoff", "once", "park", "stop");

describe("settleOutcome", () => {
  test("done goes on under the same claim while the lane stays the same", () => {
    const settlement = settleOutcome(at("read"), done({ text: "x" }));
    expect(settlement).toMatchObject({ event: "advance", ticket: "keep", next: { name: "count", index: 1, count: 3 } });
    expect(settlement.stageResult?.output).toEqual({ text: "x" });
  });

  test("done hands over when the next stage belongs to another lane", () => {
    expect(settleOutcome(at("count"), done(1))).toMatchObject({
      event: "hand_over",
      ticket: "hand_over",
      next: { name: "draw" },
    });
  });

  test("done in the last stage completes the job with its output as result", () => {
    const warnings = [{ code: "CUT", message: "only the first page" }];
    expect(settleOutcome(at("draw"), done({ svg: "s" }, warnings))).toMatchObject({
      event: "complete",
      toStatus: "completed",
      result: { svg: "s" },
      stageResult: { warnings },
    });
  });

  test("C-Q11 a stage with a quota waits for its turn, at a gate or without one", () => {
    const need = { service: "youtube", pool: "a", units: 1_600 };
    const quota = (input: { readonly pool: string }) => (input.pool === "" ? null : { ...need, pool: input.pool });
    const uploading = pipeline({ draw: stage("io"), upload: { ...stage("io"), quota } });
    const before = { ...at("read"), spec: uploading, place: placeOf(uploading, "draw")! };
    const takes = { ...before, jobInput: { pool: "a" } };
    expect(settleOutcome(takes, done(1))).toMatchObject({
      event: "wait_for_turn",
      toStatus: "pending",
      waitingFor: "turn",
      ticket: "backlog",
      next: { name: "upload" },
      quota: need,
    });
    expect(settleOutcome(takes, waitForReview("final", 1))).toMatchObject({ event: "wait_for_review", quota: need });
    expect(settleOutcome({ ...before, jobInput: { pool: "" } }, done(1))).toMatchObject({
      event: "advance",
      quota: null,
    });
  });

  test("a review parks the job before the next stage, keeping the finished output", () => {
    expect(settleOutcome(at("read"), waitForReview("script", { text: "x" }))).toMatchObject({
      event: "wait_for_review",
      toStatus: "pending",
      waitingFor: "review",
      gate: "script",
      next: { name: "count" },
      stageResult: { output: { text: "x" } },
    });
  });

  test("waiting until an instant that has passed waits no time at all", () => {
    expect(settleOutcome(at("read"), waitUntil(new Date(now.getTime() - 5_000), "late")).delayMs).toBe(0);
    expect(settleOutcome(at("read"), waitUntil(new Date(now.getTime() + 5_000), "early")).delayMs).toBe(5_000);
  });

  test("a rejection fails the job at once, whatever attempts are left", () => {
    const error = new MillraceError("CONTENT_EMPTY", "nothing in it", { retry: "backoff" });
    expect(settleOutcome(at("count"), reject(error))).toMatchObject({
      event: "fail",
      toStatus: "failed",
      error: { code: "CONTENT_EMPTY", message: "nothing in it", stage: "count" },
    });
  });

  test("walking any pipeline with done visits each stage once, in order, and ends completed", () => {
    const lanes = fc.array(fc.constantFrom<Lane>("io", "cpu", "media"), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(lanes, (chosen) => {
        const names = chosen.map((_, i) => `stage_${i}`);
        const walked = pipeline(Object.fromEntries(chosen.map((lane, i) => [`stage_${i}`, stage(lane)])));
        const visited: string[] = [];
        let place = firstPlace(walked);
        for (;;) {
          visited.push(place.name);
          const outcome: Outcome<Json> = done(place.index);
          const settlement = settleOutcome({ ...at("read"), spec: walked, place }, outcome);
          if (settlement.next === null) {
            expect(settlement.toStatus).toBe("completed");
            break;
          }
          const isSameLane = settlement.next.spec.lane === place.spec.lane;
          expect(settlement.event).toBe(isSameLane ? "advance" : "hand_over");
          place = settlement.next;
        }
        expect(visited).toEqual(names);
      }),
    );
  });
});

describe("settleError", () => {
  test("an unknown error is retried while tries are left, then fails as PIPELINE_EXCEPTION", () => {
    const broken = new TypeError("x is undefined");
    expect(settleError(at("count", { attempt: 3, retryCount: 2 }), broken)).toMatchObject({
      event: "retry_later",
      delayMs: 480_000,
    });
    expect(settleError(at("count", { attempt: 4, retryCount: 3 }), broken)).toMatchObject({
      event: "fail",
      error: { code: "PIPELINE_EXCEPTION", message: "x is undefined", stage: "count" },
    });
  });

  test("A-Q01 a stage with one try fails on its first error", () => {
    expect(settleError(at("read"), new Error("no")).event).toBe("fail");
  });

  test("the job's own limit on retries ends them too", () => {
    expect(settleError(at("count", { retryCount: 10 }), new Error("no")).event).toBe("fail");
  });

  test("an error that says never is not retried", () => {
    const error = new MillraceError("CONTENT_DAMAGED", "broken file");
    expect(settleError(at("count"), error).event).toBe("fail");
  });

  test("a quota error parks without charging an attempt, even on the last try", () => {
    const quota = new MillraceError("QUOTA_EXHAUSTED", "tomorrow", { retry: "park", retryAfterMs: 9_000 });
    expect(settleError(at("read", { attempt: 99, retryCount: 99 }), quota)).toMatchObject({
      event: "wait_for_quota",
      waitingFor: "quota",
      attempts: "uncharge",
      delayMs: 9_000,
    });
  });

  test("a Retry-After longer than the policy's wait is respected", () => {
    const busy = new MillraceError("URL_HTTP_ERROR", "429", { retry: "backoff", retryAfterMs: 3_600_000 });
    expect(settleError(at("count"), busy).delayMs).toBe(3_600_000);
  });

  test("B-Q14 what may have been bad luck once is final the second time", () => {
    const crash = new MillraceError("STAGE_CRASHED", "the thread died", { retry: "once" });
    expect(settleError({ ...at("count"), attempt: 1 }, crash).event).toBe("retry_later");
    expect(settleError({ ...at("count"), attempt: 2 }, crash).event).toBe("fail");
  });

  test("a job's error keeps where it was thrown", () => {
    const error = new Error("broke");
    expect(jobErrorOf(error, "read").stack).toBe(error.stack);
    expect(jobErrorOf("broke", "read").stack).toBeUndefined();
    expect(jobErrorOf(Object.assign(new Error("x"), { stack: "s".repeat(50_000) }), "read").stack).toHaveLength(16_000);
  });

  test("never more tries than the policy allows, whatever is thrown", () => {
    const tries = fc.integer({ min: 1, max: 20 });
    fc.assert(
      fc.property(tries, tries, advices, fc.constantFrom(...ERROR_CODES), (attempts, attempt, retry, code) => {
        const limited = pipeline({ only: stage("io", { ...FOUR_TRIES, attempts }) });
        const input = { ...at("read"), spec: limited, place: firstPlace(limited), attempt, maxRetries: 100 };
        const settlement = settleError(input, new MillraceError(code, "broke", { retry }));
        const isWorthIt = retry === "backoff" || (retry === "once" && attempt === 1);
        expect(settlement.event === "retry_later").toBe(isWorthIt && attempt < attempts);
        expect(settlement.toStatus === "pending").toBe(settlement.waitingFor !== null);
      }),
    );
  });
});

/** Half a surrogate pair does not survive UTF-8. */
function isWellFormed(text: string): boolean {
  return Buffer.from(text, "utf8").toString("utf8") === text;
}

describe("jobErrorOf", () => {
  test("A2.5 a message is cut to 500 characters", () => {
    expect(jobErrorOf(new Error("e".repeat(9_000)), "read").message).toHaveLength(500);
  });

  test("a cut through an emoji leaves no half of it", () => {
    const { message } = jobErrorOf(new Error(`${"e".repeat(499)}\u{1F600}`), "read");
    expect(message).toHaveLength(500);
    expect(isWellFormed(message)).toBe(true);
  });

  test.each([
    ["an object without a prototype", Object.create(null)],
    [
      "an object whose toString throws",
      {
        toString: () => {
          throw new Error("no");
        },
      },
    ],
    ["an error whose message is no string", Object.assign(new Error("x"), { message: 7 })],
    ["a symbol", Symbol("s")],
    ["undefined", undefined],
  ])("%s becomes a typed error too", (_, thrown) => {
    expect(jobErrorOf(thrown, "read")).toMatchObject({ code: "PIPELINE_EXCEPTION", message: expect.any(String) });
  });

  test("whatever is thrown becomes a typed error Postgres can store", () => {
    fc.assert(
      fc.property(fc.oneof(fc.anything(), fc.string({ unit: "binary", maxLength: 2_000 })), (thrown) => {
        const error = jobErrorOf(thrown, "read");
        expect(error).toMatchObject({ code: "PIPELINE_EXCEPTION", stage: "read" });
        expect(error.message.length).toBeLessThanOrEqual(500);
        expect(error.message).not.toContain("\u0000");
        expect(isWellFormed(error.message)).toBe(true);
      }),
    );
  });
});
