import { parkForReview } from "@millrace/core";
import { describe, expect, it } from "vitest";
import { claimed, events, newJob, OUTPUT, place, settle, storeUnderTest, submitted } from "../job-store.fixture.ts";
import { newId } from "../new-id.ts";

const t = storeUnderTest();
const AT_GATE = parkForReview("look", place("two", 1), OUTPUT);

async function started() {
  const { jobId } = await submitted(t.store, newJob(t.ownerId));
  return claimed(t.store, jobId);
}

async function atGate() {
  const job = await started();
  await settle(t.store, job, AT_GATE);
  return job;
}

const decide = (jobId: string, decision: "approved" | "rejected", ownerId: string | null = null) =>
  t.store.decideReview({ jobId, ownerId, gate: "look", decision, decidedBy: "ann", comment: null });

describe("decide a review", () => {
  it("sends an approved job back to the backlog, once", async () => {
    const { id } = await atGate();
    expect(await decide(id, "approved")).toEqual({ kind: "applied", status: "pending" });
    expect(await t.store.findJob(id, null)).toMatchObject({ waitingFor: "turn", gate: null, stage: "two" });
    expect(await decide(id, "rejected")).toEqual({ kind: "already_decided", decision: "approved" });
    expect(await events(t.store, id)).toEqual(["submit", "claim", "wait_for_review", "approve"]);
    expect((await t.store.dispatch("io", 100)).map(({ jobId }) => jobId)).toContain(id);
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
    expect(await decide(id, "approved", newId())).toEqual({ kind: "not_found" });
    expect(await decide("nonsense", "approved")).toEqual({ kind: "not_found" });
    await t.store.cancel({ jobId: id, ownerId: null, by: "ann", reason: null });
    expect(await decide(id, "approved")).toEqual({ kind: "terminal", status: "cancelled" });
  });

  it("never loses a decision that races the stage that parks", async () => {
    for (let round = 0; round < 30; round += 1) {
      const job = await started();
      const [settled, decided] = await Promise.all([settle(t.store, job, AT_GATE), decide(job.id, "approved")]);
      expect(settled.kind).toBe("applied");
      expect(["applied", "kept"]).toContain(decided.kind);
      expect(await t.store.findJob(job.id, null)).toMatchObject({ status: "pending", waitingFor: "turn" });
    }
  });
});
