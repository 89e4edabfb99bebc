import { chmod, mkdir, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";

/** The account servers run under when we are root: "nobody" on Linux and macOS alike is good for owning one folder. */
const NOBODY = { uid: 65534, gid: 65534 } as const;

/** Where servers live when root's own folders may not be entered by anyone else. Only root ever writes there. */
const SHARED_ROOT = "/var/lib/millrace";

export type RunAs = typeof NOBODY | undefined;

/** Postgres refuses to run as root, so root lends it an account; anyone else runs it as themselves. */
export function serverAccount(): RunAs {
  return process.getuid?.() === 0 ? NOBODY : undefined;
}

async function isOpenToOthers(path: string, bits: number): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return true;
  return found.uid === NOBODY.uid || (found.mode & bits) === bits;
}

/** Whether every folder on the way can be entered by an account that owns none of them. */
export async function canOthersReach(path: string): Promise<boolean> {
  for (let folder = dirname(resolve(path)); ; folder = dirname(folder)) {
    if (!(await isOpenToOthers(folder, 0o001))) return false;
    if (folder === dirname(folder)) return true;
  }
}

/** Whether others may enter the folders and read what is there. */
export async function canOthersRead(path: string): Promise<boolean> {
  return (await isOpenToOthers(path, 0o004)) && (await canOthersReach(path));
}

/** A folder under the shared root that every account can enter, whatever the umask. */
export async function openFolder(name: string): Promise<string> {
  const folder = join(SHARED_ROOT, name);
  await mkdir(folder, { recursive: true });
  await chmod(SHARED_ROOT, 0o755);
  await chmod(folder, 0o755);
  return folder;
}
