import { type GatePolicy, gateOf, parkForReview, type ReviewDecision } from "@millrace/core";
import { describe, expect, it } from "vitest";
import { claimed, events, newJob, OUTPUT, place, settle, storeUnderTest, submitted } from "../job-store.fixture.ts";
import { newId } from "../new-id.ts";
import { createReviewStore } from "../review-store.ts";

const t = storeUnderTest();
const parkAt = (policy: Partial<GatePolicy> = {}) =>
  parkForReview(gateOf({ name: "look", ...policy }), place("two", 1), OUTPUT);
const AT_GATE = parkAt();

async function started(overrides = {}) {
  const { jobId } = await submitted(t.store, newJob(t.ownerId, overrides));
  return claimed(t.store, jobId);
}

async function atGate(policy: Partial<GatePolicy> = {}, overrides = {}) {
  const job = await started(overrides);
  await settle(t.store, job, parkAt(policy));
  return job;
}

interface Said {
  readonly by?: string;
  readonly roles?: readonly string[];
  readonly ownerId?: string | null;
  readonly comment?: string | null;
}

const decide = (jobId: string, decision: "approved" | "rejected", said: Said = {}) => {
  const { by = "ann", roles = [], ownerId = null, comment = null } = said;
  return t.store.decideReview({ jobId, ownerId, gate: "look", decision, decidedBy: by, roles, comment });
};

const gateOfJob = async (jobId: string) => (await t.store.listGates(jobId))[0];

describe("decide together", () => {
  const reviews = () => createReviewStore(t.db);
  const said = (jobId: string, over: Partial<ReviewDecision> = {}): ReviewDecision => ({
    jobId,
    ownerId: null,
    gate: "look",
    decision: "approved",
    decidedBy: "ann",
    roles: [],
    comment: null,
    ...over,
  });

  it("decides all of them, and says again what was said before", async () => {
    const [a, b] = [await atGate(), await atGate({ approvals: 2 })];
    const both = [said(b.id), said(a.id)];
    expect(await reviews().decideTogether(both)).toEqual({
      kind: "decided",
      answers: [
        { kind: "counted", approvals: 1, needed: 2 },
        { kind: "applied", status: "pending" },
      ],
    });
    expect(await reviews().decideTogether(both)).toMatchObject({ kind: "decided" });
    expect(await t.store.findJob(a.id, null)).toMatchObject({ waitingFor: "turn" });
  });

  it("decides none when one of them does not stand", async () => {
    const [a, b, early] = [await atGate(), await atGate({ needsReason: true }), await started()];
    const rejected = { decision: "rejected" } as const;
    for (const other of [said(b.id, rejected), said(early.id, rejected), said(newId(), rejected)]) {
      const answer = await reviews().decideTogether([said(a.id, rejected), other]);
      expect(answer.kind).toBe("refused");
      expect(answer.answers[0]).toEqual({ kind: "applied", status: "failed" });
    }
    expect(await t.store.findJob(a.id, null)).toMatchObject({ status: "pending", waitingFor: "review" });
    expect((await gateOfJob(a.id))?.reviews).toEqual([]);
    expect(await t.store.listGates(early.id)).toEqual([]);
  });

  it("never waits for another that decides the same jobs in another order", async () => {
    const jobs: string[] = [];
    for (let count = 0; count < 4; count++) jobs.push((await atGate()).id);
    const answers = await Promise.all(
      ["ann", "bob", "eve"].map((decidedBy, index) => {
        const order = index % 2 ? jobs.toReversed() : jobs;
        return reviews().decideTogether(order.map((id) => said(id, { decidedBy })));
      }),
    );
    expect(answers.map(({ kind }) => kind)).toEqual(["decided", "decided", "decided"]);
  });
});

