import { createHash } from "node:crypto";
import { appendFileSync, mkdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";

export interface Journal {
  /** Ids that an earlier, unfinished run of the same command has done. */
  readonly done: ReadonlySet<string>;
  /** When that run began; null for a fresh one. */
  readonly since: Date | null;
  /** Remembers an id before the next one is begun, so that a kill loses at most what is under way. */
  note(id: string): void;
  /** The run is over: the next one starts afresh. */
  close(): void;
}

const ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** What a run has done, in a file named after all that tells it from another run: command, API, options. */
export function openJournal(folder: string, run: readonly unknown[], isRestarted: boolean): Journal {
  const name = createHash("sha256").update(JSON.stringify(run)).digest("hex").slice(0, 16);
  const path = join(folder, `${name}.txt`);
  if (isRestarted) rmSync(path, { force: true });
  const written = readIfThere(path);
  // a kill can cut the last line
  const done = new Set(written.split("\n").filter((line) => ID.test(line)));
  let isOpen = false;
  return {
    done,
    since: done.size === 0 ? null : statSync(path).birthtime,
    note(id) {
      if (!isOpen) mkdirSync(folder, { recursive: true });
      // the leading line break ends a line that was cut
      appendFileSync(path, isOpen || written === "" ? `${id}\n` : `\n${id}\n`);
      isOpen = true;
    },
    close: () => rmSync(path, { force: true }),
  };
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}
