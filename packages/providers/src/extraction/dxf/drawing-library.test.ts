import { readFileSync } from "node:fs";
import { missing, sampleFiles } from "@millrace/testing";
import DxfParser from "dxf-parser";
import { describe, expect, test } from "vitest";
import { extractDxf, type Found } from "./write-dxf.contract.ts";

const [library, models] = await Promise.all([sampleFiles("librecad-data"), sampleFiles("assimp-testmodels")]);
const parts = library.files("dxf").filter((path) => path.includes("/library/"));
const patterns = library.files("dxf").filter((path) => path.includes("/patterns/"));

/** Thirteen hundred files, on a machine that may be busy. */
const PATIENCE_MS = 300_000;

const read = (path: string): Uint8Array => new Uint8Array(readFileSync(path));
const extractFile = (ending: string): Promise<Found> => {
  const source = ending.startsWith("DXF/") ? models : library;
  return extractDxf(read(source.file(ending)));
};

// its types describe another module than the one it ships
const Parser = DxfParser as unknown as typeof DxfParser.default;

/** Kinds the other parser knows as well; it drops the rest. */
const SHARED = "LINE ARC CIRCLE ELLIPSE LWPOLYLINE POLYLINE SPLINE POINT 3DFACE SOLID INSERT TEXT MTEXT".split(" ");

function countsOfOther(bytes: Uint8Array) {
  const drawing = new Parser().parseSync(new TextDecoder("latin1").decode(bytes));
  const counts: Record<string, number> = {};
  for (const { type } of drawing?.entities ?? []) counts[type] = (counts[type] ?? 0) + 1;
  const layers = Object.keys(drawing?.tables?.layer?.layers ?? {});
  const blocks = Object.keys(drawing?.blocks ?? {}).filter((name) => !/^[*$](?:model|paper)_space/i.test(name));
  return { counts, layers, blocks };
}

describe.skipIf(missing("samples", library.problem ?? models.problem))("B-Q24 drawings nobody here wrote", () => {
  test(
    "all 1,272 of LibreCAD's part library and its 63 patterns are read",
    async () => {
      expect([parts.length, patterns.length]).toEqual([1_272, 63]);
      const problems: string[] = [];
      let empty = 0;
      let entities = 0;
      for (const path of [...parts, ...patterns]) {
        const { content, errors, warnings } = await extractDxf(read(path));
        entities += content.totals.entities;
        if (warnings.some(({ code }) => code === "DRAWING_EMPTY")) empty += 1;
        else problems.push(...[...errors, ...warnings].map(({ code }) => `${path}: ${code}`));
      }
      expect(problems).toEqual([]);
      expect(empty).toBe(3);
      expect(entities).toBe(68_882);
    },
    PATIENCE_MS,
  );

  test(
    "kinds, layers and blocks are those another parser finds",
    async () => {
      const compared = [...parts, ...patterns, ...models.files("dxf")];
      for (const path of compared) {
        const bytes = read(path);
        const other = countsOfOther(bytes);
        const { content } = await extractDxf(bytes);
        for (const kind of SHARED) {
          expect(content.geometry.counts[kind] ?? 0, `${kind} in ${path}`).toBe(other.counts[kind] ?? 0);
        }
        const names = (list: readonly { readonly name: string }[]) => list.map(({ name }) => name);
        expect(names(content.layers), path).toEqual(expect.arrayContaining(other.layers));
        expect(names(content.blocks), path).toEqual(expect.arrayContaining(other.blocks));
      }
    },
    PATIENCE_MS,
  );

  test("the A0 sheet is as large as A0, 1189 × 841 mm, and has its three fields", async () => {
    const { content, metadata } = await extractFile("sheets/A0H.dxf");
    expect(content.totals).toMatchObject({ entities: 4_058, blocks: 3, inserts: 3, layers: 1 });
    expect(content.geometry.counts).toEqual({ LINE: 4_053, INSERT: 3, ARC: 2 });
    expect(content.geometry.extents.model_space).toEqual({ min: [0, 0, 0], max: [1_189, 841, 0] });
    expect(metadata).toMatchObject({
      acad_release: "2000",
      units: "millimetre",
      paper_limits: { min: [0, 0], max: [1_189, 841] },
    });
    expect(metadata.layouts.map(({ name }: { name: string }) => name)).toEqual(["Layout1", "Model", "Layout2"]);
  });

  test("a valve's symbol has its name and its pins", async () => {
    const { content } = await extractFile("electro-vacuum-iso/Valve-ECF80.dxf");
    expect(content.geometry.counts).toEqual({ ARC: 10, LINE: 48, MTEXT: 20, CIRCLE: 10 });
    const [name, ...pins] = content.text.map(({ text }: { text: string }) => text);
    expect(name).toBe("ECF80");
    for (let pin = 1; pin <= 9; pin += 1) expect(pins).toContain(String(pin));
    const legend = pins.find((text: string) => text.includes("Triode-Pentode;\nOscillator-Mixer;"));
    expect(legend).toContain("6 = Anode Pentode (ap)\n7 = Cathode Pentode");
    expect(content.layers.map(({ name, color }: Record<string, unknown>) => [name, color])).toContainEqual([
      "Valve-Tube",
      8,
    ]);
  });

  test("an architect's library inserts each of its blocks once", async () => {
    const { content } = await extractFile("architect/Complete-Lib-V.dxf");
    expect(content.totals).toMatchObject({ blocks: 14, inserts: 14, texts: 26 });
    expect(content.blocks.every(({ insert_count }: { insert_count: number }) => insert_count === 1)).toBe(true);
    expect(content.blocks.map(({ name }: { name: string }) => name)).toContain("V-COFFEETABLE");
  });

  test("an egg is 288 faces, a drawing in a sheet's space has its extents right", async () => {
    const egg = await extractFile("DXF/PinkEggFromLW.dxf");
    expect(egg.content.geometry.counts).toEqual({ "3DFACE": 288 });
    const { content, metadata } = await extractFile("DXF/issue_2229.dxf");
    expect(content.totals).toMatchObject({ model_space_entities: 4, paper_space_entities: 1 });
    // the header says the same of the drawing as its entities do
    expect(content.geometry.extents.model_space).toEqual(metadata.extents);
    expect(metadata).toMatchObject({ units: "inch", code_page: "ANSI_1252" });
    expect(metadata.created_at).toMatch(/^2017-08-14T/);
  });
});
