import { readFileSync } from "node:fs";
import { jobLifecycle, type Lifecycle } from "@millrace/core";
import { expect, test } from "vitest";
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
  const page = lifecyclePage(door);
  expect(page).toContain("  open --> shut: close, slam\n");
  expect(page).toContain("  shut --> shut: paint\n");
  expect(page).toContain("  walled_up --> [*]\n");
  expect(page).toContain("| `paint` | host  | open      | shut      | ·              |");
});

test("A-S06 the committed picture of the job lifecycle is the one its table gives (npm run lifecycles)", () => {
  const committed = readFileSync(new URL("../docs/lifecycles/job.md", import.meta.url), "utf8");
  expect(committed).toBe(lifecyclePage(jobLifecycle));
});
