import { randomUUID } from "node:crypto";
import { constants, type Dirent } from "node:fs";
import {
  chmod,
  type FileHandle,
  lstat,
  mkdir,
  open,
  readdir,
  realpath,
  rename,
  rm,
  rmdir,
  stat,
  unlink,
} from "node:fs/promises";
import { dirname, join } from "node:path";
import { type BlobHead, type Blobs, MillraceError } from "@millrace/core";
import { blobMissing, blobStoreFailed, blobTooLarge } from "./blob-error.ts";
import { assertBlobKey, assertBlobPrefix } from "./blob-key.ts";
import { capSource } from "./capped-source.ts";

/** Where bytes wait until they are whole. `~` stands in no key, so no blob can be called this. */
const INCOMING = "~incoming";
/** Nothing is written for a day: an older file there is what a killed process left. */
const ABANDONED_AFTER_MS = 24 * 3_600_000;
/** Deleting a folder's last blob removes the folder, maybe under the feet of a put, but hardly so often in a row. */
const PUBLISH_TRIES = 20;

/**
 * Blobs as files below one folder. A put writes a temporary file, syncs it and renames it into place. No key and no
 * symbolic link below the folder leads out of it.
 */
export async function openFolderBlobs(folder: string): Promise<Blobs> {
  const root = await storing("open its folder", async () => {
    const isNew = (await mkdir(folder, { recursive: true })) !== undefined;
    if (isNew) await chmod(folder, 0o700); // not by mkdir's mode, which would close the folders above as well
    await mkdir(join(folder, INCOMING), { recursive: true });
    return realpath(folder);
  });
  await removeAbandoned(join(root, INCOMING));
  return {
    put: (key, bytes) => write(root, key, [typeof bytes === "string" ? Buffer.from(bytes) : bytes]),
    async putStream(key, source, { maxBytes }) {
      try {
        return await write(root, key, capSource(key, source, maxBytes));
      } finally {
        source.destroy();
      }
    },
    async get(key, options) {
      const file = await openBlob(root, key);
      try {
        return await storing("read", async () => {
          const { size } = await file.stat();
          if (options?.maxBytes !== undefined && size > options.maxBytes) throw blobTooLarge(key, options.maxBytes);
          return file.readFile();
        });
      } finally {
        await file.close();
      }
    },
    getStream: async (key, range) => (await openBlob(root, key)).createReadStream(range),
    head: (key) => headOf(root, key),
    delete: (key) => remove(root, key),
    list: (prefix) => listBlobs(root, prefix),
    async check() {
      const probe = join(root, INCOMING, randomUUID());
      await storing("write to its folder", async () => {
        await (await open(probe, "wx")).close();
        await unlink(probe);
      });
    },
  };
}

async function write(
  root: string,
  key: string,
  source: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<BlobHead> {
  assertBlobKey(key);
  const temporary = join(root, INCOMING, randomUUID());
  const file = await storing("write", () => open(temporary, "wx"));
  try {
    let bytes = 0;
    try {
      for await (const chunk of source) {
        await storing("write", () => file.writeFile(chunk));
        bytes += chunk.byteLength;
      }
      await storing("write", () => file.sync());
    } finally {
      await file.close();
    }
    await storing("write", () => publish(root, key, temporary));
    return { key, bytes };
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function publish(root: string, key: string, temporary: string): Promise<void> {
  const path = join(root, key);
  for (let attempt = 1; ; attempt++) {
    try {
      await makeFolders(root, key);
      await rename(temporary, path);
      break;
    } catch (error) {
      if (!isMissing(error) || attempt >= PUBLISH_TRIES) throw error;
    }
  }
  // Missing here: already deleted again.
  await syncFolder(dirname(path)).catch((error: unknown) => {
    if (!isMissing(error)) throw error;
  });
}

/** Makes the folders above a blob one by one, so that a symbolic link is seen before it is followed. */
async function makeFolders(root: string, key: string): Promise<void> {
  let folder = root;
  for (const segment of key.split("/").slice(0, -1)) {
    const parent = folder;
    folder = join(parent, segment);
    try {
      await mkdir(folder);
      await syncFolder(parent);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      if (!(await lstat(folder)).isDirectory()) throw notPlain(key);
    }
  }
}

/** Opens a blob for reading; whatever is no plain file below plain folders is missing or refused. */
async function openBlob(root: string, key: string): Promise<FileHandle> {
  assertBlobKey(key);
  const path = join(root, key);
  let file: FileHandle | undefined;
  try {
    await assertPlain(path, key);
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    if (!(await file.stat()).isFile()) throw blobMissing(key);
    return file;
  } catch (error) {
    await file?.close();
    throw isMissing(error) ? blobMissing(key) : blobStoreFailed("read", error);
  }
}

async function headOf(root: string, key: string): Promise<BlobHead | undefined> {
  assertBlobKey(key);
  const path = join(root, key);
  try {
    await assertPlain(path, key);
    const found = await lstat(path);
    if (found.isSymbolicLink()) throw notPlain(key);
    return found.isFile() ? { key, bytes: found.size } : undefined;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw blobStoreFailed("read", error);
  }
}

async function remove(root: string, key: string): Promise<void> {
  assertBlobKey(key);
  const path = join(root, key);
  try {
    await assertPlain(path, key);
    await unlink(path);
  } catch (error) {
    if (isMissing(error)) return;
    throw blobStoreFailed("delete", error);
  }
  for (let folder = dirname(path); folder !== root; folder = dirname(folder)) {
    try {
      await rmdir(folder);
    } catch {
      return; // not empty, or somebody else was quicker
    }
  }
}

/** In the order of the keys' bytes, as S3 lists: a folder sorts as its name with the slash. */
async function* listBlobs(root: string, prefix: string, folder = ""): AsyncGenerator<BlobHead> {
  assertBlobPrefix(prefix);
  let entries: Dirent[];
  try {
    entries = await readdir(join(root, folder), { withFileTypes: true });
  } catch (error) {
    if (isMissing(error)) return;
    throw blobStoreFailed("list", error);
  }
  const names = entries
    .filter((entry) => !entry.name.includes("~") && (entry.isFile() || entry.isDirectory()))
    .map((entry) => folder + entry.name + (entry.isDirectory() ? "/" : ""))
    .sort((a, b) => (a < b ? -1 : 1));
  for (const name of names) {
    if (name.endsWith("/")) {
      if (name.startsWith(prefix) || prefix.startsWith(name)) yield* listBlobs(root, prefix, name);
    } else if (name.startsWith(prefix)) {
      const head = await headOf(root, name);
      if (head) yield head;
    }
  }
}

/** The root is a real path and keys hold no dots, so the folder's real path differs only by a symbolic link. */
async function assertPlain(path: string, key: string): Promise<void> {
  const folder = dirname(path);
  if ((await realpath(folder)) !== folder) throw notPlain(key);
}

function notPlain(key: string): MillraceError {
  return new MillraceError("BLOB_STORE_FAILED", `${key} leads through something that is no plain folder or file.`, {
    details: { key },
  });
}

/** A rename is only safe from a power cut when the folder's own entry is on disk. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, constants.O_RDONLY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function removeAbandoned(incoming: string): Promise<void> {
  for (const name of await readdir(incoming)) {
    const path = join(incoming, name);
    const found = await stat(path).catch(() => undefined);
    if (found && Date.now() - found.mtimeMs > ABANDONED_AFTER_MS) await rm(path, { force: true });
  }
}

function isMissing(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === "ENOENT" || code === "ENOTDIR";
}

async function storing<T>(act: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw blobStoreFailed(act, error);
  }
}
