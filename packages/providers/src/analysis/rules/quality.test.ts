import { describe, expect, it } from "vitest";
import { confidenceOf } from "./confidence.ts";
import { explanationOf, scoreOf, tierOf } from "./quality.ts";

it.each([
  ["S", "S"],
  [" b ", "B"],
  ["d", "D"],
  ["F", "C"],
  ["", "C"],
  [null, "C"],
  [3, "C"],
  [["A"], "C"],
])("tier %j is %s (A2.4)", (value, tier) => {
  expect(tierOf(value)).toBe(tier);
});

it.each([
  [85, 85],
  [85.9, 85],
  ["85", 85],
  ["85/100", 85],
  ["about 85", 50],
  [0, 1],
  [-7, 1],
  [101, 100],
  ["1e9", 100],
  [Number.NaN, 50],
  [Number.POSITIVE_INFINITY, 50],
  [undefined, 50],
  [null, 50],
  [true, 50],
  [{}, 50],
  [[85], 50],
])("score %j is %i (A2.4)", (value, score) => {
  expect(scoreOf(value)).toBe(score);
});

describe("confidenceOf (A2.4)", () => {
  it.each([
    ["high", "high"],
    ["Medium ", "medium"],
    ["LOW", "low"],
    ["certain", "unknown"],
    [undefined, "unknown"],
    [0.95, "high"],
    [0.7, "medium"],
    ["0.65", "medium"],
    [0.3, "low"],
    [Number.NaN, "unknown"],
  ])("%j is %s", (value, confidence) => {
    expect(confidenceOf(value)).toBe(confidence);
  });
});

it("an explanation is at most three short texts", () => {
  expect(explanationOf(["a", " ", 4, "b\0", null, "c", "d"])).toEqual(["a", "4", "b"]);
  expect(explanationOf("It is deep. It is long! Why? More.")).toEqual(["It is deep.", "It is long!", "Why?"]);
  expect(explanationOf(["x".repeat(1_000)])[0]).toHaveLength(300);
  expect(explanationOf(7)).toEqual([]);
});
