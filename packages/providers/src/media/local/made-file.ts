import { randomUUID } from "node:crypto";
import { mkdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { MadeFile, MediaUsage } from "../media.ts";

/**
 * Gives `make` a folder of its own beside the output and moves what it made to its place in one step, so that a run
 * that was killed, or still dies elsewhere, never leaves half a file there. The folder is removed in any case.
 */
export async function intoPlace<T>(
  outputPath: string,
  make: (partPath: string, folder: string) => Promise<T>,
): Promise<T> {
  const folder = `${outputPath}.part-${randomUUID()}`;
  await mkdir(folder);
  try {
    const partPath = join(folder, "made");
    const made = await make(partPath, folder);
    await rename(partPath, outputPath);
    return made;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export async function describeMade(path: string, mediaType: string, units: number): Promise<MadeFile> {
  return { path, mediaType, bytes: (await stat(path)).size, usage: localUsage(units) };
}

/** What is made here costs nothing. */
export function localUsage(units: number): MediaUsage {
  return { provider: "local", calls: 1, units, costUsd: 0 };
}
