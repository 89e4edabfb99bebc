import {
  done,
  type JobEvent,
  type JobStatus,
  jobLifecycle,
  MillraceError,
  nextState,
  reject,
  waitUntil,
} from "@millrace/core";
import { until } from "@millrace/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Harness, startHarness } from "./harness.ts";
import { echo, QUICK_RETRY, testPipeline } from "./pipelines.ts";

const tries = new Map<string, number>();
const countTry = (key: string): number => {
  const n = (tries.get(key) ?? 0) + 1;
  tries.set(key, n);
  return n;
};

const pipelines = [
  testPipeline("plain", {
    one: { run: async ({ input }) => done({ saw: input.key }) },
    two: { run: async ({ outputs }) => done({ before: outputs["one"] ?? null }) },
  }),
  testPipeline("lanes", {
    first: { run: echo(1) },
    crunch: { lane: "cpu", run: async ({ outputs }) => done({ from: outputs["first"] ?? null }) },
    last: { run: async ({ outputs }) => done(outputs["crunch"] ?? null, [{ code: "NOTE", message: "a warning" }]) },
  }),
  testPipeline("flaky", {
    steady: { run: async ({ job }) => done(countTry(`steady/${job.id}`)) },
    shaky: {
      retry: QUICK_RETRY,
      run: async ({ job, input }) => {
        const n = countTry(`shaky/${job.id}`);
        if (n < Number(input["succeedsAt"]))
          throw new MillraceError("URL_UNREACHABLE", `try ${n}`, { retry: "backoff" });
        return done(n);
      },
    },
  }),
  testPipeline("endings", {
    only: {
      retry: QUICK_RETRY,
      timeoutMs: 300,
      run: async ({ input, job, clock }) => {
        switch (input["how"]) {
          case "never":
            throw new MillraceError("CONTENT_DAMAGED", "broken\u0000 page", { retry: "never" });
          case "reject":
            return reject(new MillraceError("UNSUPPORTED_CONTENT", "a zip"));
          case "hang":
            return new Promise(() => {});
          case "park":
            if (countTry(job.id) < 6)
              throw new MillraceError("QUOTA_EXHAUSTED", "later", { retry: "park", retryAfterMs: 20 });
            return done("parked five times");
          case "wait":
            return countTry(job.id) < 6
              ? waitUntil(new Date(clock.now().getTime() + 20), "not yet")
              : done("waited five times");
          default:
            throw "a string";
        }
      },
    },
  }),
];

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness(pipelines);
  await harness.sql`INSERT INTO callback_endpoints (id, owner_id, url, secret) VALUES (gen_random_uuid(), ${harness.owner.id}, 'https://example.org/hook', 'whsec_test')`;
  await harness.openLanes();
  await harness.startWorker();
});
afterAll(() => harness.close());

describe("a job through the engine", () => {
  it("runs its stages in order and keeps each output, its result and a legal history (A-S05, A-S06, A-S11, D-1)", async () => {
    const jobId = await harness.accept("plain", { key: "the-key" });
    const job = await harness.reaches(jobId, "completed");
    expect(job.result).toEqual({ before: { saw: "the-key" } });
    expect(job).toMatchObject({ progress: 100, leaseUntil: null, errorCode: null, stageAttempts: 1 });
    expect(job.startedAt).not.toBeNull();
    expect(job.finishedAt?.getTime()).toBeGreaterThanOrEqual(job.startedAt?.getTime() ?? 0);
    const stages = await harness.store.listStages(jobId);
    expect(stages.map((s) => [s.stage, s.output])).toEqual([
      ["one", { saw: "the-key" }],
      ["two", { before: { saw: "the-key" } }],
    ]);
    const events = await harness.store.listEvents(jobId);
    expect(events.map((e) => e.event)).toEqual(["submit", "claim", "advance", "complete"]);
    let status: JobStatus = "pending";
    for (const event of events.slice(1)) {
      const next = nextState(jobLifecycle, status, event.event as JobEvent);
      expect(next, `${event.event} from ${status}`).toBe(event.toStatus);
      status = event.toStatus;
    }
  });

  it("makes the callback row in the terminal statement (A-S30)", async () => {
    const jobId = await harness.accept("plain");
    await harness.reaches(jobId, "completed");
    expect(await harness.store.listDeliveries(jobId)).toMatchObject([
      { event: "pipeline_job.completed", status: "pending", attempts: 0 },
    ]);
  });

  it("hands over between lanes and carries outputs and warnings", async () => {
    const jobId = await harness.accept("lanes");
    const job = await harness.reaches(jobId, "completed");
    expect(job.result).toEqual({ from: 1 });
    expect(job.dispatchNo).toBe(3);
    const stages = await harness.store.listStages(jobId);
    expect(stages.at(-1)?.warnings).toEqual([{ code: "NOTE", message: "a warning" }]);
  });

  it("retries a stage after its backoff and repeats no finished stage", async () => {
    const jobId = await harness.accept("flaky", { succeedsAt: 3 });
    const job = await harness.reaches(jobId, "completed");
    expect(job).toMatchObject({ result: 3, retryCount: 2 });
    expect(tries.get(`steady/${jobId}`)).toBe(1);
    const events = (await harness.store.listEvents(jobId)).map((e) => e.event);
    expect(events.filter((e) => e === "retry_later")).toHaveLength(2);
  });

  it("fails with the last error when the attempts are used up", async () => {
    const jobId = await harness.accept("flaky", { succeedsAt: 99 });
    const job = await harness.reaches(jobId, "failed");
    expect(job).toMatchObject({
      errorCode: "URL_UNREACHABLE",
      errorMessage: "try 3",
      errorStage: "shaky",
      retryCount: 2,
    });
    expect(await harness.store.listDeliveries(jobId)).toMatchObject([{ event: "pipeline_job.failed" }]);
  });

  it.each([
    ["never", { errorCode: "CONTENT_DAMAGED", errorMessage: "broken page", stageAttempts: 1 }],
    ["reject", { errorCode: "UNSUPPORTED_CONTENT", errorMessage: "a zip", stageAttempts: 1 }],
    ["hang", { errorCode: "STAGE_TIMEOUT", stageAttempts: 3 }],
    ["string", { errorCode: "PIPELINE_EXCEPTION", errorMessage: "a string", stageAttempts: 3 }],
  ])("ends a stage that goes wrong by '%s' as failed with a code", async (how, expected) => {
    const jobId = await harness.accept("endings", { how });
    expect(await harness.reaches(jobId, "failed")).toMatchObject({ ...expected, errorStage: "only" });
  });

  it.each(["park", "wait"])("charges no attempt for '%s', however often", async (how) => {
    const jobId = await harness.accept("endings", { how });
    const job = await harness.reaches(jobId, "completed", "failed");
    expect(job).toMatchObject({ status: "completed", retryCount: 0, stageAttempts: 1 });
  });

  it("leaves no ticket, lease or claim behind", async () => {
    await until(
      async () => {
        const counts = await Promise.all((["io", "cpu"] as const).map((lane) => harness.queue.counts(lane)));
        return counts.every((c) => c.waiting + c.active + c.delayed === 0);
      },
      { timeoutMs: 10_000, message: "empty lanes" },
    );
    const rows =
      await harness.sql`SELECT id FROM pipeline_jobs WHERE lease_until IS NOT NULL OR status NOT IN ('completed', 'failed', 'cancelled')`;
    expect(rows).toEqual([]);
  });
});
