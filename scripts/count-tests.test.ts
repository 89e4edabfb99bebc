import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "count-tests-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** What the script prints for files that hold tests of these statuses. */
function count(files: readonly (readonly string[])[], exitCode: number): string {
  const report = join(folder, "report.json");
  const testResults = files.map((statuses, i) => ({
    name: `file-${i}`,
    status: statuses.length === 0 || statuses.includes("failed") ? "failed" : "passed",
    assertionResults: statuses.map((status) => ({ status, fullName: status })),
  }));
  writeFileSync(report, JSON.stringify({ testResults }));
  const script = new URL("./count-tests.mjs", import.meta.url).pathname;
  return spawnSync(process.execPath, [script, report, String(exitCode)], { encoding: "utf8" }).stdout.trim();
}

test("counts what passed, failed and was skipped", () => {
  expect(
    count(
      [
        ["passed", "passed"],
        ["failed", "skipped"],
        ["todo", "pending"],
      ],
      1,
    ),
  ).toBe("2 1 3");
});

test("a file that did not load is a failure", () => {
  expect(count([["passed"], []], 1)).toBe("1 1 0");
});

test("a run that ended badly for a reason no test shows is a failure", () => {
  expect(count([["passed"]], 1)).toBe("1 1 0");
  expect(count([["passed"]], 0)).toBe("1 0 0");
});

test("without a report it prints nothing, which counts as a failure", () => {
  const script = new URL("./count-tests.mjs", import.meta.url).pathname;
  const run = spawnSync(process.execPath, [script, join(folder, "none.json"), "0"], { encoding: "utf8" });
  expect(run.stdout).toBe("");
  expect(run.status).not.toBe(0);
});
