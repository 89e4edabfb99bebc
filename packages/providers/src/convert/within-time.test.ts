import { expect, test } from "vitest";
import { isOutOfTime, withinTime } from "./within-time.ts";

test("gives back what the work made", () => {
  expect(withinTime(1_000, () => 42)).toBe(42);
});

test("stops work that would never end, and works again afterwards", () => {
  const spin = () => {
    for (let n = 0; ; n += 1) if (n < 0) return n;
  };
  let error: unknown;
  try {
    withinTime(50, spin);
  } catch (caught) {
    error = caught;
  }
  expect(isOutOfTime(error)).toBe(true);
  expect(withinTime(1_000, () => "still here")).toBe("still here");
});

test("passes on what the work throws", () => {
  const problem = new RangeError("too deep");
  const act = () =>
    withinTime(1_000, () => {
      throw problem;
    });
  expect(act).toThrow(problem);
  expect(isOutOfTime(problem)).toBe(false);
});
