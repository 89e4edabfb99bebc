import { describe, expect, test } from "vitest";
import { extractStep, outline, type StepPart } from "./extract-step.contract.ts";
import { changedCube, cubeWith, stepSample } from "./written-step.contract.ts";

describe("B2.3 B-Q24 a cube", () => {
  test("has its exact volume, area and centroid, from the mesh", async () => {
    const { content, warnings } = await extractStep(stepSample("simple-basic-cube/cube.stp"));
    expect(content.length_unit).toBe("millimeter");
    expect(content.measures).toEqual({
      source: "mesh",
      tolerance: { linear_deflection_ratio: 0.001, angular_deflection_radians: 0.5 },
    });
    expect(content.parts).toEqual([
      {
        id: "p1",
        name: "cube",
        label: null,
        product_number: "cube",
        shape_type: "solid",
        color: "#ff9900",
        material: null,
        bbox: { min: [-160, -140, 0], max: [140, 160, 300], size: [300, 300, 300] },
        volume: 27_000_000,
        area: 540_000,
        center_of_mass: [-10, 10, 150],
        face_count: 6,
        edge_count: 12,
        vertex_count: 8,
        children: [],
      },
    ]);
    expect(warnings).toEqual([]);
  });

  test.each([
    ["cube-units/cube-mm.step", "millimeter", 1000],
    ["cube-units/cube-m.step", "meter", 1],
    ["cube-units/cube-in.step", "inch", 1000 / 25.4],
  ])("%s is measured in its own unit, %s", async (name, unit, side) => {
    const { content, metadata } = await extractStep(stepSample(name));
    expect(content.length_unit).toBe(unit);
    expect(metadata["units"]).toEqual({ length: unit });
    expect(content.totals.bbox?.size[0]).toBeCloseTo(side, 5);
    expect(content.totals.volume).toBeCloseTo(side ** 3, 2);
  });

  test("of a unit that the reader does not know is given in millimeters, and that is said", async () => {
    const micro = changedCube((text) => text.replace(/SI_UNIT\(\.MILLI\.,\.METRE\.\)/g, "SI_UNIT(.MICRO.,.METRE.)"));
    const { content, warnings } = await extractStep(micro);
    expect(content.length_unit).toBe("millimeter");
    expect(content.totals.bbox?.size).toEqual([0.3, 0.3, 0.3]);
    expect(warnings.map(({ code }) => code)).toEqual(["STEP_UNITS_CONVERTED"]);
  });

  test("of two solids is one part with two children", async () => {
    const two = changedCube((text) =>
      text
        .replace("(#32),#187)", "(#32,#1032),#187)")
        .replace("#33=CLOSED_SHELL", "#1032=MANIFOLD_SOLID_BREP('',#33);\n#33=CLOSED_SHELL"),
    );
    const { content } = await extractStep(two);
    expect(content.parts).toHaveLength(1);
    expect(content.parts?.[0]).toMatchObject({ shape_type: "compound", volume: 54_000_000, face_count: 12 });
    expect(content.parts?.[0]?.children).toMatchObject([
      { id: "p1.1", shape_type: "solid", volume: 27_000_000 },
      { id: "p1.2", shape_type: "solid", volume: 27_000_000 },
    ]);
    expect(content.totals).toMatchObject({ parts: 1, solids: 2, edge_count: 24 });
  });

  test("that lacks a side has an area and no volume", async () => {
    const open = changedCube((text) =>
      text
        .replace("MANIFOLD_SOLID_BREP('',#33)", "SHELL_BASED_SURFACE_MODEL('',(#33))")
        .replace("CLOSED_SHELL('',(#34,", "OPEN_SHELL('',(")
        .replace("ADVANCED_BREP_SHAPE_REPRESENTATION", "MANIFOLD_SURFACE_SHAPE_REPRESENTATION"),
    );
    const { content, warnings } = await extractStep(open);
    expect(content.parts).toMatchObject([{ shape_type: "shell", volume: null, area: 450_000, face_count: 5 }]);
    expect(warnings.map(({ code }) => code)).toEqual(["STEP_OPEN_SHAPES"]);
  });

  test("with a material in its text has it", async () => {
    const steel = cubeWith(`
      #2001=PROPERTY_DEFINITION('material property','material name',#14);
      #2002=PROPERTY_DEFINITION_REPRESENTATION(#2001,#2003);
      #2003=REPRESENTATION('material',(#2004),#187);
      #2004=DESCRIPTIVE_REPRESENTATION_ITEM('material name','Steel S235');
      #2005=PROPERTY_DEFINITION('colour','',#14);`);
    const { content } = await extractStep(steel);
    expect(content.parts?.[0]?.material).toBe("Steel S235");
  });

  test("is described as far as the options ask", async () => {
    const none = {
      calculate_volumes: false,
      calculate_areas: false,
      calculate_centroids: false,
      count_shapes: false,
      extract_assembly: false,
    };
    const cube = stepSample("simple-basic-cube/cube.stp");
    const few = await extractStep(cube, { options: none });
    expect(Object.keys(few.content)).toEqual(["length_unit", "measures", "parts", "totals"]);
    expect(Object.keys(few.content.parts?.[0] ?? {})).toEqual([
      "id",
      "name",
      "label",
      "product_number",
      "shape_type",
      "color",
      "material",
      "bbox",
      "children",
    ]);
    const structure = await extractStep(cube, {
      options: { ...none, extract_parts: false, extract_assembly: true, count_shapes: true },
    });
    // nothing of it needs the shapes
    expect(structure.content.measures).toBeNull();
    expect(structure.content.assembly).toEqual([
      { name: "cube", label: null, product_number: "cube", type: "part", children: [] },
    ]);
    expect(structure.content.totals).toMatchObject({ face_count: 6, edge_count: 12, vertex_count: 8 });
  });
});

