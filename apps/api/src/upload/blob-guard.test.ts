import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Blobs, type JobRow, type JobStore, StoreUnavailableError } from "@millrace/core";
import { openBlobs } from "@millrace/providers";
import { collectLogs, until } from "@millrace/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createBlobGuard } from "./blob-guard.ts";

const blob = { key: "o/uploads/c/a.md", ownerId: "o" };
let folder: string;
let blobs: Blobs;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-guard-"));
  blobs = await openBlobs(`file://${folder}`);
  await blobs.put(blob.key, "x");
});
afterEach(() => rm(folder, { recursive: true }));

const isThere = async () => (await blobs.head(blob.key)) !== undefined;

/** Postgres that is away for the first questions and then lists these inputs. */
function guardWith(inputs: readonly object[], failures = 0, isJobThere = false) {
  let asked = 0;
  const { log, lines } = collectLogs();
  const store: Pick<JobStore, "listJobs" | "findJob"> = {
    findJob: async () => {
      asked++;
      return isJobThere ? ({} as JobRow) : undefined;
    },
    listJobs: async () => {
      if (asked++ < failures) throw new StoreUnavailableError("away");
      return inputs.map((input) => ({ input }) as JobRow);
    },
  };
  const guard = createBlobGuard({ blobs, store: store as JobStore, log, settleMs: 1, attempts: 3 });
  return { guard, lines, asked: () => asked };
}

const lostReply = async () => {
  throw new StoreUnavailableError("away");
};

describe("blob guard", () => {
  it("keeps the blob of an accepted request and drops that of a duplicate", async () => {
    const { guard } = guardWith([]);
    expect(await guard.protect(blob, async () => ({ usesBlob: true, answer: 1 }))).toBe(1);
    expect(await isThere()).toBe(true);
    await guard.protect(blob, async () => ({ usesBlob: false, answer: 1 }));
    expect(await isThere()).toBe(false);
  });

  it("drops the blob of a refused request", async () => {
    const refuse = async () => {
      throw new Error("refused");
    };
    await expect(guardWith([]).guard.protect(blob, refuse)).rejects.toThrow("refused");
    expect(await isThere()).toBe(false);
  });

  it("keeps the blob when the job was accepted and only the reply was lost", async () => {
    const { guard, asked } = guardWith([{ blob_key: blob.key }], 1);
    await expect(guard.protect(blob, lostReply)).rejects.toThrow("away");
    await until(() => asked() === 2);
    expect(await isThere()).toBe(true);
  });

  it("drops the blob once Postgres is back and knows of no job that uses it", async () => {
    const { guard } = guardWith([{ blob_key: `${blob.key}x` }], 1);
    await expect(guard.protect(blob, lostReply)).rejects.toThrow("away");
    expect(await isThere()).toBe(true);
    await until(async () => !(await isThere()));
  });

  it("asks for the job itself where its id is known, and keeps or drops all its blobs with it", async () => {
    const others = ["o/uploads/c/b.md", "o/uploads/c/c.md"];
    for (const key of others) await blobs.put(key, "x");
    const all = { ...blob, jobId: "j", others };
    const keys = async () => {
      const found: string[] = [];
      for await (const { key } of blobs.list("o/")) found.push(key);
      return found;
    };
    const { guard, asked } = guardWith([{ elsewhere: true }], 0, true);
    await expect(guard.protect(all, lostReply)).rejects.toThrow("away");
    await until(() => asked() === 1);
    expect(await keys()).toEqual([blob.key, ...others]);
    await expect(guardWith([]).guard.protect(all, lostReply)).rejects.toThrow("away");
    await until(async () => (await keys()).length === 0);
  });

  it("gives up in the end, keeps the blob and says so", async () => {
    const { guard, lines } = guardWith([], 99);
    await expect(guard.protect(blob, lostReply)).rejects.toThrow("away");
    await until(() => lines.length > 0);
    expect(lines[0]).toMatchObject({ level: "warn", fields: { blob_key: blob.key } });
    expect(await isThere()).toBe(true);
  });
});