describe("decide a review", () => {
  it("keeps what else was said with a decision", async () => {
    const { id } = await atGate();
    const details = { step: "video", clips: [3, 7] };
    const by = { jobId: id, ownerId: null, gate: "look", decidedBy: "ann", roles: [], comment: "no\u0000pe" };
    await t.store.decideReview({ ...by, decision: "rejected", details });
    expect((await gateOfJob(id))?.reviews).toMatchObject([{ comment: "nope", details }]);
  });

  it("sends an approved job back to the backlog, once", async () => {
    const { id } = await atGate();
    expect(await decide(id, "approved")).toEqual({ kind: "applied", status: "pending" });
    expect(await t.store.findJob(id, null)).toMatchObject({ waitingFor: "turn", gate: null, stage: "two" });
    expect(await decide(id, "rejected", { by: "bob" })).toEqual({ kind: "already_decided", decision: "approved" });
    expect(await events(t.store, id)).toEqual(["submit", "claim", "wait_for_review", "approve"]);
    expect((await t.store.dispatch("io", 100)).map(({ jobId }) => jobId)).toContain(id);
    expect(await gateOfJob(id)).toMatchObject({
      gate: "look",
      verdict: "approved",
      closedAt: expect.any(Date),
      reviews: [{ decidedBy: "ann", decision: "approved", at: expect.any(Date) }],
    });
  });

  it("fails a rejected job", async () => {
    const { id } = await atGate();
    expect(await decide(id, "rejected")).toEqual({ kind: "applied", status: "failed" });
    expect(await t.store.findJob(id, null)).toMatchObject({
      errorCode: "REVIEW_REJECTED",
      finishedAt: expect.any(Date),
    });
    expect(await decide(id, "rejected")).toEqual({ kind: "already_decided", decision: "rejected" });
  });

  it("knows neither foreign jobs nor terminal ones without a decision", async () => {
    const { id } = await atGate();
    expect(await decide(id, "approved", { ownerId: newId() })).toEqual({ kind: "not_found" });
    expect(await decide("nonsense", "approved")).toEqual({ kind: "not_found" });
    await t.store.cancel({ jobId: id, ownerId: null, by: "ann", reason: null });
    expect(await decide(id, "approved")).toEqual({ kind: "terminal", status: "cancelled" });
  });

  it("waits for as many different people as the gate asks for", async () => {
    const { id } = await atGate({ approvals: 2 });
    expect(await decide(id, "approved")).toEqual({ kind: "counted", approvals: 1, needed: 2 });
    expect(await decide(id, "approved")).toEqual({ kind: "already_decided", decision: "approved" });
    expect(await t.store.findJob(id, null)).toMatchObject({ waitingFor: "review" });
    expect(await decide(id, "approved", { by: "bob" })).toEqual({ kind: "applied", status: "pending" });
  });

  it("takes the decision of nobody without the role, nor a rejection without the reason it asks for", async () => {
    const { id } = await atGate({ roles: ["producer"], needsReason: true });
    expect(await decide(id, "approved")).toMatchObject({ kind: "refused", rule: "role" });
    const producer = { by: "pia", roles: ["producer"] };
    expect(await decide(id, "rejected", producer)).toMatchObject({ kind: "refused", rule: "reason" });
    expect((await gateOfJob(id))?.reviews).toEqual([]);
    const rejected = await decide(id, "rejected", { ...producer, comment: "clip 7 flickers" });
    expect(rejected).toEqual({ kind: "applied", status: "failed" });
    expect(await t.store.findJob(id, null)).toMatchObject({ errorMessage: "clip 7 flickers" });
  });

  it("lets nobody approve what they submitted, where the gate says so", async () => {
    const own = { metadata: { submitted_by: "ann" } };
    const { id } = await atGate({ allowsSelfApproval: false }, own);
    expect(await decide(id, "approved")).toMatchObject({ kind: "refused", rule: "self" });
    expect(await decide(id, "approved", { by: "bob" })).toMatchObject({ kind: "applied" });
    const allowed = await atGate({}, own);
    expect(await decide(allowed.id, "approved")).toMatchObject({ kind: "applied" });
  });

  it("judges decisions that came early by the policy the job arrives with", async () => {
    const job = await started();
    expect(await decide(job.id, "approved")).toEqual({ kind: "kept" });
    expect(await decide(job.id, "approved", { by: "pia", roles: ["producer"] })).toEqual({ kind: "kept" });
    await settle(t.store, job, parkAt({ approvals: 2, roles: ["producer"] }));
    expect(await t.store.findJob(job.id, null)).toMatchObject({ waitingFor: "review" });
    const last = await decide(job.id, "approved", { by: "pal", roles: ["producer"] });
    expect(last).toEqual({ kind: "applied", status: "pending" });
  });

  it("never loses a decision that races the stage that parks", async () => {
    for (let round = 0; round < 30; round += 1) {
      const job = await started();
      const [settled, decided] = await Promise.all([settle(t.store, job, AT_GATE), decide(job.id, "approved")]);
      expect(settled.kind).toBe("applied");
      expect(["applied", "kept"]).toContain(decided.kind);
      expect(await t.store.findJob(job.id, null)).toMatchObject({ status: "pending", waitingFor: "turn" });
      expect(await gateOfJob(job.id)).toMatchObject({ verdict: "approved" });
    }
  });

  it("counts every approval of many at once, and moves the job on once", async () => {
    const { id } = await atGate({ approvals: 3 });
    const answers = await Promise.all(["a", "b", "c", "d", "e"].map((by) => decide(id, "approved", { by })));
    const kinds = answers.map(({ kind }) => kind).sort();
    expect(kinds).toEqual(["already_decided", "already_decided", "applied", "counted", "counted"]);
    expect((await events(t.store, id)).filter((event) => event === "approve")).toHaveLength(1);
  });
});

