import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";

const MODULE = new URL("./missing.ts", import.meta.url).href;

function run(expected: string | undefined): { status: number | null; output: string } {
  const { MILLRACE_EXPECT_SKIPS: _, NODE_OPTIONS: __, ...env } = process.env;
  const code = `const { missing } = await import(${JSON.stringify(MODULE)}); console.log(missing("redis", "none here"));`;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--import", "tsx", "--input-type=module", "-e", code],
    {
      env: expected === undefined ? env : { ...env, MILLRACE_EXPECT_SKIPS: expected },
      encoding: "utf8",
    },
  );
  return { status, output: stdout + stderr };
}

test("a run that does not say what it expects skips and says why", () => {
  const { status, output } = run(undefined);
  expect(output).toContain("Skipping tests that need redis: none here");
  expect(status).toBe(0);
});

test("a run that expects this skip skips, one that expects none or another fails", () => {
  expect(run("pdf, redis").status).toBe(0);
  expect(run("").status).toBe(1);
  expect(run("pdf").output).toContain("Tests that need redis would be skipped: none here");
});
