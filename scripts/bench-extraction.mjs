import { ensureBuild } from "./ensure-build.mjs";
import { ensureInstall } from "./ensure-install.mjs";
import { runThrough } from "./run-through.mjs";

await ensureInstall();
await ensureBuild();
// The programs it starts are the compiled ones; its own part, samples included, needs the sources.
const args = ["--conditions=millrace-source", "--import", "tsx", "bench/extraction/run.ts"];
process.exit(await runThrough([...args, ...process.argv.slice(2)]));
