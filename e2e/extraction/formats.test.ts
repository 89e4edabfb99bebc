import { type FakeWerk24, startFakeWerk24 } from "@millrace/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Cluster, startCluster } from "../processes/cluster.ts";
import { type ExtractionCalls, extractionCalls } from "./extraction-calls.fixture.ts";
import { assembly, dxf, ifc, pdf, png } from "./files.fixture.ts";

let cluster: Cluster;
let calls: ExtractionCalls;
let werk24: FakeWerk24;
beforeAll(async () => {
  werk24 = await startFakeWerk24();
  cluster = await startCluster();
  calls = extractionCalls(cluster);
  await cluster.startWorker("w1", { WERK24_API_KEY: werk24.token, WERK24_BASE_URL: werk24.url });
});
afterAll(async () => {
  await cluster?.close();
  await werk24?.stop();
});

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

describe("drawings read by Werk24, through the whole system", { timeout: 300_000 }, () => {
  test("B2.3 B-Q24 an image becomes dimensions, tolerances, threads and a title block", async () => {
    const bytes = png(1);
    const id = await calls.upload("bracket.png", bytes);
    const { status, result } = await calls.reaches(id, "completed", "failed");
    expect(status).toBe("completed");
    expect(result).toMatchObject({ source_type: "werk24", success: true });
    expect(result.dimensions.length).toBeGreaterThan(0);
    expect(result.title_block).toMatchObject({ drawing_number: expect.any(String) });
    expect(werk24.readings.at(-1)?.drawing).toEqual(bytes);
  });

  test("B-Q13 its Retry-After is the earliest next try", async () => {
    werk24.behave({ handshake: { status: 429, headers: { "retry-after": "3600" } } });
    const id = await calls.upload("busy.png", png(2));
    const waiting = await calls.waits(id);
    expect(waiting).toMatchObject({ status: "pending", error_code: "WERK24_RATE_LIMITED", retry_count: 1 });
    expect(Date.parse(waiting.next_retry_at) - Date.now()).toBeGreaterThan(3_000_000);
  });

  test("B-Q14 a refused key is final", async () => {
    werk24.behave({ handshake: { status: 403 } });
    const id = await calls.upload("foreign.png", png(3));
    expect(await calls.reaches(id, "failed", "completed")).toMatchObject({
      status: "failed",
      error_code: "WERK24_UNAUTHORIZED",
      retry_count: 0,
    });
  });
});
