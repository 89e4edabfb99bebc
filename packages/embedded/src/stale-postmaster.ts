import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";

interface Seen {
  readonly name: string;
  readonly parent: number;
}

/** /proc/<pid>/stat reads "pid (name) state parent ...", and the name may hold spaces. */
async function look(pid: string): Promise<Seen | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  if (stat === undefined) return undefined;
  const end = stat.lastIndexOf(")");
  const [state, parent] = stat.slice(end + 2).split(" ");
  if (state === "Z" || state === "X") return undefined;
  return { name: stat.slice(stat.indexOf("(") + 1, end), parent: Number(parent) };
}

/** Sessions outlive a killed server for a moment and still write to its files. Undefined where we cannot look. */
async function hasOrphanedSessions(): Promise<boolean | undefined> {
  if (process.platform !== "linux") return undefined;
  const pids = (await readdir("/proc")).filter((entry) => /^\d+$/.test(entry));
  const servers = new Map<number, Seen>();
  for (const pid of pids) {
    const seen = await look(pid);
    if (seen?.name === "postgres") servers.set(Number(pid), seen);
  }
  for (const [pid, { parent }] of servers) {
    if (servers.has(parent)) continue;
    const title = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    if (title.startsWith("postgres: ")) return true;
  }
  return false;
}

/**
 * Postgres refuses to start while the pid in its lock file exists, be it a zombie or, after a reboot, some other
 * program. Called once that process is known not to be our server: removes the file unless sessions are still there,
 * because the file also holds the key by which a new server would notice them.
 */
export async function removeStaleLock(cluster: string, isLastTry: boolean): Promise<boolean> {
  const hasOrphans = await hasOrphanedSessions();
  if (hasOrphans === true || (hasOrphans === undefined && !isLastTry)) return false;
  await rm(join(cluster, "postmaster.pid"), { force: true });
  return true;
}
