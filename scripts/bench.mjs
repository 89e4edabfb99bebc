import { ensureBuild } from "./ensure-build.mjs";
import { ensureInstall } from "./ensure-install.mjs";
import { runThrough } from "./run-through.mjs";

await ensureInstall();
await ensureBuild();
// Without the condition "millrace-source" the packages are the compiled ones, as in production.
process.exit(await runThrough(["--import", "tsx", "bench/run.ts", ...process.argv.slice(2)]));
