import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { blobsContract } from "./blobs.contract.ts";
import { openFolderBlobs } from "./folder-blobs.ts";

let base: string;
let count = 0;
const freshFolder = (): string => join(base, `blobs-${count++}`);

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "millrace-blobs-"));
});
afterAll(() => rm(base, { recursive: true, force: true }));

blobsContract("folder", () => openFolderBlobs(freshFolder()));

const refused = expect.objectContaining({ code: "BLOB_STORE_FAILED" });

describe("folder blobs", () => {
  it("keeps blobs as files of their own names, in a folder only its owner can enter", async () => {
    const folder = join(freshFolder(), "deep", "down");
    const blobs = await openFolderBlobs(folder);
    await blobs.put("web/a/content.md", "text");
    expect(await readFile(join(folder, "web/a/content.md"), "utf8")).toBe("text");
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    expect((await stat(join(folder, ".."))).mode & 0o055).toBe(0o055);
    expect(await (await openFolderBlobs(folder)).head("web/a/content.md")).toEqual({
      key: "web/a/content.md",
      bytes: 4,
    });
  });

  it("leaves no temporary file after success, failure or abort", async () => {
    const folder = freshFolder();
    const blobs = await openFolderBlobs(folder);
    await blobs.put("a", "x");
    await expect(blobs.putStream("b", Readable.from(["too long"]), { maxBytes: 1 })).rejects.toThrow();
    const cut = new Readable({ read() {} });
    const attempt = blobs.putStream("c", cut, { maxBytes: 1 });
    cut.destroy(new Error("aborted"));
    await expect(attempt).rejects.toThrow("aborted");
    await blobs.put("d/e", "x");
    await expect(blobs.put("d", "a folder is there")).rejects.toEqual(refused);
    await expect(blobs.put("a/b", "a file is there")).rejects.toEqual(refused);
    expect(await readdir(join(folder, "~incoming"))).toEqual([]);
    expect((await readdir(folder)).sort()).toEqual(["a", "d", "~incoming"]);
  });

  it("removes what a killed process left a day ago, and nothing younger", async () => {
    const folder = freshFolder();
    await openFolderBlobs(folder);
    const incoming = join(folder, "~incoming");
    for (const name of ["old", "young"]) await writeFile(join(incoming, name), "part");
    const longAgo = new Date(Date.now() - 25 * 3_600_000);
    await utimes(join(incoming, "old"), longAgo, longAgo);
    await openFolderBlobs(folder);
    expect(await readdir(incoming)).toEqual(["young"]);
  });

  it("follows no symbolic link below its folder", async () => {
    const folder = freshFolder();
    const outside = freshFolder();
    await mkdir(outside);
    await writeFile(join(outside, "secret"), "secret");
    const blobs = await openFolderBlobs(folder);
    await symlink(outside, join(folder, "link"));
    await symlink(join(outside, "secret"), join(folder, "file"));

    await expect(blobs.get("link/secret")).rejects.toEqual(refused);
    await expect(blobs.getStream("link/secret")).rejects.toEqual(refused);
    await expect(blobs.head("link/secret")).rejects.toEqual(refused);
    await expect(blobs.delete("link/secret")).rejects.toEqual(refused);
    await expect(blobs.put("link/secret", "mine")).rejects.toEqual(refused);
    await expect(blobs.put("link/new/deeper", "mine")).rejects.toEqual(refused);
    await expect(blobs.get("file")).rejects.toEqual(refused);
    await expect(blobs.head("file")).rejects.toEqual(refused);
    const listed = [];
    for await (const { key } of blobs.list("")) listed.push(key);
    expect(listed).toEqual([]);

    await blobs.put("file", "mine"); // replaces the link itself
    expect(Buffer.from(await blobs.get("file")).toString()).toBe("mine");
    expect(await readFile(join(outside, "secret"), "utf8")).toBe("secret");
    expect(await readdir(outside)).toEqual(["secret"]);
  });

  it("may itself be reached through a link", async () => {
    const folder = freshFolder();
    await mkdir(folder);
    await symlink(folder, `${folder}-link`);
    const blobs = await openFolderBlobs(`${folder}-link`);
    await blobs.put("a/b", "x");
    expect(Buffer.from(await blobs.get("a/b")).toString()).toBe("x");
  });

  it("says when its folder is gone or cannot be one", async () => {
    const folder = freshFolder();
    const blobs = await openFolderBlobs(folder);
    await rm(folder, { recursive: true });
    await expect(blobs.check()).rejects.toEqual(
      expect.objectContaining({ code: "BLOB_STORE_FAILED", retry: "backoff" }),
    );
    await expect(blobs.put("a", "x")).rejects.toEqual(refused);
    await writeFile(folder, "a file");
    await expect(openFolderBlobs(folder)).rejects.toEqual(refused);
  });
});
