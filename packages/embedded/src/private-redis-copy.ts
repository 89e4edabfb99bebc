import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { type AptPackages, openAptPackages } from "./apt-packages.ts";
import { narrate, type OnProgress } from "./narrate.ts";
import { type FoundRedis, type RedisBinary, usableVersion } from "./redis-version.ts";
import { runCommand } from "./run-command.ts";

const PROGRAM = join("usr", "bin", "redis-server");
const PACKAGES = ["redis-server", "redis-tools"] as const;

/** Libraries bring libraries; Redis' own tree is two deep. */
const MAX_LIBRARY_ROUNDS = 4;

async function libraryFolders(copy: string): Promise<string> {
  const entries = await readdir(copy, { recursive: true, withFileTypes: true });
  const folders = entries.filter((entry) => /\.so(\.|$)/.test(entry.name)).map((entry) => entry.parentPath);
  return [...new Set(folders)].join(":");
}

/** libjemalloc.so.2 → libjemalloc2, liblua5.1.so.0 → liblua5.10: the distribution's naming rule, dashes left out. */
function packageStem(library: string): string {
  return library.replace(/\.so\.(\d+).*$/, "$1").toLowerCase();
}

function comparable(packageName: string): string {
  return packageName.replaceAll("-", "").replace(/t64$/, "");
}

async function missingLibraries(copy: string): Promise<readonly string[]> {
  const path = await libraryFolders(copy);
  const { output } = await runCommand("env", [`LD_LIBRARY_PATH=${path}`, "ldd", join(copy, PROGRAM)]);
  return output.split("\n").flatMap((line) => /^\s*(\S+) => not found/.exec(line)?.[1] ?? []);
}

/** Adds the packages of those libraries the system does not have, round by round, until the program links. */
async function completeLibraries(copy: string, packages: AptPackages): Promise<string | undefined> {
  let missing = await missingLibraries(copy);
  if (missing.length === 0) return undefined;
  const candidates = await packages.dependenciesOf(PACKAGES);
  for (let round = 0; round < MAX_LIBRARY_ROUNDS && missing.length > 0; round += 1) {
    const stems = new Set(missing.map(packageStem));
    const names = candidates.filter((name) => stems.has(comparable(name)));
    if (names.length === 0) break;
    const problem = await packages.unpack(names, copy);
    if (problem !== undefined) return problem;
    missing = await missingLibraries(copy);
  }
  return missing.length === 0 ? undefined : `no package found for ${missing.join(", ")}`;
}

async function asBinary(copy: string): Promise<RedisBinary | undefined> {
  const command = join(copy, PROGRAM);
  const folders = await libraryFolders(copy).catch(() => "");
  const version = await usableVersion(command, folders);
  if (version === undefined) return undefined;
  return { command, libraryPath: folders, how: `${version}, a private copy` };
}

/** Returns why it could not be done. */
async function build(
  copy: string,
  cacheDir: string,
  freshLists: boolean,
  onProgress?: OnProgress,
): Promise<string | undefined> {
  const unfinished = `${copy}.${process.pid}.new`;
  try {
    const packages = await openAptPackages(join(cacheDir, "apt"), PACKAGES[0], { freshLists, onProgress });
    if (packages === undefined) return "no redis-server on PATH and no apt packages to take a private copy from";
    await mkdir(unfinished, { recursive: true });
    const problem = (await packages.unpack(PACKAGES, unfinished)) ?? (await completeLibraries(unfinished, packages));
    if (problem !== undefined) return problem;
    if ((await asBinary(unfinished)) === undefined) return "the private copy of redis-server does not run";
    await rm(copy, { recursive: true, force: true });
    await rename(unfinished, copy);
    // Package lists are a hundred times the size of what was taken.
    await rm(join(cacheDir, "apt"), { recursive: true, force: true });
    return undefined;
  } finally {
    await rm(unfinished, { recursive: true, force: true });
    await rm(`${unfinished}.deb`, { recursive: true, force: true });
  }
}

/** Unpacks the distribution's Redis into our cache: nothing is installed, no service is made, root is not needed. */
export async function privateRedisCopy(cacheDir: string, onProgress?: OnProgress): Promise<FoundRedis> {
  const copy = join(cacheDir, `redis-${process.platform}-${process.arch}`);
  const kept = await asBinary(copy);
  if (kept !== undefined) return kept;
  try {
    const text = "Taking a private copy of Redis from the distribution's packages";
    let problem = await narrate(onProgress, text, build(copy, cacheDir, false, onProgress));
    // Lists from an old image name versions that are no longer offered: ask again with lists of today.
    if (problem?.startsWith("apt-get download")) problem = await build(copy, cacheDir, true, onProgress);
    if (problem !== undefined) return { unavailable: problem };
  } catch (error) {
    return { unavailable: `no private copy of Redis: ${(error as Error).message}` };
  }
  return (await asBinary(copy)) ?? { unavailable: "the private copy of redis-server does not run" };
}
