import { readFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { runCommand } from "./run-command.ts";

/** False for a zombie too: in a container whose first process reaps nobody, those stay in the table for ever. */
export async function isAlive(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  if (stat === undefined) return process.platform !== "linux";
  const state = stat.slice(stat.lastIndexOf(")") + 2, stat.lastIndexOf(")") + 3);
  return state !== "Z" && state !== "X";
}

/** The command line of a process, or undefined when there is none to read. A pid alone proves nothing: they are reused. */
export async function commandLineOf(pid: number): Promise<string | undefined> {
  if (!(await isAlive(pid))) return undefined;
  if (process.platform === "linux") {
    const raw = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    return raw.replaceAll("\0", " ").trim();
  }
  const ps = await runCommand("ps", ["-o", "command=", "-p", String(pid)]);
  return ps.exitCode === 0 ? ps.output : undefined;
}

/** Resolves true once the process is gone, false when it is still there after the deadline. */
export async function waitForExit(pid: number, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (await isAlive(pid)) {
    if (performance.now() > deadline) return false;
    await pause(20);
  }
  return true;
}

/**
 * Tells a process from a later one with the same pid: the pid and the moment it began. Undefined when it is gone.
 * Field 22 of /proc/<pid>/stat is that moment in ticks since boot.
 */
export async function identityOf(pid: number): Promise<string | undefined> {
  if (!(await isAlive(pid))) return undefined;
  if (process.platform !== "linux") {
    const ps = await runCommand("ps", ["-o", "lstart=", "-p", String(pid)]);
    return ps.exitCode === 0 ? `${pid}@${ps.output.trim()}` : undefined;
  }
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  const startedAt = stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  return startedAt === undefined ? undefined : `${pid}@${startedAt}`;
}
