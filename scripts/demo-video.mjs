import { runCli } from "./run-cli.mjs";

await runCli(["demo-video", ...process.argv.slice(2)]);
