import { access, mkdir, readdir, readFile, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { join, sep } from "node:path";
import { gunzipSync } from "node:zlib";
import { openAptPackages } from "@millrace/embedded";
import { REDIS_CACHE as CACHE } from "../own-redis.ts";

/** Debian packages with drawings, models and manuals that nobody here wrote. */
export type SamplePackage = "librecad-data" | "assimp-testmodels" | "bash-doc" | "python-reportlab-doc" | "gmsh-doc";

export interface SampleFiles {
  /** The package unpacked, as if it were the root of a file system; gzipped files lie unpacked beside the original. */
  readonly folder: string;
  /** Paths of its files that end so ("dxf", "pdf"; any case), sorted; a file with two names comes once. */
  files(extension: string): string[];
  /** The one file whose path ends so ("sheets/A0H.dxf"). */
  file(ending: string): string;
  /** Why there are none here: for `describe.skipIf(missing("samples", samples.problem))`. */
  readonly problem: string | undefined;
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

async function filesBelow(folder: string): Promise<readonly string[]> {
  const root = await realpath(folder);
  const found = new Set<string>();
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    if (entry.isDirectory()) continue;
    const path = await realpath(join(entry.parentPath, entry.name)).catch(() => undefined);
    // links may lead to other packages' files, or nowhere
    if (path?.startsWith(root + sep) && (await stat(path)).isFile()) found.add(path);
  }
  return [...found].sort();
}

async function gunzipAll(folder: string): Promise<void> {
  for (const file of await filesBelow(folder)) {
    if (!file.endsWith(".gz")) continue;
    await writeFile(file.slice(0, -".gz".length), gunzipSync(await readFile(file)));
  }
}

async function unpackInto(unfinished: string, name: SamplePackage, freshLists: boolean): Promise<string | undefined> {
  // not the folder of the private Redis copy: that one is removed when the copy is made
  const packages = await openAptPackages(`${unfinished}.apt`, name, { freshLists });
  if (packages === undefined) return `no apt packages to take ${name} from`;
  await mkdir(unfinished, { recursive: true });
  const problem = await packages.unpack([name], unfinished);
  if (problem === undefined) await gunzipAll(unfinished);
  return problem;
}

async function moveUnlessThere(unfinished: string, folder: string): Promise<void> {
  try {
    await rename(unfinished, folder);
  } catch (error) {
    // another process was first: its files are the same
    if (!(await isThere(folder))) throw error;
  }
}

/** Returns why it could not be done. */
async function take(name: SamplePackage, folder: string, freshLists: boolean): Promise<string | undefined> {
  const unfinished = `${folder}.${process.pid}.new`;
  try {
    const problem = await unpackInto(unfinished, name, freshLists);
    if (problem === undefined) await moveUnlessThere(unfinished, folder);
    return problem;
  } finally {
    for (const left of ["", ".deb", ".apt"]) await rm(unfinished + left, { recursive: true, force: true });
  }
}

function found(folder: string, paths: readonly string[]): SampleFiles {
  const files = (ending: string): string[] => paths.filter((path) => path.toLowerCase().endsWith(ending.toLowerCase()));
  return {
    folder,
    problem: undefined,
    files: (extension) => files(`.${extension}`),
    file(ending) {
      const [path, second] = files(`/${ending}`);
      if (path === undefined || second !== undefined)
        throw new Error(`${path ? "several" : "no"} samples end in ${ending}`);
      return path;
    },
  };
}

function unavailable(problem: string): SampleFiles {
  return {
    folder: "",
    problem,
    files: () => [],
    file() {
      throw new Error(`no samples: ${problem}`);
    },
  };
}

async function open(name: SamplePackage): Promise<SampleFiles> {
  const folder = join(CACHE, "samples", name);
  if (!(await isThere(folder))) {
    let problem = await take(name, folder, false);
    // Lists from an old image name versions that are no longer offered: ask again with lists of today.
    if (problem?.startsWith("apt-get download")) problem = await take(name, folder, true);
    if (problem !== undefined) return unavailable(problem);
  }
  return found(folder, await filesBelow(folder));
}

const opened = new Map<SamplePackage, Promise<SampleFiles>>();

/**
 * The files of a distribution's package, downloaded and unpacked into the project's data folder at the first call;
 * nothing is installed, root is not needed, several processes may ask at once.
 */
export function sampleFiles(name: SamplePackage): Promise<SampleFiles> {
  const known = opened.get(name);
  if (known !== undefined) return known;
  const opening = open(name).catch((error: Error) => unavailable(error.message));
  opened.set(name, opening);
  return opening;
}
