import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findUnstorable } from "./check-json-value.ts";

const nested = (depth: number): unknown => JSON.parse("[".repeat(depth) + "]".repeat(depth));

describe("findUnstorable", () => {
  it("lets every value through that JSON can hold and Postgres can store", () => {
    const text = fc.string({ unit: "grapheme" }).filter((value) => !value.includes("\0"));
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: "grapheme-ascii" }), text, (value, extra) => {
        expect(findUnstorable({ value, [extra]: extra })).toBeUndefined();
      }),
    );
  });

  it("finds one bad text wherever it stands and names the place", () => {
    for (const bad of ["a\0b", "\ud800", "x\udc00", "\udc00\ud800"]) {
      expect(findUnstorable({ a: [{ b: "ok" }, { b: bad }] })).toMatchObject({ field: "a[1].b", rule: "valid_text" });
      expect(findUnstorable({ a: { [bad]: 1 } })).toMatchObject({ field: "a", rule: "valid_text" });
      expect(findUnstorable(bad)).toMatchObject({ field: "body" });
    }
    expect(findUnstorable({ emoji: "😀 \u{10ffff}" })).toBeUndefined();
  });

  it("refuses nesting deeper than 64 levels without running out of stack", () => {
    expect(findUnstorable(nested(64))).toBeUndefined();
    expect(findUnstorable(nested(65))).toMatchObject({ rule: "max_depth" });
    expect(findUnstorable(nested(1_000_000))).toMatchObject({ rule: "max_depth" });
  });

  it("refuses a number that JSON would turn into null", () => {
    expect(findUnstorable(JSON.parse('{"n":[1,1e400]}'))).toMatchObject({ field: "n[1]", rule: "finite_number" });
  });
});