describe("gates that expire", () => {
  const runOut = async (jobId: string) => {
    await t.db.query("update job_gates set expires_at = now() - interval '1 s' where job_id = $1::uuid", [jobId]);
  };

  it("end the job as the gate says: never approved", async () => {
    const rejecting = await atGate({ expiresInMs: 60_000, onExpiry: "reject" });
    const cancelling = await atGate({ expiresInMs: 60_000, onExpiry: "cancel" });
    const waiting = await atGate({ expiresInMs: 60_000, onExpiry: "reject" });
    await runOut(rejecting.id);
    await runOut(cancelling.id);
    expect(await t.store.expireGates(10)).toBe(2);
    expect(await t.store.findJob(rejecting.id, null)).toMatchObject({ status: "failed", errorCode: "REVIEW_EXPIRED" });
    expect(await t.store.findJob(cancelling.id, null)).toMatchObject({
      status: "cancelled",
      errorCode: null,
      cancelReason: expect.stringContaining("look"),
    });
    expect(await t.store.findJob(waiting.id, null)).toMatchObject({ status: "pending", waitingFor: "review" });
    expect(await decide(rejecting.id, "approved")).toEqual({ kind: "terminal", status: "failed" });
    expect(await gateOfJob(rejecting.id)).toMatchObject({ verdict: "expired" });
    expect(await t.store.expireGates(10)).toBe(0);
  });

  it("leave a job alone that was decided or cancelled in time", async () => {
    const approved = await atGate({ expiresInMs: 60_000, onExpiry: "reject" });
    await decide(approved.id, "approved");
    const cancelled = await atGate({ expiresInMs: 60_000, onExpiry: "reject" });
    await t.store.cancel({ jobId: cancelled.id, ownerId: null, by: "ann", reason: null });
    await runOut(approved.id);
    await runOut(cancelled.id);
    expect(await t.store.expireGates(10)).toBe(0);
    expect(await t.store.findJob(approved.id, null)).toMatchObject({ status: "pending", waitingFor: "turn" });
    expect(await t.store.findJob(cancelled.id, null)).toMatchObject({ status: "cancelled" });
    expect(await gateOfJob(cancelled.id)).toMatchObject({ closedAt: expect.any(Date), verdict: null });
  });

  it("judge a job by its own row, whatever they read of its gate before", async () => {
    const { id } = await atGate({ expiresInMs: 60_000, onExpiry: "reject" });
    await decide(id, "approved");
    // as a statement sees the gate that began before the decision was committed
    await t.db.query("update job_gates set closed_at = null, verdict = null where job_id = $1::uuid", [id]);
    await runOut(id);
    expect(await t.store.expireGates(10)).toBe(0);
    expect(await t.store.findJob(id, null)).toMatchObject({ status: "pending", waitingFor: "turn" });
  });

  it("a decision that races the expiry wins or loses whole", async () => {
    for (let round = 0; round < 20; round += 1) {
      const { id } = await atGate({ expiresInMs: 60_000, onExpiry: "reject" });
      await runOut(id);
      const [decided, expired] = await Promise.all([decide(id, "approved"), t.store.expireGates(10)]);
      const job = await t.store.findJob(id, null);
      if (decided.kind === "applied") {
        expect(job).toMatchObject({ status: "pending", waitingFor: "turn" });
        expect(expired).toBe(0);
      } else {
        expect(decided).toEqual({ kind: "terminal", status: "failed" });
        expect(job).toMatchObject({ status: "failed", errorCode: "REVIEW_EXPIRED" });
      }
    }
  });
});
