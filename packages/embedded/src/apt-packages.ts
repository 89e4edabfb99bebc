import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { narrate, type OnProgress } from "./narrate.ts";
import { type CommandResult, runCommand } from "./run-command.ts";

/** A look into the distribution's packages that changes nothing on the system: caches and lists are in our folder. */
export interface AptPackages {
  /** Everything these packages may need, by name. */
  dependenciesOf(names: readonly string[]): Promise<readonly string[]>;
  /** Puts the packages' files below the target folder; says why when it cannot. */
  unpack(names: readonly string[], target: string): Promise<string | undefined>;
}

const DOWNLOAD_TIMEOUT_MS = 120_000;

type Apt = (tool: "apt-get" | "apt-cache", args: readonly string[], cwd?: string) => Promise<CommandResult>;

function aptIn(folder: string, hasOwnLists: boolean): Apt {
  const settings = {
    "Dir::Cache": join(folder, "cache"),
    "Dir::State::status": "/var/lib/dpkg/status",
    ...(hasOwnLists ? { "Dir::State": join(folder, "state") } : {}),
    "Debug::NoLocking": "1",
    // The download account apt drops to cannot enter our folders; what it checks are signatures, not who it is.
    "APT::Sandbox::User": "",
    "Acquire::Retries": "1",
    "Acquire::http::Timeout": "20",
    "Acquire::https::Timeout": "20",
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
  return (tool, args, cwd) =>
    runCommand(tool, [...options, "-q", ...args], { timeoutMs: DOWNLOAD_TIMEOUT_MS, ...(cwd && { cwd }) });
}

function lastLineOf(output: string): string {
  return output.trim().split("\n").at(-1) ?? "";
}

async function unpack(apt: Apt, names: readonly string[], target: string): Promise<string | undefined> {
  const downloads = `${target}.deb`;
  await mkdir(downloads, { recursive: true });
  const fetched = await apt("apt-get", ["download", ...names], downloads);
  if (fetched.exitCode !== 0) return `apt-get download failed: ${lastLineOf(fetched.output)}`;
  for (const file of await readdir(downloads)) {
    const unpacked = await runCommand("dpkg", ["-x", join(downloads, file), target]);
    if (unpacked.exitCode !== 0) return `dpkg -x failed: ${lastLineOf(unpacked.output)}`;
  }
  return undefined;
}

async function dependenciesOf(apt: Apt, names: readonly string[]): Promise<readonly string[]> {
  const only = ["recommends", "suggests", "conflicts", "breaks", "replaces", "enhances"].map((kind) => `--no-${kind}`);
  const { output } = await apt("apt-cache", ["depends", "--recurse", ...only, ...names]);
  return output.split("\n").filter((line) => /^[a-z0-9]/.test(line));
}

function offers(apt: Apt, name: string): Promise<boolean> {
  return apt("apt-cache", ["show", "--no-all-versions", name]).then(({ exitCode }) => exitCode === 0);
}

/** Reads the system's package lists, or, where there are none, fetches lists of our own. Undefined without apt. */
export async function openAptPackages(
  folder: string,
  wanted: string,
  options: { readonly freshLists: boolean; readonly onProgress?: OnProgress | undefined },
): Promise<AptPackages | undefined> {
  if ((await runCommand("apt-get", ["--version"])).exitCode !== 0) return undefined;
  for (const part of ["cache/archives/partial", "state/lists/partial"]) {
    await mkdir(join(folder, part), { recursive: true });
  }
  let apt = aptIn(folder, false);
  if (options.freshLists || !(await offers(apt, wanted))) {
    apt = aptIn(folder, true);
    await narrate(options.onProgress, "Fetching the distribution's package lists", apt("apt-get", ["update"]));
    if (!(await offers(apt, wanted))) return undefined;
  }
  return {
    dependenciesOf: (names) => dependenciesOf(apt, names),
    unpack: (names, target) => unpack(apt, names, target),
  };
}