/** How many parts of each name, and what the first of them says of itself. */
function kinds(parts: readonly StepPart[], describePart: (part: StepPart) => readonly unknown[]): object {
  const names = [...new Set(parts.map(({ name }) => name))];
  return Object.fromEntries(
    names.map((name) => {
      const same = parts.filter((part) => part.name === name);
      return [name, [same.length, ...same.slice(0, 1).flatMap(describePart)]];
    }),
  );
}

describe("B2.3 the assembly as1", () => {
  const BOLTS = "nut-bolt-assembly(bolt nut) nut-bolt-assembly(bolt nut) nut-bolt-assembly(bolt nut)";
  const TREE = `as1(rod-assembly(nut nut rod) l-bracket-assembly(${BOLTS} l-bracket) plate l-bracket-assembly(${BOLTS} l-bracket))`;

  test("of Open CASCADE has its parts, colours, sizes and header", async () => {
    const { content, metadata, warnings } = await extractStep(stepSample("cax-if/as1-oc-214.stp"));
    expect(warnings).toEqual([]);
    expect(outline(content.assembly ?? [])).toBe(TREE);
    const parts = content.parts ?? [];
    expect(parts).toHaveLength(18);
    expect(kinds(parts, ({ color, face_count }) => [color, face_count])).toEqual({
      nut: [8, "#ff0000", 8],
      rod: [1, "#ff8000", 4],
      bolt: [6, "#0000ff", 7],
      "l-bracket": [2, "#00ff00", 16],
      plate: [1, "#ccff00", 18],
    });
    expect(content.totals).toMatchObject({
      products: 9,
      assemblies: 4,
      parts: 18,
      part_occurrences: 18,
      solids: 18,
      face_count: 160,
      edge_count: 354,
      vertex_count: 236,
      bbox: { min: [-10, 0, -4], max: [190, 150, 80], size: [200, 150, 84] },
    });
    // as another program measured the same assembly, written by another one (within what triangles are worth)
    expect(content.totals.volume).toBeGreaterThan(760_000);
    expect(content.totals.volume).toBeLessThan(770_000);
    expect(metadata).toMatchObject({
      schema: "AUTOMOTIVE_DESIGN",
      author: "--- Datakit Converter ---",
      organization: "--- Datakit www.datakit.com---",
      originating_system: "Open CASCADE 6.1",
      timestamp: "2008-07-24T15:00:20",
      units: { length: "millimeter" },
      entity_count: 6425,
    });
  });

  test("keeps which part lies where in the tree", async () => {
    const { content } = await extractStep(stepSample("cax-if/as1-tu-203.stp"));
    expect(outline(content.assembly ?? [])).toBe(TREE);
    const byId = new Map(content.parts?.map((part) => [part.id, part]));
    const rods = content.assembly?.[0]?.children[0]?.children.map(({ part_ids: [id = ""] = [] }) => byId.get(id));
    expect(rods?.map((part) => part?.name)).toEqual(["nut", "nut", "rod"]);
    // a rod of 10 mm across and 200 mm long
    expect(rods?.[2]?.bbox?.size.map(Math.round)).toEqual([200, 10, 10]);
    expect(rods?.[2]?.volume).toBeCloseTo(Math.PI * 25 * 200, -3);
  });

  test("of another program, which names only its products, has the same parts", async () => {
    const { content, warnings } = await extractStep(stepSample("cax-if/as1_pe_203.stp"));
    expect(warnings).toEqual([]);
    expect(kinds(content.parts ?? [], ({ face_count }) => [face_count])).toEqual({
      PLATE: [1, 18],
      "L-BRACKET": [2, 16],
      BOLT: [6, 7],
      NUT: [8, 8],
      ROD: [1, 4],
    });
  });
});

test("a part in inches has its size and all its labels", async () => {
  const { content } = await extractStep(stepSample("cax-if/dm1-id-214.stp"));
  expect(content.length_unit).toBe("inch");
  expect(outline(content.assembly ?? [])).toBe("dm1(l-bracket bolt bolt bolt nut nut nut)");
  expect(content.totals.bbox?.size.map((side) => Math.round(side * 25.4))).toEqual([50, 87, 100]);
});

test("an assembly whose parts lie in other files has its tree, and says so", async () => {
  const { content, warnings } = await extractStep(stepSample("cax-if/s1-c5-214/s1-c5-214.stp"));
  expect(outline(content.assembly ?? [])).toBe("*MASTER(TAIL HEAD MAINBODY FOOT FOOT)");
  expect(content.parts).toHaveLength(5);
  expect(content.parts?.[0]).toMatchObject({ name: "TAIL", shape_type: "none", bbox: null, volume: null });
  expect(warnings.map(({ code }) => code)).toEqual(["STEP_NO_SHAPES"]);
});
