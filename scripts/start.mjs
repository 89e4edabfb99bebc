import { runCli } from "./run-cli.mjs";

await runCli(["up", ...process.argv.slice(2)]);
