import { join } from "node:path";
import { ensureBuild } from "./ensure-build.mjs";
import { ensureInstall } from "./ensure-install.mjs";
import { runThrough } from "./run-through.mjs";
import { ROOT } from "./workspaces.mjs";

await ensureInstall();
// Some tests start the compiled programs as processes of their own.
await ensureBuild();
const startedAt = Date.now();
const vitest = join(ROOT, "node_modules", "vitest", "vitest.mjs");
const code = await runThrough([vitest, "run", ...process.argv.slice(2)]);
const seconds = Math.round((Date.now() - startedAt) / 1000);
console.log(code === 0 ? `All tests passed in ${seconds} s.` : `TESTS FAILED (exit code ${code}) after ${seconds} s.`);
process.exit(code);
