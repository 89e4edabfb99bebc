import { rm } from "node:fs/promises";
import { join } from "node:path";
import { identityOf, readIfThere, waitForExit, writePrivately } from "@millrace/embedded";
import { z } from "zod";

const processSchema = z.object({ name: z.string(), pid: z.int(), identity: z.string() });

const instanceSchema = z.object({
  launcher: processSchema,
  programs: z.array(processSchema),
  apiUrl: z.string().nullable(),
  dashboardUrl: z.string().nullable(),
});

/** What runs in this data folder, kept there so that the next start finds it. */
export type InstanceRecord = z.infer<typeof instanceSchema>;

const LEFTOVER_STOP_MS = 8_000;

const fileIn = (dataDir: string): string => join(dataDir, "instance.json");

export async function readInstance(dataDir: string): Promise<InstanceRecord | undefined> {
  const text = await readIfThere(fileIn(dataDir));
  if (text === undefined) return undefined;
  try {
    return instanceSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

type ProcessRecord = z.infer<typeof processSchema>;

const isSame = async ({ pid, identity }: ProcessRecord): Promise<boolean> => (await identityOf(pid)) === identity;

/** The instance that is up in this data folder, if its launcher is alive. */
export async function findRunning(dataDir: string): Promise<InstanceRecord | undefined> {
  const found = await readInstance(dataDir);
  return found !== undefined && (await isSame(found.launcher)) ? found : undefined;
}

/**
 * Ends programs that outlived a killed launcher. They notice by themselves, but may still be finishing a stage; what
 * they hold is picked up again when its lease ends.
 */
export async function endLeftovers(dataDir: string, say: (line: string) => void): Promise<void> {
  const found = await readInstance(dataDir);
  if (found === undefined) return;
  for (const program of found.programs) {
    if (!(await isSame(program))) continue;
    say(`Ending ${program.name} (pid ${program.pid}), left over from a start that was killed`);
    process.kill(program.pid, "SIGTERM");
    if (!(await waitForExit(program.pid, LEFTOVER_STOP_MS)) && (await isSame(program)))
      process.kill(program.pid, "SIGKILL");
  }
  await rm(fileIn(dataDir), { force: true });
}

export interface InstanceFile {
  addProgram(name: string, pid: number): Promise<void>;
  setUrls(urls: Pick<InstanceRecord, "apiUrl" | "dashboardUrl">): Promise<void>;
  remove(): Promise<void>;
}

async function recordOf(name: string, pid: number): Promise<ProcessRecord | undefined> {
  const identity = await identityOf(pid);
  return identity === undefined ? undefined : { name, pid, identity };
}

/** Claims the data folder for this process. */
export async function openInstanceFile(dataDir: string): Promise<InstanceFile> {
  const launcher = await recordOf("millrace", process.pid);
  if (launcher === undefined) throw new Error("cannot find out about this process");
  let record: InstanceRecord = { launcher, programs: [], apiUrl: null, dashboardUrl: null };
  // One write after the other: two at once could leave the older one behind.
  let writing = Promise.resolve();
  const write = (next: InstanceRecord): Promise<void> => {
    record = next;
    writing = writing.then(() => writePrivately(fileIn(dataDir), `${JSON.stringify(next, null, 2)}\n`));
    return writing;
  };
  await write(record);
  return {
    async addProgram(name, pid) {
      const added = await recordOf(name, pid);
      if (added === undefined) return;
      const others = record.programs.filter((program) => program.name !== name);
      await write({ ...record, programs: [...others, added] });
    },
    setUrls: (urls) => write({ ...record, ...urls }),
    async remove() {
      await writing;
      await rm(fileIn(dataDir), { force: true });
    },
  };
}
