import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { missing } from "../missing.ts";
import { sampleFiles } from "./sample-files.ts";

const [drawings, manuals] = await Promise.all([sampleFiles("librecad-data"), sampleFiles("gmsh-doc")]);

describe.skipIf(missing("samples", drawings.problem ?? manuals.problem))("files of the distribution's packages", () => {
  test("are found by how their names end", () => {
    expect(drawings.files("dxf").length).toBeGreaterThan(1_000);
    expect(drawings.files("DXF")).toEqual(drawings.files("dxf"));
    expect(drawings.files("nothing")).toEqual([]);
    expect(drawings.file("sheets/A0H.dxf").startsWith(drawings.folder)).toBe(true);
    expect(() => drawings.file("no-such-file.dxf")).toThrow("no samples end in");
  });

  test("lie unpacked beside their gzipped originals", () => {
    const steps = manuals.files("step");
    expect(steps.length).toBeGreaterThan(0);
    for (const step of steps) expect(readFileSync(step, "latin1")).toMatch(/^ISO-10303-21;/);
    expect(manuals.files("pdf").length).toBeGreaterThan(0);
  });

  test("are the same for everybody in a process", async () => {
    expect(await sampleFiles("librecad-data")).toBe(drawings);
  });
});
