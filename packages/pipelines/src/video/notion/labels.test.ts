import fc from "fast-check";
import { expect, it } from "vitest";
import { TASK_STATUSES } from "../task-lifecycle.ts";
import { LABEL_ALIASES, labelOf, priorityOfLabel, statusOfLabel } from "./labels.ts";

const labels = TASK_STATUSES.flatMap((status) =>
  [labelOf(status), status, ...LABEL_ALIASES[status]].map((label) => ({ status, label })),
);

it("C-Q21 every state has one label, in Title Case, and comes back from it", () => {
  expect(TASK_STATUSES.map(labelOf)).toHaveLength(26);
  expect(new Set(TASK_STATUSES.map(labelOf)).size).toBe(26);
  expect([labelOf("draft"), labelOf("generating_assets"), labelOf("final_review")]).toEqual([
    "Draft",
    "Generating Assets",
    "Final Review",
  ]);
  for (const status of TASK_STATUSES) {
    expect(labelOf(status)).toMatch(/^[A-Z][a-z]+(?: [A-Z][a-z]+)*$/);
    expect(statusOfLabel(labelOf(status))).toBe(status);
  }
});

it("C-Q21 no two states share an alias, and none takes another state's label", () => {
  const plain = labels.map(({ status, label }) => `${label.toLowerCase().replaceAll("_", " ")} → ${status}`);
  const meanings = new Map<string, Set<string>>();
  for (const line of plain) {
    const [label = "", status = ""] = line.split(" → ");
    meanings.set(label, (meanings.get(label) ?? new Set()).add(status));
  }
  expect([...meanings].filter(([, statuses]) => statuses.size > 1)).toEqual([]);
});

it("C-Q21 a label or alias is known in any case, with any spacing and decoration", () => {
  const spaced = fc.constantFrom(" ", "  ", "_", "-", " - ", "\u00A0");
  const around = fc.constantFrom("", " ", "✅ ", "🎬", "…");
  fc.assert(
    fc.property(
      fc.constantFrom(...labels),
      fc.boolean(),
      spaced,
      around,
      around,
      (known, isUpper, gap, before, after) => {
        const cased = isUpper ? known.label.toUpperCase() : known.label.toLowerCase();
        expect(statusOfLabel(`${before}${cased.replaceAll(/[ _]/g, gap)}${after}`)).toBe(known.status);
      },
    ),
  );
});

it.each(["", "Draft 2", "constructor", "Error"])("C-Q21 does not guess: %j", (label) => {
  expect(statusOfLabel(label)).toBeUndefined();
});

it("knows the three priorities", () => {
  expect(["Low", "NORMAL", " high ", "", "Urgent"].map(priorityOfLabel)).toEqual([
    "low",
    "normal",
    "high",
    undefined,
    undefined,
  ]);
});
