import { done } from "@millrace/core";
import { until } from "@millrace/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { gate, type Harness, startHarness } from "./harness.ts";
import { echo, testPipeline } from "./pipelines.ts";

const started = new Map<string, ReturnType<typeof gate>>();
const holds = new Map<string, ReturnType<typeof gate>>();
const ranSecond = new Set<string>();

const held = testPipeline("held", {
  first: {
    run: async ({ input }) => {
      started.get(input.key)?.open();
      await holds.get(input.key)?.opened;
      return done("kept");
    },
  },
  second: {
    run: async ({ input }) => {
      ranSecond.add(input.key);
      return done(null);
    },
  },
});
const abortable = testPipeline("abortable", {
  first: {
    isAbortable: true,
    run: ({ input, signal }) =>
      new Promise((_, stop) => {
        signal.addEventListener("abort", () => stop(signal.reason));
        started.get(input.key)?.open();
      }),
  },
});
const lastOnly = testPipeline("last_only", {
  only: {
    run: async ({ input }) => {
      started.get(input.key)?.open();
      await holds.get(input.key)?.opened;
      return done("finished");
    },
  },
});

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness([held, abortable, lastOnly, testPipeline("quick", { one: { run: echo(1) } })]);
  await harness.sql`INSERT INTO callback_endpoints (id, owner_id, url, secret) VALUES (gen_random_uuid(), ${harness.owner.id}, 'https://example.org/hook', 'whsec_test')`;
});
afterAll(() => harness.close());

const hold = (key: string) => {
  const pair = { started: gate(), hold: gate() };
  started.set(key, pair.started);
  holds.set(key, pair.hold);
  return pair;
};
const cancel = (jobId: string, reason: string | null = null) =>
  harness.cancel({ jobId, ownerId: harness.owner.id, by: "tester", reason });

describe("cancel (A-S25, A-Q10, D-4)", () => {
  it("cancels a pending job at once, and a worker that comes later runs nothing", async () => {
    const jobId = await harness.accept("held", { key: "pending" });
    expect(await cancel(jobId, "not needed")).toMatchObject({ kind: "cancelled" });
    const job = await harness.find(jobId);
    expect(job).toMatchObject({ status: "cancelled", cancelRequestedBy: "tester", cancelReason: "not needed" });
    expect(job.finishedAt).not.toBeNull();
    expect(await harness.store.listDeliveries(jobId)).toMatchObject([
      { event: "pipeline_job.cancelled", status: "pending" },
    ]);
    await harness.startWorker();
    await harness.reaches(await harness.accept("quick"), "completed");
    expect(await harness.find(jobId)).toMatchObject({ status: "cancelled", startedAt: null });
    expect((await harness.store.listEvents(jobId)).map((e) => e.event)).toEqual(["submit", "cancel"]);
  });

  it("cancels a processing job between its stages and keeps what the stage made", async () => {
    const { started, hold: held } = hold("running");
    const jobId = await harness.accept("held", { key: "running" });
    await started.opened;
    expect(await cancel(jobId)).toEqual({ kind: "requested", status: "processing" });
    expect(await harness.find(jobId)).toMatchObject({ status: "processing", cancelRequestedBy: "tester" });
    held.open();
    await harness.reaches(jobId, "cancelled");
    expect(await harness.store.listStages(jobId)).toMatchObject([{ stage: "first", output: "kept" }]);
    expect(ranSecond.has("running")).toBe(false);
    expect(await harness.store.listDeliveries(jobId)).toHaveLength(1);
  });

  it("wins over the completion of the last stage, and the status never moves again", async () => {
    const { started, hold: held } = hold("last");
    const jobId = await harness.accept("last_only", { key: "last" });
    await started.opened;
    await cancel(jobId);
    held.open();
    const job = await harness.reaches(jobId, "cancelled", "completed");
    expect(job.status).toBe("cancelled");
    expect(await cancel(jobId)).toEqual({ kind: "terminal", status: "cancelled" });
    await harness.reaches(await harness.accept("quick"), "completed");
    expect((await harness.find(jobId)).updatedAt).toEqual(job.updatedAt);
  });

  it("aborts an abortable stage without waiting for it", async () => {
    const { started } = hold("abort");
    const jobId = await harness.accept("abortable", { key: "abort" });
    await started.opened;
    expect(await cancel(jobId)).toMatchObject({ kind: "requested" });
    expect((await harness.reaches(jobId, "cancelled", "failed")).status).toBe("cancelled");
  });

  it("is a no-op on a finished job and unknown for another owner", async () => {
    const jobId = await harness.accept("quick");
    await harness.reaches(jobId, "completed");
    expect(await cancel(jobId)).toEqual({ kind: "terminal", status: "completed" });
    const foreign = await harness.cancel({
      jobId,
      ownerId: "00000000-0000-7000-8000-000000000000",
      by: "x",
      reason: null,
    });
    expect(foreign).toEqual({ kind: "not_found" });
  });

  it("frees the resource: the next submission of the key is a new job", async () => {
    const first = await harness.accept("quick", { key: "again" });
    await harness.reaches(first, "completed");
    const second = await harness.accept("quick", { key: "again" });
    expect(second).not.toBe(first);
    await until(async () => (await harness.find(second)).status === "completed", {
      timeoutMs: 5_000,
      message: "the second run",
    });
  });
});
