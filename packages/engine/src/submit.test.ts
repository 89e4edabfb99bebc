import {
  definePipeline,
  done,
  type JobStore,
  type NewJob,
  NO_RETRY,
  silentLog,
  specRegistryOf,
  type Ticket,
  type TicketQueue,
} from "@millrace/core";
import { describe, expect, it } from "vitest";
import { createSubmit } from "./submit.ts";

const stage = {
  lane: "io" as const,
  timeoutMs: 1,
  retry: NO_RETRY,
  isAbortable: false,
  output: { parse: (v: unknown) => v },
};
const specOf = (admission: "direct" | "fair") =>
  definePipeline(
    {
      name: "p",
      version: "1.0.0",
      admission,
      input: { parse: (v: unknown) => v as { k: string } },
      stages: { one: stage },
      maxRetries: 0,
      resourceKey: (i: { k: string }) => `p:${i.k}`,
    },
    { one: async () => done(null) },
  ).spec;

function submitWith(options: {
  admission?: "direct" | "fair";
  hasRoom?: boolean;
  add?: (tickets: readonly Ticket[]) => Promise<void>;
  kind?: "created" | "active";
}) {
  const jobs: NewJob[] = [];
  const tickets: Ticket[] = [];
  const store = {
    laneSettings: async () => [{ lane: "io", hasRoom: options.hasRoom ?? true, isPaused: false, windowTickets: 10 }],
    submit: async (job: NewJob) => {
      jobs.push(job);
      return {
        kind: options.kind ?? "created",
        jobId: job.id,
        seq: 7,
        status: "pending",
        contentId: null,
        requestFingerprint: null,
      };
    },
  } as unknown as JobStore;
  const add = options.add ?? (async (given: readonly Ticket[]) => void tickets.push(...given));
  const queue = { add } as unknown as TicketQueue;
  const specs = specRegistryOf([specOf(options.admission ?? "direct")]);
  const submit = createSubmit({
    store,
    queue,
    specs,
    log: silentLog,
    clock: { now: () => new Date(0) },
    newId: () => "id-1",
  });
  return { submit, jobs, tickets };
}
const submission = { ownerId: "o", pipeline: "p", input: { k: "x" } };

describe("createSubmit", () => {
  it("adds the first ticket of a direct job after the row is committed", async () => {
    const { submit, jobs, tickets } = submitWith({});
    expect(await submit(submission)).toMatchObject({ kind: "created", jobId: "id-1" });
    expect(jobs).toMatchObject([{ isDispatched: true, resourceKey: "p:x", stage: "one", stageCount: 1 }]);
    expect(tickets).toMatchObject([{ jobId: "id-1", seq: 7, dispatchNo: 1, stage: "one", lane: "io" }]);
  });

  it.each([
    ["its pipeline is admitted fairly", { admission: "fair" as const }],
    ["the lane's window is full", { hasRoom: false }],
  ])("leaves a job to the dispatcher when %s", async (_, options) => {
    const { submit, jobs, tickets } = submitWith(options);
    await submit(submission);
    expect(jobs[0]?.isDispatched).toBe(false);
    expect(tickets).toEqual([]);
  });

  it("accepts the job when the queue refuses its ticket", async () => {
    const { submit } = submitWith({ add: () => Promise.reject(new Error("Redis is down")) });
    expect(await submit(submission)).toMatchObject({ kind: "created" });
  });

  it("begins where it is told to, and refuses a stage the pipeline does not have", async () => {
    const { submit, jobs } = submitWith({});
    await submit({ ...submission, stage: "one", jobId: "mine", maxRetries: 7 });
    expect(jobs).toMatchObject([{ id: "mine", stage: "one", stageIndex: 0, maxRetries: 7 }]);
    await expect(submit({ ...submission, stage: "nine" })).rejects.toMatchObject({ details: { field: "stage" } });
  });

  it("adds nothing for a duplicate", async () => {
    const { submit, tickets } = submitWith({ kind: "active" });
    await submit(submission);
    expect(tickets).toEqual([]);
  });

  it("refuses a pipeline nobody knows, naming the field", async () => {
    const { submit } = submitWith({});
    await expect(submit({ ...submission, pipeline: "nope" })).rejects.toMatchObject({
      code: "VALIDATION_FAILED",
      details: { field: "pipeline" },
    });
  });
});
