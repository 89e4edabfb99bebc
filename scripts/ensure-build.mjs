import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runQuietly } from "./run-quietly.mjs";
import { ROOT, workspaceFolders } from "./workspaces.mjs";

const STAMP = join(ROOT, "node_modules", ".millrace-build");
const SETTINGS = ["tsconfig.base.json", "tsconfig.build.json", "turbo.json", "package-lock.json"];

function hasBuild(folder) {
  return "build" in (JSON.parse(readFileSync(join(ROOT, folder, "package.json"), "utf8")).scripts ?? {});
}

function sourcesOf(folder) {
  const src = join(ROOT, folder, "src");
  const entries = existsSync(src) ? readdirSync(src, { recursive: true }) : [];
  const sources = entries.map((name) => join(src, name)).filter((path) => !/\.test\.ts$/.test(path));
  return [...sources, join(ROOT, folder, "package.json"), join(ROOT, folder, "tsconfig.build.json")];
}

/** Sizes and times say within milliseconds whether anything may have changed; turbo then looks at the contents. */
function fingerprint(folders) {
  const hash = createHash("sha256");
  const paths = [...SETTINGS.map((name) => join(ROOT, name)), ...folders.flatMap(sourcesOf)];
  for (const path of paths.filter((path) => existsSync(path))) {
    const { size, mtimeMs } = statSync(path);
    hash.update(`${path}\0${size}\0${mtimeMs}\n`);
  }
  return hash.digest("hex");
}

/** Compiles what changed since the last time. Ends the process when that fails. */
export async function ensureBuild() {
  const folders = workspaceFolders().filter(hasBuild);
  const now = fingerprint(folders);
  const isBuilt = folders.every((folder) => existsSync(join(ROOT, folder, "dist")));
  if (isBuilt && existsSync(STAMP) && readFileSync(STAMP, "utf8") === now) return;
  const turbo = join(ROOT, "node_modules", ".bin", "turbo");
  const code = await runQuietly("Compiling", turbo, ["run", "build", "--output-logs=errors-only"], {
    TURBO_TELEMETRY_DISABLED: "1",
    TURBO_NO_UPDATE_NOTIFIER: "1",
    DO_NOT_TRACK: "1",
  });
  if (code !== 0) {
    console.error("The build failed (the errors are above). Nothing was started.");
    process.exit(code);
  }
  writeFileSync(STAMP, now);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await ensureBuild();
