import { describe, expect, test } from "vitest";
import { parseConcurrency, parseLane, parseRate, parseWindow, rateText } from "./parse-limits.ts";

describe("parseRate", () => {
  test.each([
    ["100/1s", { max: 100, durationMs: 1_000 }],
    ["100/s", { max: 100, durationMs: 1_000 }],
    ["5/500ms", { max: 5, durationMs: 500 }],
    ["1000/1m", { max: 1_000, durationMs: 60_000 }],
    ["7/2h", { max: 7, durationMs: 7_200_000 }],
    ["none", null],
  ])("%s", (text, expected) => {
    expect(parseRate(text)).toEqual(expected);
  });

  test.each(["", "100", "100/", "/1s", "0/1s", "1/0s", "-1/1s", "1.5/1s", "100/1d", "100 / 1s", "1/999999h", "1/1s "])(
    "refuses %j and says the rule",
    (text) => {
      expect(() => parseRate(text)).toThrow("100/1s");
    },
  );
});

test.each([
  [{ max: 100, durationMs: 1_000 }, "100/1s"],
  [{ max: 5, durationMs: 500 }, "5/500ms"],
  [{ max: 5, durationMs: 1_500 }, "5/1500ms"],
  [{ max: 9, durationMs: 7_200_000 }, "9/2h"],
  [null, "none"],
])("%j is shown as %s, which is read back as the same", (rate, text) => {
  expect(rateText(rate)).toBe(text);
  expect(parseRate(text)).toEqual(rate);
});

test("counts are whole and from 1; only a concurrency can be none; a lane is one of the three", () => {
  expect(parseConcurrency("20")).toBe(20);
  expect(parseConcurrency("none")).toBeNull();
  expect(parseWindow("10000")).toBe(10_000);
  for (const text of ["0", "-1", "1.5", "x", "", "99999999999"]) {
    expect(() => parseConcurrency(text)).toThrow("none");
    expect(() => parseWindow(text)).toThrow("tickets");
  }
  expect(() => parseWindow("none")).toThrow("tickets");
  expect(parseLane("io")).toBe("io");
  expect(() => parseLane("gpu")).toThrow("io, cpu, media");
});
