import { stat, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import type { Finding } from "@millrace/core";
import { examineMediaTools } from "@millrace/providers";

/** As package.json's `engines` says. */
const REQUIRED_NODE = [20, 20] as const;

const GIGABYTE = 1e9;
const MIN_FREE_BYTES = GIGABYTE;
const MIN_FREE_SHARE = 0.05;

/** This machine, as far as Millrace depends on it. `folders` may not exist yet. */
export async function examineMachine(folders: readonly string[]): Promise<readonly Finding[]> {
  const disks = await examineDisks(folders);
  const programs = await examineMediaTools();
  return [judgeNode(process.versions.node), ...disks, ...programs];
}

export function judgeNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [requiredMajor, requiredMinor] = REQUIRED_NODE;
  const isEnough = major > requiredMajor || (major === requiredMajor && minor >= requiredMinor);
  const message = `Node.js ${version}`;
  if (isEnough) return { check: "node_version", severity: "ok", message };
  const required = REQUIRED_NODE.join(".");
  return { check: "node_version", severity: "fatal", message, fix: `Install Node.js ${required} or newer.` };
}

export interface DiskSpace {
  readonly folder: string;
  readonly freeBytes: number;
  readonly totalBytes: number;
}

export function judgeDisk({ folder, freeBytes, totalBytes }: DiskSpace): Finding {
  const share = totalBytes === 0 ? 1 : freeBytes / totalBytes;
  const message = `${(freeBytes / GIGABYTE).toFixed(1)} GB (${Math.floor(share * 100)} %) free for ${folder}`;
  if (freeBytes >= MIN_FREE_BYTES && share >= MIN_FREE_SHARE) return { check: "disk_space", severity: "ok", message };
  return {
    check: "disk_space",
    severity: "warning",
    message,
    fix: "Make room: below 1 GB or 5 % writes begin to fail.",
  };
}

/** One finding per file system, by the first folder that is on it. */
async function examineDisks(folders: readonly string[]): Promise<readonly Finding[]> {
  const seen = new Set<number>();
  const findings: Finding[] = [];
  for (const folder of folders) {
    try {
      const { path, dev } = await nearest(folder);
      if (seen.has(dev)) continue;
      seen.add(dev);
      const { bavail, bsize, blocks } = await statfs(path);
      findings.push(judgeDisk({ folder, freeBytes: bavail * bsize, totalBytes: blocks * bsize }));
    } catch (error) {
      const message = `The space for ${folder} cannot be read: ${(error as Error).message}`;
      findings.push({ check: "disk_space", severity: "warning", message, fix: "Let this user read the folder." });
    }
  }
  return findings;
}

/** The folder, or what it will be made in. */
async function nearest(folder: string): Promise<{ readonly path: string; readonly dev: number }> {
  try {
    return { path: folder, dev: (await stat(folder)).dev };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if ((code !== "ENOENT" && code !== "ENOTDIR") || dirname(folder) === folder) throw error;
    return nearest(dirname(folder));
  }
}
