import { randomUUID } from "node:crypto";
import { mkdir, readdir, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import type { Log } from "@millrace/core";

/** `<host>~<process id>~<anything>`; the host apart, because a folder may be shared. */
const OURS = /^(?<host>[^~]+)~(?<pid>\d+)~/;

/**
 * A folder of this process below `root`, for files that are worked on. What processes of this host left there that live no
 * more, killed in the middle of a clip maybe, is removed.
 */
export async function openWorkFolder(root: string, log: Log): Promise<string> {
  await mkdir(root, { recursive: true, mode: 0o700 });
  const host = hostname().replaceAll("~", "-");
  const orphans = (await readdir(root)).filter((name) => {
    const { groups } = OURS.exec(name) ?? {};
    return groups?.["host"] === host && !isAlive(Number(groups["pid"]));
  });
  for (const name of orphans) {
    await rm(join(root, name), { recursive: true, force: true }).catch((error: unknown) => {
      log.warn({ err: error, folder: name }, "a dead worker's folder could not be removed");
    });
  }
  if (orphans.length > 0) log.info({ folders: orphans.length }, "work folders of dead workers removed");
  const folder = join(root, `${host}~${process.pid}~${randomUUID().slice(0, 8)}`);
  await mkdir(folder, { mode: 0o700 });
  return folder;
}

/** Our own id on an older folder is that of an earlier process: in a container each one has the same. */
function isAlive(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}
