import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  advance,
  type ClaimedJob,
  complete,
  fail,
  type Lane,
  NO_RETRY,
  type PipelineSpec,
  parkUntil,
  placeOf,
  type Settlement,
  type Spool,
  silentLog,
} from "@millrace/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { folderSpool } from "./folder-spool.ts";
import { createResultSpool } from "./result-spool.ts";

const schema = { parse: (value: unknown) => value };
const stage = (lane: Lane) => ({ lane, timeoutMs: 1, retry: NO_RETRY, isAbortable: false, output: schema });
const spec: PipelineSpec = {
  name: "p",
  version: "1.0.0",
  admission: "direct",
  input: schema,
  stages: { one: stage("io"), two: stage("io") },
  maxRetries: 1,
  resourceKey: () => "k",
};
const two = placeOf(spec, "two");
if (two === undefined) throw new Error("there is a stage two");
const jobOf = (fence: number, isRecovered: boolean): ClaimedJob =>
  ({ id: "j1", stage: "one", fence, isRecovered }) as ClaimedJob;
const result = { output: { n: 1 }, warnings: [] };

/** A place that cannot be used. */
const broken: Spool = {
  put: () => Promise.reject(new Error("no room")),
  find: () => Promise.reject(new Error("no answer")),
  remove: () => Promise.reject(new Error("no answer")),
};

describe("createResultSpool", () => {
  let folder: string;
  const open = (...before: Spool[]) =>
    createResultSpool({ places: [...before, folderSpool({ folder, log: silentLog })], log: silentLog });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "spool-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it.each<[string, Settlement]>([
    ["advance", advance(two, result)],
    ["complete", complete(result)],
    ["fail", fail({ code: "PIPELINE_EXCEPTION", message: "no", stage: "one" })],
    ["wait_until", parkUntil(10, "later")],
  ])("gives the claim after a lost one what it was: %s", async (_, settlement) => {
    expect(await open().keep(jobOf(3, false), settlement)).toBe(true);
    expect(await open().recall(jobOf(4, true), spec)).toEqual(settlement);
  });

  it("is not asked for a claim that follows a settled one: that result was written", async () => {
    await open().keep(jobOf(3, false), advance(two, result));
    expect(await open().recall(jobOf(4, false), spec)).toBeUndefined();
  });

  it("a claim that was given back came between: a finished stage counts still, a failure does not", async () => {
    const afterHandBack = { ...jobOf(5, false), crashes: 1 };
    await open().keep(jobOf(3, false), advance(two, result));
    expect(await open().recall(afterHandBack, spec)).toEqual(advance(two, result));
    await open().keep(jobOf(4, false), parkUntil(10, "later"));
    expect(await open().recall(afterHandBack, spec)).toBeUndefined();
  });

  it("two claims were lost: a finished stage counts still, a failure may have been written long ago", async () => {
    await open().keep(jobOf(3, false), advance(two, result));
    expect(await open().recall(jobOf(5, true), spec)).toBeDefined();
    await open().keep(jobOf(3, false), parkUntil(10, "later"));
    expect(await open().recall(jobOf(5, true), spec)).toBeUndefined();
  });

  it("knows nothing of a later claim, of another stage, or of one the pipeline does not have any more", async () => {
    await open().keep(jobOf(4, false), advance(two, result));
    expect(await open().recall(jobOf(4, true), spec)).toBeUndefined();
    expect(await open().recall({ ...jobOf(5, true), stage: "two" }, spec)).toBeUndefined();
    const shorter = { ...spec, stages: { one: stage("io") } };
    expect(await open().recall(jobOf(5, true), shorter)).toBeUndefined();
  });

  it("uses the next place when one cannot be used, and says when none can", async () => {
    expect(await open(broken).keep(jobOf(1, false), complete(result))).toBe(true);
    expect(await open(broken).recall(jobOf(2, true), spec)).toEqual(complete(result));
    await open(broken).forget({ id: "j1", stage: "one" });
    expect(await open().recall(jobOf(2, true), spec)).toBeUndefined();
    const nowhere = createResultSpool({ places: [broken], log: silentLog });
    expect(await nowhere.keep(jobOf(1, false), complete(result))).toBe(false);
    expect(await nowhere.recall(jobOf(2, true), spec)).toBeUndefined();
  });
});
