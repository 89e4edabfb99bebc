import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openBlobs } from "./open-blobs.ts";

let base: string;
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "millrace-open-blobs-"));
});
afterAll(() => rm(base, { recursive: true, force: true }));

/** Opens a store in a process of its own; gives what it printed and how many modules of the S3 SDK it loaded. */
async function openElsewhere(address: string): Promise<{ stderr: string; sdkModules: number }> {
  const script = `
    import Module from "node:module";
    const { openBlobs } = await import(${JSON.stringify(new URL("./open-blobs.ts", import.meta.url).href)});
    await openBlobs(${JSON.stringify(address)}, { credentials: { accessKeyId: "a", secretAccessKey: "b" } });
    console.log(Object.keys(Module._cache).filter((path) => path.includes("@aws-sdk")).length);
  `;
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ["--conditions=millrace-source", "--import", "tsx", "--input-type=module", "--eval", script],
    { env: { PATH: process.env["PATH"] } },
  );
  return { stderr, sdkModules: Number(stdout) };
}

describe("openBlobs", () => {
  it("opens a folder, spaces and all", async () => {
    const blobs = await openBlobs(pathToFileURL(join(base, "with space é")).href);
    await blobs.put("a", "x");
    expect(await blobs.head("a")).toEqual({ key: "a", bytes: 1 });
  });

  it("loads the S3 SDK for S3 only, without its warning about old versions of node", async () => {
    const folder = await openElsewhere(pathToFileURL(join(base, "plain")).href);
    expect(folder).toEqual({ stderr: "", sdkModules: 0 });
    const s3 = await openElsewhere("s3://bucket/prefix?region=eu-central-1");
    expect(s3.stderr).toBe("");
    expect(s3.sdkModules).toBeGreaterThan(0);
  });

  it.each([
    "",
    "relative/folder",
    "/absolute/folder",
    "file://server/share",
    "http://example.com/",
    "s3://",
    "s3://b",
    "s3:///prefix",
    "s3://Bad_Bucket/",
    "s3://bucket/a//b",
    "s3://bucket/a b",
    "s3://key:secret@bucket/",
    "s3://bucket/?regoin=x",
    "s3://bucket/?endpoint=localhost:9000",
  ])("refuses %j", async (address) => {
    await expect(openBlobs(address)).rejects.toMatchObject({ code: "VALIDATION_FAILED" });
  });
});
