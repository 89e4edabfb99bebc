import fc from "fast-check";
import { expect, test } from "vitest";
import { rangeOf } from "./send-unit.ts";

test.each([
  ["bytes=0-99", { start: 0, end: 99 }],
  ["bytes=10-", { start: 10, end: 999 }],
  ["bytes=-5", { start: 995, end: 999 }],
  ["bytes=-5000", { start: 0, end: 999 }],
  ["bytes=990-5000", { start: 990, end: 999 }],
  ["bytes=1000-", "unsatisfiable"],
  ["bytes=-0", "unsatisfiable"],
  ["bytes=5-4", null],
  ["bytes=0-1,5-6", null],
  ["bytes=-", null],
  ["lines=0-1", null],
  [undefined, null],
] as const)("of 1,000 bytes %s is %j", (header, range) => {
  expect(rangeOf(header, 1_000)).toEqual(range);
});

test("whatever is asked, a range lies within the bytes", () => {
  const number = fc.option(fc.nat({ max: 3_000 }), { nil: "" });
  fc.assert(
    fc.property(number, number, fc.nat({ max: 2_000 }), (first, last, bytes) => {
      const range = rangeOf(`bytes=${first}-${last}`, bytes);
      if (range === null || range === "unsatisfiable") return;
      expect(range.start).toBeGreaterThanOrEqual(0);
      expect(range.start).toBeLessThanOrEqual(range.end);
      expect(range.end).toBeLessThan(bytes);
    }),
  );
});
