import { settableClock } from "@millrace/testing";
import { describe, expect, it } from "vitest";
import { cachedLookup } from "./cached-lookup.ts";

describe("cachedLookup", () => {
  it("asks once for callers that come together, and again when the answer is stale", async () => {
    const clock = settableClock();
    let asked = 0;
    const find = cachedLookup(async (key) => `${key}${++asked}`, { ttlMs: 1000, maxEntries: 10, clock });
    expect(await Promise.all([find("a", "a"), find("a", "a")])).toEqual(["a1", "a1"]);
    clock.advance(999);
    expect(await find("a", "a")).toBe("a1");
    clock.advance(1);
    expect(await find("a", "a")).toBe("a2");
  });

  it("remembers no failure", async () => {
    let isDown = true;
    const find = cachedLookup(
      async () => {
        if (isDown) throw new Error("down");
        return "up";
      },
      { ttlMs: 1000, maxEntries: 10, clock: settableClock() },
    );
    await expect(find("a", "a")).rejects.toThrow("down");
    isDown = false;
    expect(await find("a", "a")).toBe("up");
  });

  it("forgets the oldest when it is full", async () => {
    const asked: string[] = [];
    const find = cachedLookup(
      async (key) => {
        asked.push(key);
        return key;
      },
      { ttlMs: 1000, maxEntries: 2, clock: settableClock() },
    );
    for (const key of ["a", "b", "c", "b", "a"]) await find(key, key);
    expect(asked).toEqual(["a", "b", "c", "a"]);
  });
});
