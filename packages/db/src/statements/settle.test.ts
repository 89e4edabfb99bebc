import {
  cancelled,
  complete,
  fail,
  gateOf,
  handOver,
  interrupt,
  type JobError,
  parkForQuota,
  parkForReview,
  parkUntil,
  retryLater,
} from "@millrace/core";
import { until } from "@millrace/testing";
import { describe, expect, it } from "vitest";
import {
  claimed,
  createOwner,
  DONE,
  events,
  expireLease,
  HOLDER,
  newJob,
  OUTPUT,
  place,
  settle,
  storeUnderTest,
  submitted,
  TO_TWO,
} from "../job-store.fixture.ts";
import { createKeyStore } from "../key-store.ts";
import { settleJobs } from "./settle.ts";

const t = storeUnderTest();
const ERROR: JobError = { code: "URL_UNREACHABLE", message: "no route", stage: "one" };

async function started(overrides = {}) {
  const { jobId } = await submitted(t.store, newJob(t.ownerId, overrides));
  return claimed(t.store, jobId);
}

const row = (jobId: string) => t.store.findJob(jobId, null);

const DUE = { afterSeq: 0, limit: 1_000, graceMs: 0, withLeasesOver: true };

async function isSomebodyWaitingForALock(): Promise<boolean> {
  const waiting = await t.db.query(
    "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = $1",
    ["Lock"],
  );
  return waiting.length > 0;
}

