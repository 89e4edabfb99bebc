import {
  type ClaimedJob,
  definePipeline,
  done,
  type JobStore,
  NO_RETRY,
  type ReceivedTicket,
  registryOf,
  type SettleAnswer,
  silentLog,
  systemClock,
  type TicketQueue,
} from "@millrace/core";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createHeldClaims } from "./held-claims.ts";
import { createPersist } from "./persist.ts";
import { createQuarantine } from "./quarantine.ts";
import { runInline } from "./run-inline.ts";
import { createWorkTicket } from "./work-ticket.ts";

const anything = { parse: (value: unknown) => value };
const pipeline = definePipeline(
  {
    name: "one",
    version: "1.0.0",
    admission: "direct",
    input: anything,
    stages: { only: { lane: "io", timeoutMs: 60_000, retry: NO_RETRY, isAbortable: false, output: anything } },
    maxRetries: 0,
    resourceKey: () => "cid:1",
  },
  { only: async () => done("made") },
);
const job = {
  id: "j",
  fence: 1,
  pipeline: "one",
  pipelineVersion: "1.0.0",
  stage: "only",
  stageAttempts: 1,
  crashes: 0,
  isRecovered: false,
  retryCount: 0,
  maxRetries: 0,
  input: null,
  outputs: {},
} as unknown as ClaimedJob;

/** One ticket under a lease of `leaseMs`; Postgres says nothing of the stage's end until `answer`. */
function worked(leaseMs: number) {
  const kept: string[] = [];
  let answer: (answer: SettleAnswer) => void = () => {};
  const store = {
    claim: async () => ({ kind: "claimed", job }),
    settle: () =>
      new Promise<SettleAnswer>((resolve) => {
        answer = resolve;
      }),
  } as unknown as JobStore;
  const work = createWorkTicket({
    store,
    queue: {} as TicketQueue,
    registry: registryOf([pipeline]),
    claims: createHeldClaims({ store, leaseMs, log: silentLog }),
    persist: createPersist(silentLog, { lost: () => {}, found: () => {} }),
    spool: {
      recall: async () => undefined,
      keep: async ({ id }) => kept.push(id) > 0,
      forget: async () => void kept.pop(),
    },
    quarantine: createQuarantine(),
    worker: "w",
    leaseMs,
    maxCrashes: 3,
    stopping: new AbortController().signal,
    runner: runInline(systemClock),
    clock: systemClock,
    random: () => 0,
    log: silentLog,
  });
  const ended = work({ jobId: "j" } as unknown as ReceivedTicket);
  return {
    kept,
    ended,
    answer: () => answer({ kind: "applied", status: "completed", ticket: null, isEarlyApproved: false }),
  };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test("a result that Postgres has not confirmed is put aside after a second, and forgotten when it has", async () => {
  const { kept, ended, answer } = worked(60_000);
  await vi.advanceTimersByTimeAsync(999);
  expect(kept).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(kept).toEqual(["j"]);
  answer();
  expect(await ended).toEqual({ kind: "done" });
  expect(kept).toEqual([]);
});

test("it is put aside before the lease is over, and at once where that is so already: somebody else may claim the job", async () => {
  const soon = worked(1_000);
  await vi.advanceTimersByTimeAsync(749);
  expect(soon.kept).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(soon.kept).toEqual(["j"]);
  const late = worked(200);
  await vi.advanceTimersByTimeAsync(0);
  expect(late.kept).toEqual(["j"]);
});
