import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ensureBuild } from "./ensure-build.mjs";
import { ensureInstall } from "./ensure-install.mjs";
import { ROOT } from "./workspaces.mjs";

/** Installs and compiles what is missing, then becomes the `millrace` command: one process, so signals need no relay. */
export async function runCli(args) {
  await ensureInstall();
  await ensureBuild();
  const main = join(ROOT, "apps", "cli", "dist", "main.js");
  process.argv = [process.execPath, main, ...args];
  await import(pathToFileURL(main).href);
}
