import { expect, test } from "vitest";
import { htmlText } from "./html.ts";
import { agoTag, durationText } from "./show-time.ts";

test.each([
  [0, "0 ms"],
  [-5, "0 ms"],
  [829.6, "830 ms"],
  [999, "999 ms"],
  [1_000, "1.0 s"],
  [4_250, "4.2 s"],
  [59_999, "59.9 s"],
  [60_000, "1 min"],
  [200_000, "3 min 20 s"],
  [3_600_000, "1 h"],
  [7_500_000, "2 h 5 min"],
  [273_600_000, "3 d 4 h"],
])("%d ms reads as %s", (ms, text) => {
  expect(durationText(ms)).toBe(text);
});

test("says how long ago or how soon, with the exact instant on hover", () => {
  const now = new Date("2026-01-01T00:01:00Z");
  expect(htmlText(agoTag(new Date("2026-01-01T00:00:50Z"), now))).toBe(
    '<time datetime="2026-01-01T00:00:50.000Z" title="2026-01-01T00:00:50.000Z">10 s ago</time>',
  );
  expect(htmlText(agoTag(new Date("2026-01-01T00:03:00Z"), now))).toContain(">in 2 min<");
});
