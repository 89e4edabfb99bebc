import { ensureBuild } from "./ensure-build.mjs";
import { ensureInstall } from "./ensure-install.mjs";
import { runThrough } from "./run-through.mjs";

await ensureInstall();
await ensureBuild();
const [first, ...rest] = process.argv.slice(2);
const args = first === "times" ? ["e2e/chaos/times.ts", ...rest] : ["e2e/chaos/main.ts", ...process.argv.slice(2)];
// Without the condition "millrace-source" the packages are the compiled ones, as in production.
process.exit(await runThrough(["--import", "tsx", ...args]));