describe("settle", () => {
  it("advances under the same claim: next stage, fresh lease, first try, recorded output", async () => {
    const job = await started();
    expect(await settle(t.store, job, TO_TWO)).toEqual({
      kind: "applied",
      status: "processing",
      ticket: null,
      isEarlyApproved: false,
    });
    expect(await row(job.id)).toMatchObject({
      stage: "two",
      stageIndex: 1,
      progress: 33,
      fence: 1,
      dispatchNo: 1,
      stageAttempts: 1,
      leaseUntil: expect.any(Date),
    });
    expect(await t.store.listStages(job.id)).toMatchObject([
      { stage: "one", fence: 1, attempt: 1, output: OUTPUT.output, warnings: [], startedAt: expect.any(Date) },
    ]);
  });

  it("hands over to another lane with a new ticket and no lease", async () => {
    const job = await started({ traceparent: "00-7" });
    const answer = await settle(t.store, job, handOver(place("two", 1, "cpu"), OUTPUT));
    expect(answer).toMatchObject({
      kind: "applied",
      ticket: { jobId: job.id, seq: job.seq, stage: "two", dispatchNo: 2, lane: "cpu", traceparent: "00-7" },
    });
    expect(await row(job.id)).toMatchObject({ status: "processing", lane: "cpu", leaseUntil: null, stageAttempts: 0 });
    expect(await claimed(t.store, job.id)).toMatchObject({ fence: 2, crashes: 0, stageAttempts: 1 });
  });

  it("completes with the result (A-S11)", async () => {
    const job = await started();
    await settle(t.store, job, DONE);
    expect(await row(job.id)).toMatchObject({
      status: "completed",
      result: { answer: 42 },
      progress: 100,
      leaseUntil: null,
      finishedAt: expect.any(Date),
    });
    expect(await events(t.store, job.id)).toEqual(["submit", "claim", "complete"]);
  });

  it("fails with code, message and stage", async () => {
    const job = await started();
    await settle(t.store, job, fail({ ...ERROR, message: `x\u0000${"y".repeat(600)}` }));
    const failed = await row(job.id);
    expect(failed).toMatchObject({ status: "failed", errorCode: "URL_UNREACHABLE", errorStage: "one" });
    expect(failed?.errorMessage).toHaveLength(500);
  });

  it("parks for a retry, for quota and until a time, charging only the retry", async () => {
    const retried = await started();
    await settle(t.store, retried, retryLater(60_000, ERROR));
    expect(await row(retried.id)).toMatchObject({
      status: "pending",
      waitingFor: "retry",
      dispatchedAt: null,
      stageAttempts: 1,
      retryCount: 1,
      errorCode: "URL_UNREACHABLE",
      nextRetryAt: expect.any(Date),
    });
    const waiting = await started();
    await settle(t.store, waiting, parkForQuota(60_000, ERROR));
    expect(await row(waiting.id)).toMatchObject({
      waitingFor: "quota",
      stageAttempts: 0,
      retryCount: 0,
      errorCode: null,
    });
    const later = await started();
    await settle(t.store, later, parkUntil(60_000, "not yet"));
    expect(await row(later.id)).toMatchObject({ waitingFor: "retry", stageAttempts: 0, retryCount: 0 });
  });

  it("forgets the error of an earlier try when the stage gets through", async () => {
    const job = await started();
    await settle(t.store, job, retryLater(0, ERROR));
    await t.store.dispatch("io", 1_000);
    const again = await claimed(t.store, job.id);
    await settle(t.store, again, TO_TWO);
    expect(await row(job.id)).toMatchObject({ errorCode: null, errorMessage: null, errorStage: null });
  });

  it("gives the ticket back unfinished, once, with no attempt charged", async () => {
    const job = await started();
    await settle(t.store, job, interrupt("shutdown"));
    expect(await settle(t.store, job, interrupt("shutdown"))).toEqual({ kind: "fenced" });
    expect(await row(job.id)).toMatchObject({
      status: "processing",
      leaseUntil: null,
      dispatchNo: 1,
      stageAttempts: 0,
    });
    expect(await claimed(t.store, job.id)).toMatchObject({ fence: 2, crashes: 0, stageAttempts: 1 });
  });

  it("lets a requested cancel win over every verdict and keeps the stage's output (A-S25, A-Q10)", async () => {
    const verdicts = [TO_TWO, DONE, fail(ERROR), retryLater(1, ERROR), interrupt("stop"), cancelled(null)];
    for (const verdict of verdicts) {
      const job = await started();
      await t.store.cancel({ jobId: job.id, ownerId: t.ownerId, by: "me", reason: "changed my mind" });
      expect(await settle(t.store, job, verdict)).toMatchObject({ kind: "applied", status: "cancelled", ticket: null });
      expect(await row(job.id)).toMatchObject({ status: "cancelled", result: null, errorCode: null, waitingFor: null });
      expect(await t.store.listStages(job.id)).toHaveLength(verdict.stageResult === null ? 0 : 1);
      expect((await events(t.store, job.id)).at(-1)).toBe("cancel");
    }
  });

  it("knows its own settlement again when the reply was lost, and fences off an older claim", async () => {
    const job = await started();
    await settle(t.store, job, TO_TWO);
    expect(await settle(t.store, job, TO_TWO)).toEqual({ kind: "already_applied", status: "processing", ticket: null });
    const second = await started();
    await settle(t.store, second, DONE);
    expect(await settle(t.store, second, DONE)).toEqual({ kind: "already_applied", status: "completed", ticket: null });

    const stale = await started();
    await expireLease(t.db, stale.id);
    const newer = await claimed(t.store, stale.id);
    expect(await settle(t.store, stale, DONE)).toEqual({ kind: "fenced" });
    expect(await settle(t.store, newer, DONE)).toMatchObject({ kind: "applied", status: "completed" });
  });

  it("gives the ticket of a lost hand-over again, as long as nobody took the job up", async () => {
    const toCpu = handOver(place("two", 1, "cpu"), OUTPUT);
    const job = await started();
    const first = await settle(t.store, job, toCpu);
    expect(first).toMatchObject({ kind: "applied", ticket: { dispatchNo: 2, lane: "cpu" } });
    const again = await settle(t.store, job, toCpu);
    expect(again).toEqual({
      kind: "already_applied",
      status: "processing",
      ticket: first.kind === "applied" && first.ticket,
    });

    // the reconciler was quicker: the ticket is the one it made
    await t.store.redispatch(await t.store.listTicketsDue(DUE));
    expect(await settle(t.store, job, toCpu)).toMatchObject({ kind: "already_applied", ticket: { dispatchNo: 3 } });

    await claimed(t.store, job.id);
    expect(await settle(t.store, job, toCpu)).toEqual({ kind: "fenced" });
  });

  it("gives no ticket for a hand-over that was cancelled since", async () => {
    const toCpu = handOver(place("two", 1, "cpu"), OUTPUT);
    const job = await started();
    await settle(t.store, job, toCpu);
    await t.store.cancel({ jobId: job.id, ownerId: null, by: "ann", reason: null });
    expect(await settle(t.store, job, toCpu)).toEqual({ kind: "already_applied", status: "cancelled", ticket: null });
  });

  it("lets a worker go on under the claim it kept, also when the lease ran out meanwhile, and not under another's", async () => {
    const job = await started();
    await settle(t.store, job, TO_TWO);
    const kept = { kind: "already_applied", status: "processing", ticket: null };
    expect(await settle(t.store, job, TO_TWO)).toEqual(kept);
    await expireLease(t.db, job.id);
    expect(await settle(t.store, job, TO_TWO)).toEqual(kept);
    expect(await settle(t.store, job, DONE, "two")).toMatchObject({ kind: "applied", status: "completed" });

    const lost = await started();
    await settle(t.store, lost, TO_TWO);
    await expireLease(t.db, lost.id);
    const newer = await claimed(t.store, lost.id);
    expect(await settle(t.store, lost, TO_TWO)).toEqual({ kind: "fenced" });
    await settle(t.store, newer, DONE, "two");
    expect(await settle(t.store, lost, TO_TWO)).toEqual({ kind: "fenced" });
    expect(await settle(t.store, newer, DONE, "two")).toMatchObject({ kind: "already_applied", status: "completed" });
  });

  it("knows its own settlement also when the first try commits while the second one waits for the row", async () => {
    const toCpu = handOver(place("two", 1, "cpu"), OUTPUT);
    for (const [verdict, dispatchNo] of [
      [TO_TWO, undefined],
      [toCpu, 2],
    ] as const) {
      const job = await started();
      const call = { request: { jobId: job.id, stage: job.stage, fence: job.fence, settlement: verdict }, ...HOLDER };
      let again: ReturnType<typeof settle> | undefined;
      await t.db.transaction(async (inside) => {
        expect(await settleJobs(inside, [call])).toMatchObject([{ kind: "applied" }]);
        again = settle(t.store, job, verdict);
        await until(() => isSomebodyWaitingForALock());
      });
      expect(await again).toMatchObject({ kind: "already_applied", ticket: dispatchNo ? { dispatchNo } : null });
    }
  });

  it("answers a batch of first tries, repeated ones and outdated ones, each in its place", async () => {
    const jobs = await Promise.all(Array.from({ length: 30 }, () => started()));
    for (const [i, job] of jobs.entries()) {
      if (i % 3 === 1) await settle(t.store, job, TO_TWO);
      if (i % 3 === 2) await expireLease(t.db, job.id);
      if (i % 3 === 2) await claimed(t.store, job.id);
    }
    const answers = await Promise.all(jobs.map((job) => settle(t.store, job, TO_TWO)));
    expect(answers.map(({ kind }) => kind)).toEqual(
      jobs.map((_, i) => ["applied", "already_applied", "fenced"][i % 3]),
    );
  });

  it("applies one of two settlements of the same claim", async () => {
    const job = await started();
    const answers = await Promise.all([settle(t.store, job, fail(ERROR)), settle(t.store, job, DONE)]);
    expect(answers.map(({ kind }) => kind).sort()).toEqual(["applied", "fenced"]);
  });

  it("A-Q11 writes the callback with the terminal status, for owners with an enabled endpoint only", async () => {
    const quiet = await started();
    await settle(t.store, quiet, DONE);
    expect(await t.store.listDeliveries(quiet.id)).toEqual([]);

    const ownerId = await createOwner(t.db);
    await createKeyStore(t.db).ensureCallbackEndpoint({ ownerId, url: "https://example.org/hook", secret: "s" });
    for (const [verdict, event] of [
      [DONE, "pipeline_job.completed"],
      [fail(ERROR), "pipeline_job.failed"],
      [cancelled(null), "pipeline_job.cancelled"],
    ] as const) {
      const { jobId } = await submitted(t.store, newJob(ownerId));
      const job = await claimed(t.store, jobId);
      await settle(t.store, job, TO_TWO);
      expect(await t.store.listDeliveries(jobId)).toEqual([]);
      await settle(t.store, job, verdict, "two");
      expect(await t.store.listDeliveries(jobId)).toMatchObject([{ event, status: "pending", attempts: 0 }]);
    }
  });

  it("parks at a gate, passes one that was approved early, ends at one that was rejected early", async () => {
    const atGate = parkForReview(gateOf("look"), place("two", 1), OUTPUT);
    const waiting = await started();
    expect(await settle(t.store, waiting, atGate)).toMatchObject({ status: "pending", isEarlyApproved: false });
    expect(await row(waiting.id)).toMatchObject({ waitingFor: "review", gate: "look", stage: "two", leaseUntil: null });

    const decide = (jobId: string, decision: "approved" | "rejected") =>
      t.store.decideReview({
        jobId,
        ownerId: t.ownerId,
        gate: "look",
        decision,
        decidedBy: "ann",
        roles: [],
        comment: "blurred",
      });
    const approved = await started();
    expect(await decide(approved.id, "approved")).toEqual({ kind: "kept" });
    expect(await settle(t.store, approved, atGate)).toMatchObject({ status: "pending", isEarlyApproved: true });
    expect(await row(approved.id)).toMatchObject({ waitingFor: "turn", gate: null, stage: "two" });

    const rejected = await started();
    await decide(rejected.id, "rejected");
    expect(await settle(t.store, rejected, atGate)).toMatchObject({ status: "failed" });
    expect(await row(rejected.id)).toMatchObject({ errorCode: "REVIEW_REJECTED", errorMessage: "blurred" });
    expect(await t.store.listStages(rejected.id)).toHaveLength(1);
  });

  it("settles a mixed batch, each row by its own verdict", async () => {
    const jobs = await Promise.all(Array.from({ length: 40 }, () => started()));
    const verdicts = [TO_TWO, DONE, fail(ERROR), handOver(place("two", 1, "cpu"), OUTPUT)];
    const answers = await Promise.all(jobs.map((job, i) => settle(t.store, job, verdicts[i % 4]!)));
    expect(answers.map((a) => a.kind === "applied" && a.status)).toEqual(
      jobs.map((_, i) => ["processing", "completed", "failed", "processing"][i % 4]),
    );
  });

  it("stores outputs that jsonb would refuse", async () => {
    const job = await started();
    await settle(
      t.store,
      job,
      complete({ output: { text: "a\u0000b" }, warnings: [{ code: "w", message: "\u0000" }] }),
    );
    expect((await row(job.id))?.result).toEqual({ text: "ab" });
    expect(await t.store.heartbeat([{ jobId: job.id, fence: job.fence, progress: 1 }], HOLDER.leaseMs)).toEqual([]);
  });
});
