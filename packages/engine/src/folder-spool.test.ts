import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SpooledResult } from "@millrace/core";
import { collectLogs } from "@millrace/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { folderSpool } from "./folder-spool.ts";

const result = (over: Partial<SpooledResult> = {}): SpooledResult => ({
  jobId: "0199",
  stage: "a/../b c",
  fence: 3,
  settlement: { event: "advance", next: "d" },
  ...over,
});

describe("folderSpool", () => {
  let parent: string;
  let folder: string;
  const { log, lines } = collectLogs();
  const open = () => folderSpool({ folder, log });
  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), "spool-"));
    folder = join(parent, "made", "on", "demand");
  });
  afterEach(() => rmSync(parent, { recursive: true, force: true }));

  it("keeps a result for another process that shares the folder, the newest of a stage, until it is removed", async () => {
    await open().put(result());
    await open().put(result({ fence: 4 }));
    const other = open();
    expect(await other.find("0199", "a/../b c")).toEqual(result({ fence: 4 }));
    expect(await other.find("0199", "b")).toBeUndefined();
    expect(readdirSync(folder)).toHaveLength(1);
    await other.remove("0199", "a/../b c");
    await other.remove("0199", "a/../b c");
    expect(await open().find("0199", "a/../b c")).toBeUndefined();
  });

  it("takes what it cannot read for nothing, and says so", async () => {
    await open().put(result());
    for (const text of ["", "{", "[]", '{"jobId":1}']) {
      writeFileSync(join(folder, readdirSync(folder)[0] ?? ""), text);
      expect(await open().find("0199", "a/../b c"), text).toBeUndefined();
    }
    expect(lines.filter((l) => l.level === "warn")).toHaveLength(4);
  });

  it("rejects where no folder can be made", async () => {
    writeFileSync(join(parent, "made"), "a file in its place");
    await expect(open().put(result())).rejects.toThrow();
    expect(
      await open()
        .find("0199", "x")
        .catch(() => "rejected"),
    ).toBe("rejected");
    rmSync(join(parent, "made"));
    await open().put(result());
  });

  it("throws away what nobody asked for in a week", async () => {
    await open().put(result());
    const file = join(folder, readdirSync(folder)[0] ?? "");
    const longAgo = Date.now() / 1_000 - 8 * 24 * 3_600;
    utimesSync(file, longAgo, longAgo);
    await open().put(result({ jobId: "other" }));
    expect(readdirSync(folder)).toEqual(["other.a%2F..%2Fb%20c.json"]);
  });
});
