import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openBlobs } from "@millrace/providers";
import { collectLogs } from "@millrace/testing";
import { afterAll, expect, test } from "vitest";
import { extractionRetentionChore } from "./extraction-retention-chore.ts";

const folder = await mkdtemp(join(tmpdir(), "millrace-retention-"));
afterAll(() => rm(folder, { recursive: true, force: true }));

const gone = (blobKeys: readonly string[]) => ({
  cleanUp: async () => ({
    isDryRun: false,
    byStatus: { completed: blobKeys.length, failed: 0, cancelled: 0 },
    bulks: 0,
    blobKeys: [...blobKeys],
  }),
});

test("B-Q22 the files of extractions that went go, too; one that cannot be removed is counted", async () => {
  const blobs = await openBlobs(`file://${folder}`);
  for (const key of ["o/extractions/a/a.dxf", "o/extractions/b/b.dxf"]) await blobs.put(key, "bytes");
  const { log, lines } = collectLogs();
  const stubborn = {
    delete: (key: string) => (key.endsWith("b.dxf") ? Promise.reject(new Error("busy")) : blobs.delete(key)),
  };
  const chore = extractionRetentionChore(gone(["o/extractions/a/a.dxf", "o/extractions/b/b.dxf"]), stubborn, log);
  await chore.run(new AbortController().signal);
  expect(await blobs.head("o/extractions/a/a.dxf")).toBeUndefined();
  expect(await blobs.head("o/extractions/b/b.dxf")).toBeDefined();
  expect(JSON.stringify(lines)).toContain('"blobs_left":1');
});

test("a leader that stops leaves the rest of the files alone", async () => {
  const blobs = await openBlobs(`file://${folder}`);
  await blobs.put("o/extractions/c/c.dxf", "bytes");
  const { log } = collectLogs();
  await extractionRetentionChore(gone(["o/extractions/c/c.dxf"]), blobs, log).run(AbortSignal.abort());
  expect(await blobs.head("o/extractions/c/c.dxf")).toBeDefined();
});
