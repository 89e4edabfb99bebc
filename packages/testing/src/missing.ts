/** The names a run may lack, separated by commas. Unset: anything may be missing. Set, even to nothing: only those. */
const EXPECTED_SKIPS = process.env["MILLRACE_EXPECT_SKIPS"];

function isExpected(name: string): boolean {
  if (EXPECTED_SKIPS === undefined) return true;
  return EXPECTED_SKIPS.split(",").some((expected) => expected.trim() === name);
}

/**
 * For `test.skipIf(missing("redis", reason))`: true when there is a reason to skip, which is printed. A run that sets
 * MILLRACE_EXPECT_SKIPS fails on a skip it does not list, so that nothing stops being tested unnoticed.
 */
export function missing(name: string, reason: string | undefined): boolean {
  if (reason === undefined) return false;
  if (!isExpected(name)) throw new Error(`Tests that need ${name} would be skipped: ${reason}`);
  console.warn(`Skipping tests that need ${name}: ${reason}`);
  return true;
}
