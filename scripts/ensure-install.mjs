import { createHash } from "node:crypto";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runQuietly } from "./run-quietly.mjs";
import { ROOT, workspaceFolders } from "./workspaces.mjs";

/** The oldest Node that the pinned dependencies run on. */
const OLDEST_NODE = [20, 20];
const STAMP = join(ROOT, "node_modules", ".millrace-install");
/** npm writes this file at the end of every install. */
const NPM_STAMP = join(ROOT, "node_modules", ".package-lock.json");

function checkNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return;
  console.error(`Millrace needs Node ${OLDEST_NODE.join(".")} or newer; this is ${process.version}.`);
  process.exit(1);
}

function manifests() {
  const names = ["package.json", "package-lock.json", ...workspaceFolders().map((folder) => `${folder}/package.json`)];
  return names.map((name) => join(ROOT, name)).filter((path) => existsSync(path));
}

/** What an install depends on: the manifests, the lock file, and the platform its binaries are for. */
function fingerprint() {
  const hash = createHash("sha256").update(`${process.platform}-${process.arch}-${process.versions.modules}`);
  for (const path of manifests()) hash.update(path.slice(ROOT.length)).update(readFileSync(path));
  return hash.digest("hex");
}

function isCurrent() {
  if (existsSync(STAMP)) return readFileSync(STAMP, "utf8") === fingerprint();
  if (!existsSync(NPM_STAMP)) return false;
  // Somebody ran npm install by hand, after the manifests were last changed.
  const installedAt = statSync(NPM_STAMP).mtimeMs;
  const isNewer = manifests().every((path) => statSync(path).mtimeMs <= installedAt);
  if (isNewer) writeFileSync(STAMP, fingerprint());
  return isNewer;
}

/** Runs `npm install` when node_modules is absent or was made for other manifests. Ends the process when that fails. */
export async function ensureInstall() {
  checkNode();
  if (isCurrent()) return;
  const args = ["install", "--no-audit", "--no-fund"];
  // Under `npm start` this is the npm that runs us; it need not be the one on PATH.
  const npm = process.env["npm_execpath"];
  const [command, all] = npm?.endsWith(".js") ? [process.execPath, [npm, ...args]] : ["npm", args];
  const code = await runQuietly("Installing packages", command, all);
  if (code !== 0) {
    console.error("npm install failed (its output is above). Nothing was started.");
    process.exit(code);
  }
  writeFileSync(STAMP, fingerprint());
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await ensureInstall();
