import { mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { JsonObject, Log, Spool, SpooledResult } from "@millrace/core";

/** A result nobody asked for in this long belongs to a job that ended otherwise. */
const KEPT_MS = 7 * 24 * 3_600_000;

/** A spool in a folder, for when the queue is away, too. Workers that share the folder find each other's results. */
export function folderSpool({ folder, log }: { readonly folder: string; readonly log: Log }): Spool {
  const fileOf = (jobId: string, stage: string): string => join(folder, `${jobId}.${encodeURIComponent(stage)}.json`);
  let ready: Promise<void> | undefined;
  const prepare = (): Promise<void> => {
    ready ??= makeFolder(folder).catch((error: unknown) => {
      ready = undefined;
      throw error;
    });
    return ready;
  };

  return {
    async put(result) {
      await prepare();
      const file = fileOf(result.jobId, result.stage);
      const part = `${file}.${process.pid}.part`;
      await writeThrough(part, JSON.stringify(result));
      await rename(part, file);
    },
    async find(jobId, stage) {
      const text = await readFile(fileOf(jobId, stage), "utf8").catch(ifAbsent);
      if (text === undefined) return undefined;
      const result = resultOf(text);
      if (result === undefined)
        log.warn({ job_id: jobId, stage }, "a spooled result cannot be read; the stage runs again");
      return result;
    },
    async remove(jobId, stage) {
      await rm(fileOf(jobId, stage), { force: true });
    },
  };
}

async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const name of await readdir(folder)) {
    const file = join(folder, name);
    const age = await stat(file).then(
      (s) => Date.now() - s.mtimeMs,
      () => 0,
    );
    if (age > KEPT_MS) await rm(file, { force: true });
  }
}

/** Not before the disk has it: the process, or the machine, may end right after. */
async function writeThrough(file: string, text: string): Promise<void> {
  const handle = await open(file, "w", 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function ifAbsent(error: NodeJS.ErrnoException): undefined {
  if (error.code === "ENOENT") return undefined;
  throw error;
}

function resultOf(text: string): SpooledResult | undefined {
  try {
    const value = JSON.parse(text) as Partial<SpooledResult>;
    const { jobId, stage, fence, settlement } = value;
    if (typeof jobId !== "string" || typeof stage !== "string" || typeof fence !== "number") return undefined;
    return typeof settlement === "object" ? { jobId, stage, fence, settlement: settlement as JsonObject } : undefined;
  } catch {
    return undefined;
  }
}
