import { type ClaimedJob, type HeldAnswer, type HeldClaim, type JobStore, silentLog } from "@millrace/core";
import { describe, expect, it } from "vitest";
import { createHeldClaims } from "./held-claims.ts";

const jobOf = (id: string) => ({ id, fence: 1 }) as ClaimedJob;

/** Claims over a store whose heartbeat answers as told. */
function claimsWith(answer: (held: readonly HeldClaim[]) => HeldAnswer[]) {
  const asked: (readonly HeldClaim[])[] = [];
  const store = {
    async heartbeat(held: readonly HeldClaim[]) {
      asked.push(held);
      return answer(held);
    },
  } as unknown as JobStore;
  return { asked, claims: createHeldClaims({ store, leaseMs: 1_000, log: silentLog }) };
}

const keepAll = (held: readonly HeldClaim[]): HeldAnswer[] =>
  held.map(({ jobId, fence }) => ({ jobId, fence, isCancelRequested: false }));

describe("createHeldClaims", () => {
  it("asks for all claims in one statement, with their progress, and for none when none is held", async () => {
    const { asked, claims } = claimsWith(keepAll);
    await claims.heartbeat();
    claims.hold(jobOf("a"), 0);
    claims.hold(jobOf("b"), 0).progress = 40;
    await claims.heartbeat();
    expect(asked).toEqual([
      [
        { jobId: "a", fence: 1, progress: null },
        { jobId: "b", fence: 1, progress: 40 },
      ],
    ]);
  });

  it("aborts a claim that does not come back, unless it is being settled", async () => {
    const { claims } = claimsWith(() => []);
    const causes: string[] = [];
    const lost = claims.hold(jobOf("lost"), 0);
    lost.onAbort = (cause) => causes.push(`lost ${cause}`);
    const settling = claims.hold(jobOf("settling"), 0);
    settling.isSettling = true;
    settling.onAbort = (cause) => causes.push(`settling ${cause}`);
    await claims.heartbeat();
    expect(causes).toEqual(["lost lease_lost"]);
  });

  it("knows until when a claim is its own: from the last time it asked and was told so", async () => {
    let isAnswered = true;
    const { claims } = claimsWith((held) => {
      if (isAnswered) return keepAll(held);
      throw new Error("away");
    });
    const entry = claims.hold(jobOf("a"), -5_000);
    expect(entry.leasedUntil).toBe(-4_000);
    const askedAt = performance.now();
    await claims.heartbeat();
    const { leasedUntil } = entry;
    expect(leasedUntil).toBeGreaterThanOrEqual(askedAt + 1_000);
    isAnswered = false;
    await expect(claims.heartbeat()).rejects.toThrow("away");
    expect(entry.leasedUntil).toBe(leasedUntil);
  });

  it("tells a requested cancel once", async () => {
    const { claims } = claimsWith((held) => keepAll(held).map((a) => ({ ...a, isCancelRequested: true })));
    const causes: string[] = [];
    const entry = claims.hold(jobOf("a"), 0);
    entry.onAbort = (cause) => causes.push(cause);
    await claims.heartbeat();
    await claims.heartbeat();
    expect(causes).toEqual(["cancel"]);
    expect(entry.isCancelRequested).toBe(true);
  });

  it("says when the last one is gone", async () => {
    const { claims } = claimsWith(keepAll);
    const [a, b] = [claims.hold(jobOf("a"), 0), claims.hold(jobOf("b"), 0)];
    let isEmpty = false;
    const empty = claims.whenEmpty().then(() => {
      isEmpty = true;
    });
    claims.release(a);
    await Promise.resolve();
    expect(isEmpty).toBe(false);
    claims.release(b);
    await empty;
    expect(claims.size).toBe(0);
  });
});
