// Prints "passed failed skipped" of vitest's JSON report; what ended badly without a failed test is a failure too.
// node scripts/count-tests.mjs <report> <exit code of vitest>
import { readFileSync } from "node:fs";

const [, , reportPath, exitCode] = process.argv;
const report = JSON.parse(readFileSync(reportPath, "utf8"));

const unloaded = report.testResults.filter((file) => file.status === "failed" && file.assertionResults.length === 0);
for (const file of unloaded) console.error(`did not load: ${file.name}`);

const tests = report.testResults.flatMap((file) => file.assertionResults.map((test) => ({ file: file.name, ...test })));
const passed = tests.filter((test) => test.status === "passed");
const failed = tests.filter((test) => test.status === "failed");
const skipped = tests.filter((test) => !passed.includes(test) && !failed.includes(test));
for (const test of skipped) console.error(`skipped: ${test.file}: ${test.fullName}`);

const known = failed.length + unloaded.length;
const isUnexplained = Number(exitCode) !== 0 && known === 0;
console.log(passed.length, known + (isUnexplained ? 1 : 0), skipped.length);
