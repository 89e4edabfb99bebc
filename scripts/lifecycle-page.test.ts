import { readFileSync } from "node:fs";
import type { Lifecycle } from "@millrace/core";
import { expect, test } from "vitest";
import { LIFECYCLES } from "./all-lifecycles.ts";
import { lifecyclePage } from "./lifecycle-page.ts";

const door: Lifecycle<string, string, string> = {
  name: "door",
  states: ["open", "shut", "walled_up"],
  initial: "open",
  terminal: ["walled_up"],
  transitions: [
    { event: "close", from: ["open"], to: "shut", by: "guest" },
    { event: "slam", from: ["open"], to: "shut", by: "guest" },
    { event: "paint", from: ["open", "shut"], to: "same", by: "host" },
    { event: "brick", from: ["shut"], to: "walled_up", by: "host" },
  ],
};

test("draws every arrow once and writes out the whole matrix", () => {
  const page = lifecyclePage(door, "doors.ts");
  expect(page).toContain("  open --> shut: close, slam\n");
  expect(page).toContain("  shut --> shut: paint\n");
  expect(page).toContain("  walled_up --> [*]\n");
  expect(page).toContain("| `paint` | host  | open      | shut      | ·              |");
});

test("has a line for each state where there are many", () => {
  const rooms = Array.from({ length: 9 }, (_, n) => `room_${n}`);
  const walk: Lifecycle<string, string, string> = {
    name: "walk",
    states: rooms,
    initial: "room_0",
    terminal: [],
    transitions: [{ event: "leap", from: ["room_0"], to: "room_8", by: "cat" }],
  };
  const page = lifecyclePage(walk, "walk.ts");
  expect(page).toMatch(/\| 1 +\| `room_0` \| `room_8` \(leap, cat\) \|/);
  expect(page).toContain("No state is final.");
});

test.each(LIFECYCLES)(
  "A-S06 C-Q01 the committed picture of $lifecycle.name is the one its table gives (npm run lifecycles)",
  ({ lifecycle, source }) => {
    const committed = readFileSync(new URL(`../docs/lifecycles/${lifecycle.name}.md`, import.meta.url), "utf8");
    expect(committed).toBe(lifecyclePage(lifecycle, source));
  },
);
