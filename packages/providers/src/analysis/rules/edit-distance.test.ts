import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { editDistance } from "./edit-distance.ts";

describe("editDistance", () => {
  it.each([
    ["", "", 0],
    ["kitten", "sitting", 3],
    ["flaw", "lawn", 2],
    ["", "abc", 3],
    ["abc", "abd", 1],
  ])("of %j and %j is %i", (left, right, distance) => {
    expect(editDistance(left, right, 5)).toBe(distance);
  });

  it("stops one above its limit", () => {
    expect(editDistance("kitten", "sitting", 1)).toBe(2);
    expect(editDistance("a", "abcdef", 2)).toBe(3);
  });

  it("is symmetric and keeps the triangle's rule", () => {
    const word = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 8 });
    fc.assert(
      fc.property(word, word, word, (a, b, c) => {
        expect(editDistance(a, b, 20)).toBe(editDistance(b, a, 20));
        expect(editDistance(a, c, 20)).toBeLessThanOrEqual(editDistance(a, b, 20) + editDistance(b, c, 20));
      }),
    );
  });
});
