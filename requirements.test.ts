import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { REQUIREMENT_SETS } from "./scripts/requirements/all-sets.ts";
import { readTests } from "./scripts/requirements/read-tests.ts";
import { openIn, requirementsPage, strangeIds } from "./scripts/requirements/requirements-page.ts";

const files = readTests();

describe("docs/requirements.md (D-9)", () => {
  test("sees the tests", () => {
    expect(files.length).toBeGreaterThan(150);
    expect(files.flatMap(({ titles }) => titles).length).toBeGreaterThan(1_000);
    expect(files.map(({ path }) => path)).toContain("requirements.test.ts");
  });

  test("is the one the titles of the tests give (npm run requirements)", () => {
    const committed = readFileSync(new URL("docs/requirements.md", import.meta.url), "utf8");
    expect(committed).toBe(requirementsPage(REQUIREMENT_SETS, files));
  });

  test("no id stands in two lists, and no test cites one that stands in none", () => {
    const ids = REQUIREMENT_SETS.flatMap(({ requirements }) => requirements.map(({ id }) => id));
    expect(ids).toEqual([...new Set(ids)]);
    expect(strangeIds(REQUIREMENT_SETS, files)).toEqual([]);
  });

  test.each(REQUIREMENT_SETS.filter(({ isComplete }) => isComplete))("$title: nothing is open", (set) => {
    expect(openIn(set, files).map(({ id }) => id)).toEqual([]);
  });
});

test("A-S04 no program names the old status pairs", () => {
  const root = new URL(".", import.meta.url).pathname;
  const sources = ["apps", "packages"].flatMap((folder) =>
    readdirSync(join(root, folder)).flatMap((name) => {
      const source = join(root, folder, name, "src");
      return readdirSync(source, { recursive: true, encoding: "utf8" }).map((path) => join(source, path));
    }),
  );
  const programs = sources.filter((path) => /(?<!\.(?:test|contract|fixture))\.tsx?$/.test(path));
  expect(programs.length).toBeGreaterThan(300);
  const old = /classification_?(?:status|at)\b|entity_?extraction_?(?:status|at)\b/i;
  expect(programs.filter((path) => old.test(readFileSync(path, "utf8")))).toEqual([]);
});
