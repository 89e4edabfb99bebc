import { settableClock } from "@millrace/testing";
import { describe, expect, it } from "vitest";
import { createSeenNonces } from "./seen-nonces.ts";

describe("createSeenNonces", () => {
  it("knows a nonce until its time is over", () => {
    const clock = settableClock();
    const nonces = createSeenNonces(clock);
    const until = clock.now().getTime() + 1_000;
    expect(nonces.isFirst("a", until)).toBe(true);
    expect(nonces.isFirst("b", until)).toBe(true);
    clock.advance(1_000);
    expect(nonces.isFirst("a", until)).toBe(false);
    clock.advance(1);
    expect(nonces.isFirst("a", until + 1_000)).toBe(true);
  });

  it("refuses rather than forget one that is still good", () => {
    const clock = settableClock();
    const nonces = createSeenNonces(clock, 2);
    const until = clock.now().getTime() + 1_000;
    nonces.isFirst("a", until);
    nonces.isFirst("b", until);
    expect(() => nonces.isFirst("c", until)).toThrow("Too many");
    expect(nonces.isFirst("a", until)).toBe(false);
    clock.advance(1_001);
    expect(nonces.isFirst("c", until + 2_000)).toBe(true);
  });
});
