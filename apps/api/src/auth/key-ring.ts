import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Log } from "@millrace/core";
import { type AuthorizedKey, parseAuthorizedKeys } from "./authorized-keys.ts";

/** As long as a revoked API key may go on working. Read, not watched: watches miss changes of mounted files. */
const READ_EVERY_MS = 5_000;
const MAX_BYTES = 1024 * 1024;

export interface KeyRing {
  /** By the short key id, or by the whole fingerprint with `SHA256:`. */
  find(keyId: string): AuthorizedKey | undefined;
  /** Reads the keys again, now. */
  reload(): Promise<void>;
  close(): void;
}

export interface KeyRingOptions {
  /** One file, or a folder of files that end in `.pub`. */
  readonly path: string;
  readonly log: Log;
  readonly readEveryMs?: number;
}

interface Reading {
  /** As it was read: tells whether anything changed. */
  readonly source: string;
  readonly keys: ReadonlyMap<string, AuthorizedKey>;
  readonly problems: readonly string[];
}

/**
 * The keys that may sign requests, read again every few seconds. Rejects when a line is wrong at the start; later such a
 * line is logged and grants nothing, and what cannot be read at all grants nothing until it can.
 */
export async function openKeyRing({ path, log, readEveryMs = READ_EVERY_MS }: KeyRingOptions): Promise<KeyRing> {
  let current = await readKeys(path);
  if (current.problems.length > 0) throw new Error(`AUTHORIZED_KEYS is wrong:\n${current.problems.join("\n")}`);
  log.info({ keys: current.keys.size / 2 }, "authorized keys read");

  const readAgain = async (): Promise<void> => {
    const next = await readKeys(path);
    if (next.source === current.source) return;
    current = next;
    for (const problem of next.problems) log.error({ problem }, "an authorized key grants nothing");
    log.info({ keys: next.keys.size / 2 }, "authorized keys changed");
  };
  // one after the other: a slow read must not undo a later one
  let reading = Promise.resolve();
  const reload = (): Promise<void> => {
    reading = reading.then(readAgain);
    return reading;
  };
  const timer = setInterval(() => void reload(), readEveryMs);
  timer.unref();
  return { find: (keyId) => current.keys.get(keyId), reload, close: () => clearInterval(timer) };
}

async function readKeys(path: string): Promise<Reading> {
  const keys = new Map<string, AuthorizedKey>();
  const problems: string[] = [];
  const sources: string[] = [];
  try {
    for (const file of await filesOf(path)) {
      if ((await stat(file)).size > MAX_BYTES) throw new Error(`${file} is larger than ${MAX_BYTES} bytes`);
      const text = await readFile(file, "utf8");
      sources.push(file, text);
      const parsed = parseAuthorizedKeys(text);
      problems.push(...parsed.problems.map(({ line, problem }) => `${file}:${line} ${problem}`));
      for (const key of parsed.keys) {
        if (keys.has(key.keyId)) {
          problems.push(`${file}: the key ${key.keyId} stands twice; the first counts`);
          continue;
        }
        keys.set(key.keyId, key).set(key.fingerprint, key);
      }
    }
    return { source: JSON.stringify(sources), keys, problems };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { source: message, keys: new Map(), problems: [message] };
  }
}

async function filesOf(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  const names = (await readdir(path)).filter((name) => name.endsWith(".pub") && !name.startsWith("."));
  return names.sort().map((name) => join(path, name));
}
