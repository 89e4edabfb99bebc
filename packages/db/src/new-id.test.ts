import { describe, expect, it } from "vitest";
import { isUuid } from "./is-uuid.ts";
import { newId } from "./new-id.ts";

describe("newId", () => {
  it("makes version 7 uuids that carry the time", () => {
    const before = Date.now();
    const id = newId();
    expect(isUuid(id)).toBe(true);
    expect(id).toMatch(/^.{14}7.{4}[89ab]/);
    expect(Number.parseInt(id.replace("-", "").slice(0, 12), 16)).toBeGreaterThanOrEqual(before);
  });

  it("grows within a process, also when the counter of a millisecond runs out or the clock goes back", () => {
    const now = Date.now() + 1_000;
    const ids = [...Array.from({ length: 20_000 }, () => newId(now)), newId(now - 5_000), newId(now + 10_000)];
    expect(ids).toEqual([...ids].sort());
    expect(new Set(ids).size).toBe(ids.length);
  });
});
