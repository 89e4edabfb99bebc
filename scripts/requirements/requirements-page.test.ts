import { expect, test } from "vitest";
import type { RequirementSet } from "./requirement.ts";
import { openIn, requirementsPage, strangeIds } from "./requirements-page.ts";

const set: RequirementSet = {
  title: "Some",
  introduction: "All of it.",
  isComplete: false,
  requirements: [
    { id: "A-S01", summary: "one" },
    { id: "A-S02", summary: "two", note: "a rule" },
    { id: "B-S25", summary: "three" },
    { id: "B-S25a", summary: "four" },
    { id: "D-1", summary: "five" },
  ],
};
const files = [
  {
    path: "a/src/one.test.ts",
    titles: [
      { text: "A-S01 D-10 takes [a|b]", line: 1, tests: 3 },
      { text: "also (A-S01, B-S25a)", line: 2, tests: 1 },
      { text: "xA-S01 and A-S011 are none", line: 3, tests: 1 },
    ],
  },
];

test("shows each requirement with the titles that cite it, and counts", () => {
  const page = requirementsPage([set], files);
  expect(page).toContain("5 requirements: 2 with tests, 1 by a note alone, 2 not yet.\n");
  expect(page).toContain(
    "| A-S01 | one | [src/one.test.ts](../a/src/one.test.ts): A-S01 D-10 takes \\[a\\|b\\] (3); also (A-S01, B-S25a) |\n",
  );
  expect(page).toContain("| A-S02 | two | a rule |\n");
  expect(page).toContain("| B-S25 | three | not yet |\n");
  expect(page).toContain("| B-S25a | four | [src/one.test.ts]");
});

test("tells what is open, and ids that no list knows", () => {
  expect(openIn(set, files).map(({ id }) => id)).toEqual(["B-S25", "D-1"]);
  expect(strangeIds([set], files)).toEqual(["a/src/one.test.ts: D-10"]);
});
