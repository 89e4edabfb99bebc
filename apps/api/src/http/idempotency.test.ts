import { describe, expect, it } from "vitest";
import { fingerprintOf, isReplay, readIdempotencyKey } from "./idempotency.ts";

const request = { method: "POST", path: "/api/v1/jobs", query: {}, content: { a: 1, b: { c: [1, 2], d: null } } };

describe("A-Q02 Idempotency-Key", () => {
  it("has 1 to 255 printable characters", () => {
    expect(readIdempotencyKey(undefined)).toBeNull();
    for (const key of ["x", "a b~!", "k".repeat(255)]) expect(readIdempotencyKey(key)).toBe(key);
    for (const key of ["", "k".repeat(256), "tab\t", "ä"]) {
      expect(() => readIdempotencyKey(key), JSON.stringify(key)).toThrow("printable");
    }
  });

  it("a fingerprint does not see the order of keys, but everything else", () => {
    const same = { ...request, content: { b: { d: null, c: [1, 2] }, a: 1 } };
    expect(fingerprintOf(same)).toBe(fingerprintOf(request));
    for (const other of [
      { ...request, method: "PUT" },
      { ...request, path: "/api/v1/ingest" },
      { ...request, query: { force: "true" } },
      { ...request, content: { ...request.content, a: "1" } },
      { ...request, content: { a: 1, b: { c: [2, 1], d: null } } },
    ]) {
      expect(fingerprintOf(other)).not.toBe(fingerprintOf(request));
    }
  });

  it("a key first used with another request is refused", () => {
    const answer = {
      kind: "replayed" as const,
      jobId: "j",
      contentId: null,
      status: "pending" as const,
      requestFingerprint: "f",
    };
    expect(isReplay(answer, "f")).toBe(true);
    expect(() => isReplay(answer, "g")).toThrow(expect.objectContaining({ code: "IDEMPOTENCY_KEY_REUSED" }));
    expect(isReplay({ ...answer, kind: "created" }, "g")).toBe(false);
  });
});
