import { describe, expect, it } from "vitest";
import { parseDuration, parseSince } from "./parse-time.ts";

describe("parseDuration", () => {
  it.each([
    ["90s", 90_000],
    ["30m", 1_800_000],
    ["2h", 7_200_000],
    ["7d", 604_800_000],
    ["0s", 0],
  ])("reads %s", (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(["", "2", "h", "-1h", "1.5h", "2 h", "1w", "9999999s"])("refuses '%s'", (text) => {
    expect(() => parseDuration(text)).toThrow("2h");
  });
});

describe("parseSince", () => {
  const now = new Date("2026-01-31T12:00:00Z");

  it("reads a time ago and an instant", () => {
    expect(parseSince("2h", now)).toEqual(new Date("2026-01-31T10:00:00Z"));
    expect(parseSince("2026-01-30T00:00:00Z", now)).toEqual(new Date("2026-01-30T00:00:00Z"));
    expect(parseSince("2026-01-30", now)).toEqual(new Date("2026-01-30T00:00:00Z"));
  });

  it.each(["", "yesterday", "2026-13-40", "5"])("refuses '%s'", (text) => {
    expect(() => parseSince(text, now)).toThrow("instant");
  });
});
