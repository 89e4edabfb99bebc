import { runCli } from "./run-cli.mjs";

await runCli(["demo", ...process.argv.slice(2)]);
