import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type GateDecision, gateOf, judgeGate, refusalOf } from "./gate.ts";

const by = (decidedBy: string, more: Partial<GateDecision> = {}): GateDecision => ({
  decision: "approved",
  decidedBy,
  roles: [],
  comment: null,
  isSelf: false,
  ...more,
});

describe("a gate's policy", () => {
  test("a name alone is decided by the first person, whoever that is", () => {
    const { name, policy } = gateOf("final");
    expect(name).toBe("final");
    expect(judgeGate(policy, [])).toEqual({ kind: "open", approvals: 0, needed: 1 });
    expect(judgeGate(policy, [by("ann", { isSelf: true }), by("bob", { decision: "rejected" })]).kind).toBe("approved");
    expect(judgeGate(policy, [by("bob", { decision: "rejected" }), by("ann")]).kind).toBe("rejected");
  });

  test("N of M: as many different people, a repeated one counts once", () => {
    const { policy } = gateOf({ name: "final", approvals: 2 });
    expect(judgeGate(policy, [by("ann"), by("ann")])).toEqual({ kind: "open", approvals: 1, needed: 2 });
    expect(judgeGate(policy, [by("ann"), by("bob")])).toMatchObject({ kind: "approved", by: { decidedBy: "bob" } });
    expect(judgeGate(policy, [by("ann"), by("bob", { decision: "rejected" })]).kind).toBe("rejected");
  });

  test("only those with a role count, and nobody approves what they submitted where that is asked", () => {
    const { policy } = gateOf({ name: "final", roles: ["producer", "editor"], allowsSelfApproval: false });
    expect(refusalOf(policy, by("ann"))).toBe("role");
    expect(refusalOf(policy, by("ann", { roles: ["editor"], isSelf: true }))).toBe("self");
    expect(refusalOf(policy, by("ann", { roles: ["editor"], isSelf: true, decision: "rejected" }))).toBeUndefined();
    expect(judgeGate(policy, [by("ann"), by("bob", { roles: ["editor"] })])).toMatchObject({
      kind: "approved",
      by: { decidedBy: "bob" },
    });
  });

  test("a rejection without a reason does not count where one is asked for", () => {
    const { policy } = gateOf({ name: "final", needsReason: true });
    const blank = by("ann", { decision: "rejected", comment: " " });
    expect(refusalOf(policy, blank)).toBe("reason");
    expect(judgeGate(policy, [blank]).kind).toBe("open");
    expect(judgeGate(policy, [{ ...blank, comment: "too dark" }]).kind).toBe("rejected");
  });

  test.each([
    [{ name: "g", approvals: 0 }, "approvals"],
    [{ name: "g", approvals: 1.5 }, "approvals"],
    [{ name: "g", expiresInMs: 1_000 }, "onExpiry"],
    [{ name: "g", onExpiry: "reject" as const }, "onExpiry"],
  ])("%j is refused", (request, word) => {
    expect(() => gateOf(request)).toThrow(word);
  });

  test("whatever is decided in whatever order, a closed gate stays as it closed", () => {
    const decision: fc.Arbitrary<GateDecision> = fc.record({
      decision: fc.constantFrom("approved" as const, "rejected" as const),
      decidedBy: fc.constantFrom("ann", "bob", "cem", "dee"),
      roles: fc.subarray(["editor", "producer"]),
      comment: fc.constantFrom(null, "", "why"),
      isSelf: fc.boolean(),
    });
    const policy = fc.record({
      approvals: fc.integer({ min: 1, max: 3 }),
      roles: fc.subarray(["editor"]),
      allowsSelfApproval: fc.boolean(),
      needsReason: fc.boolean(),
      expiresInMs: fc.constant(null),
      onExpiry: fc.constant(null),
    });
    fc.assert(
      fc.property(policy, fc.array(decision, { maxLength: 8 }), (asked, decisions) => {
        const verdicts = decisions.map((_, n) => judgeGate(asked, decisions.slice(0, n + 1)));
        const closed = verdicts.findIndex(({ kind }) => kind !== "open");
        if (closed === -1) return;
        for (const later of verdicts.slice(closed)) expect(later).toEqual(verdicts[closed]);
        const verdict = verdicts[closed];
        if (verdict?.kind !== "approved") return;
        const counted = decisions.slice(0, closed + 1).filter((d) => refusalOf(asked, d) === undefined);
        expect(new Set(counted.map((d) => d.decidedBy)).size).toBe(asked.approvals);
      }),
    );
  });
});
