import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Cluster, startCluster } from "../processes/cluster.ts";
import { type ExtractionCalls, extractionCalls } from "./extraction-calls.fixture.ts";
import { assembly, deadlyStep, dxf, ifc, laughingDxf, pdf, pdfBomb } from "./files.fixture.ts";

let cluster: Cluster;
let calls: ExtractionCalls;
beforeAll(async () => {
  const hoard = fileURLToPath(new URL("./hoard.mjs", import.meta.url));
  cluster = await startCluster({ env: { PIPELINE_MODULES: hoard, STAGE_MAX_MEMORY_MB: "1024" } });
  calls = extractionCalls(cluster);
});
afterAll(() => cluster?.close());

const cut = (bytes: Buffer, share: number): Buffer => bytes.subarray(0, Math.floor(bytes.length * share));

describe("bad files beside good ones", { timeout: 600_000 }, () => {
  test("are refused before they are jobs where their first bytes say so (B-Q20)", async () => {
    const refused = async (name: string, bytes: Buffer, format?: string) => {
      const form = new FormData();
      if (format !== undefined) form.set("format", format);
      form.set("file", new Blob([new Uint8Array(bytes)]), name);
      const { status, body } = await cluster.call("POST", "/extraction/upload", form);
      return [status, body.code];
    };
    expect(await refused("plan.dxf", await pdf())).toEqual([415, "UNSUPPORTED_FORMAT"]);
    expect(await refused("plan.pdf", dxf(1))).toEqual([415, "UNSUPPORTED_FORMAT"]);
    expect(await refused("empty.pdf", Buffer.alloc(0))).toEqual([400, "VALIDATION_FAILED"]);
    expect(await refused("tool.exe", Buffer.from("MZ"))).toEqual([415, "UNSUPPORTED_FORMAT"]);
  });

  test("fail with their codes on the same worker, which lives on and reads the good ones (B-Q14, B-Q20)", async () => {
    const worker = await cluster.startWorker("w1");
    const bad: Record<string, readonly [name: string, bytes: Buffer, code: string]> = {
      "a PDF with a password": ["locked.pdf", await pdf({ userPassword: "secret" }), "CONTENT_ENCRYPTED"],
      "a PDF bomb": ["bomb.pdf", pdfBomb(), "CONTENT_TOO_COMPLEX"],
      "a PDF that ends early": ["cut.pdf", Buffer.from("%PDF-1.7\n1 0 obj\n<< /Ty"), "CONTENT_DAMAGED"],
      "a model that ends in its header": ["cut.ifc", cut(ifc(), 0.2), "CONTENT_DAMAGED"],
      "a part that ends early": [
        "cut.stp",
        Buffer.from("ISO-10303-21;\nHEADER;\nFILE_SCHEMA(('AUTOMOTIVE_DESIGN'));\n"),
        "CONTENT_DAMAGED",
      ],
      "a part that crashes its reader": ["deadly.stp", deadlyStep(), "STAGE_CRASHED"],
    };
    const good: Record<string, readonly [name: string, bytes: Buffer]> = {
      "a PDF": ["bill.pdf", await pdf()],
      "a drawing": ["plan.dxf", dxf(3)],
      "a billion laughs, which are not told": ["laughing.dxf", laughingDxf(100)],
      "a model": ["house.ifc", ifc()],
      "an assembly": ["as1.stp", assembly()],
    };
    const once = { max_retries: "0" };
    const ids: Record<string, string> = {};
    for (const [what, [name, bytes]] of Object.entries(bad)) {
      // a crash is tried once more, which this test does not wait for
      ids[what] = await calls.upload(name, bytes, once);
    }
    for (const [what, [name, bytes]] of Object.entries(good)) ids[what] = await calls.upload(name, bytes);

    const ended = async (what: string) => {
      const { status, error_code, error_message } = await calls.reaches(ids[what] ?? "", "completed", "failed");
      return [what, status, error_code, status === "failed" && error_message.length > 0];
    };
    expect(await Promise.all(Object.keys(bad).map(ended))).toEqual(
      Object.entries(bad).map(([what, [, , code]]) => [what, "failed", code, true]),
    );
    expect(await Promise.all(Object.keys(good).map(ended))).toEqual(
      Object.keys(good).map((what) => [what, "completed", null, false]),
    );
    expect(worker.child.exitCode).toBeNull();
    expect(cluster.output()).not.toMatch(/WORKER_LOST/);
  });

  test("a file that crashes its reader is tried once more and then left alone (B-Q14)", async () => {
    const id = await calls.upload("deadly-again.stp", Buffer.concat([deadlyStep(), Buffer.from("\n")]));
    const waiting = await calls.waits(id);
    expect(waiting).toMatchObject({ error_code: "STAGE_CRASHED", retry_count: 1 });
    await calls.hurry();
    const failed = await calls.reaches(id, "failed");
    expect(failed).toMatchObject({ error_code: "STAGE_CRASHED", retry_count: 1, max_retries: 3 });
    expect(failed.attempts.map(({ outcome }: { outcome: string }) => outcome)).toEqual(["retry", "failed"]);
  });

  test("a stage that takes all memory costs its own job alone (B-Q14, B-Q20)", async () => {
    const { body: greedy } = await cluster.call("POST", "/jobs", { pipeline: "hoard", input: {} });
    const beside = await calls.upload("beside.dxf", dxf(3, "beside a greedy one"));
    expect(await cluster.reaches(greedy.job_id, "failed", "completed")).toMatchObject({
      status: "failed",
      error_code: "CONTENT_TOO_COMPLEX",
      error_message: expect.stringContaining("1024 MB"),
    });
    expect(await calls.reaches(beside, "completed", "failed")).toMatchObject({ status: "completed" });
    expect(cluster.output()).not.toMatch(/WORKER_LOST/);
  });
});
