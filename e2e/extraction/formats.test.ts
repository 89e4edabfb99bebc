import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Cluster, startCluster } from "../processes/cluster.ts";
import { type ExtractionCalls, extractionCalls } from "./extraction-calls.fixture.ts";
import { assembly, dxf, ifc, pdf } from "./files.fixture.ts";

let cluster: Cluster;
let calls: ExtractionCalls;
beforeAll(async () => {
  cluster = await startCluster();
  calls = extractionCalls(cluster);
  await cluster.startWorker("w1");
});
afterAll(() => cluster?.close());

describe("files uploaded to the API and extracted by a worker", { timeout: 300_000 }, () => {
  test.each<[string, string, () => Buffer | Promise<Buffer>, object]>([
    [
      "pdf",
      "bill.pdf",
      pdf,
      { counts: { tables: 1 }, metadata: { page_count: 2 }, tables: [{ page: 2, headers: ["Part", "Count"] }] },
    ],
    [
      "dxf",
      "plan.dxf",
      () => dxf(7),
      { metadata: { acad_version: "AC1015", units: "millimetre" }, layers: [{ name: "Contour" }] },
    ],
    ["ifc", "house.ifc", ifc, { elements: [{ class: "IfcWall", name: "Wall 1", storey: "Ground floor" }] }],
    ["step", "as1.stp", assembly, { source_type: "step", success: true }],
  ])("%s (B-S25, B-Q24)", async (format, name, bytesOf, expected) => {
    const bytes = await bytesOf();
    const id = await calls.upload(name, bytes);
    const found = await calls.reaches(id, "completed", "failed");
    expect(found).toMatchObject({
      status: "completed",
      format,
      filename: name,
      file_size: bytes.length,
      progress: 100,
    });
    expect(found.result).toMatchObject({
      source_file: name,
      source_type: format,
      success: true,
      file_size: bytes.length,
    });
    expect(found.result).toMatchObject(expected);
    const whole = await cluster.call("GET", `/extraction/jobs/${id}/result`);
    expect(whole.body).toMatchObject(expected);
  });
});
