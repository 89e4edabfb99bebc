import { expect, it } from "vitest";
import { barLine, createProgressBar } from "./progress-bar.ts";

it("says how far, how fast and how long", () => {
  expect(barLine(340, 1_000, 6_800)).toBe("[##########------------------]  34 %  340 of 1000  50/s  14 s left");
  expect(barLine(3, 3, 0)).toBe("[############################] 100 %  3 of 3  0/s");
  expect(barLine(0, 0, 0)).toContain("100 %");
});

it("redraws itself on a terminal, not for each step, and writes nothing elsewhere", () => {
  let now = 1_000;
  const written: string[] = [];
  const screen = { isTTY: true, write: (text: string) => written.push(text) };
  const bar = createProgressBar(screen, 3, () => now);
  bar.show(1);
  bar.show(2);
  now += 100;
  bar.show(3);
  bar.end();
  expect(written).toHaveLength(3);
  expect(written[1]).toContain("3 of 3");
  const silent = createProgressBar({ write: (text: string) => written.push(text) }, 3);
  silent.show(3);
  silent.end();
  expect(written).toHaveLength(3);
});
