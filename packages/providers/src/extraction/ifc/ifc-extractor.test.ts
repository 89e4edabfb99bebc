import { readFileSync } from "node:fs";
import { missing, sampleFiles } from "@millrace/testing";
import { describe, expect, test } from "vitest";
import * as WebIfc from "web-ifc";
import { ELEMENT_CLASSES } from "./element-classes.ts";
import { extractIfc, type IfcElement, outline } from "./extract-ifc.contract.ts";
import { house } from "./written-ifc.contract.ts";

const samples = await sampleFiles("assimp-testmodels");

function named(elements: readonly IfcElement[], name: string): IfcElement {
  const element = elements.find((each) => each.name === name);
  if (element === undefined) throw new Error(`no element is called ${name}`);
  return element;
}

describe.skipIf(missing("samples", samples.problem))("B2.3 B-Q24 the house of the FZK, by ArchiCAD", () => {
  const bytes = (): Buffer => readFileSync(samples.file("AC14-FZK-Haus.ifc"));

  test("has its elements, storeys, rooms, types and header", async () => {
    const { content, metadata, warnings, errors } = await extractIfc(bytes());
    expect([warnings, errors]).toEqual([[], []]);
    expect(content.element_counts).toEqual({
      IfcWallStandardCase: 13,
      IfcDoor: 5,
      IfcWindow: 11,
      IfcSlab: 4,
      IfcBeam: 51,
      IfcColumn: 1,
      IfcStair: 1,
      IfcRailing: 2,
      IfcSpace: 7,
      IfcFurnishingElement: 21,
    });
    expect(content.element_total).toBe(116);
    expect(content.elements).toHaveLength(116);
    const rooms = (numbers: string): string => numbers.replace(/\d/g, "IfcSpace $&");
    expect(outline(content.spatial_structure ?? [])).toBe(
      `IfcProject Projekt(IfcSite Gelände(IfcBuilding AC14-FZK-Haus(${[
        `IfcBuildingStorey 0. Erdgeschoss(${rooms("6 5 4 3 2 1")})`,
        `IfcBuildingStorey 1. Dachgeschoss(${rooms("7")})`,
      ].join(" ")})))`,
    );
    const storeys = content.spatial_structure?.[0]?.children[0]?.children[0]?.children;
    expect(storeys?.map(({ elevation }) => elevation)).toEqual([0, 2.7]);
    expect(storeys?.flatMap(({ children }) => children.map(({ long_name }) => long_name)).sort()).toEqual([
      "Bad",
      "Buero",
      "Flur",
      "Galerie",
      "Küche",
      "Schlafzimmer",
      "Wohnen",
    ]);
    expect(named(content.elements, "Wand-Ext-ERDG-1")).toMatchObject({
      global_id: "3rPX_Juz59peXXY6wDJl18",
      class: "IfcWallStandardCase",
      storey: "0. Erdgeschoss",
      type_name: "Leichtbeton 300",
      materials: [{ name: "Leichtbeton", layer_thickness: 0.3 }],
    });
    expect(content.types.find(({ name }) => name === "Leichtbeton 300")).toMatchObject({
      class: "IfcWallType",
      element_count: 8,
    });
    expect(metadata).toMatchObject({
      schema: "IFC2X3",
      application: "ArchiCAD 14.0",
      author: "Architect",
      organization: "Building Designer Office",
      timestamp: "2010-10-07T13:40:52",
      units: { length: "metre", area: "square_metre", planeangle: "degree" },
      entity_count: 82226,
    });
  });

  test("has walls where they stand", async () => {
    const options = { extract_geometry: true, element_types: ["ifcwall", "IFCSPACE"] };
    const { content } = await extractIfc(bytes(), { options });
    expect(Object.keys(content.element_counts)).toEqual(["IfcWallStandardCase", "IfcSpace"]);
    expect(named(content.elements, "Wand-Ext-ERDG-1").bbox).toEqual({ min: [0, 0, 0], max: [0.3, 10, 2.7] });
    expect(named(content.elements, "Wand-Ext-ERDG-2").bbox).toEqual({ min: [0, 9.7, 0], max: [12, 10, 2.7] });
    expect(named(content.elements, "5").bbox).toEqual({ min: [3.8, 0.3, 0], max: [11.7, 4.01, 2.5] });
  });

  test("has as many of everything as another reader finds", async () => {
    const { content } = await extractIfc(bytes());
    const api = new WebIfc.IfcAPI();
    await api.Init();
    api.SetLogLevel(WebIfc.LogLevel.LOG_LEVEL_OFF);
    const model = api.OpenModel(new Uint8Array(bytes()));
    try {
      const counts = ELEMENT_CLASSES.map((name) => {
        const code = api.GetTypeCodeFromName(name.toUpperCase());
        return [name, api.GetLineIDsWithType(model, code).size()] as const;
      });
      expect(content.element_counts).toEqual(Object.fromEntries(counts.filter(([, count]) => count > 0)));
      for (const { id, global_id: globalId, name } of content.elements) {
        const line: { GlobalId: { value: string }; Name: { value: string } | null } = api.GetLine(model, id);
        expect([globalId, name]).toEqual([line.GlobalId.value, line.Name?.value ?? null]);
      }
    } finally {
      api.CloseModel(model);
    }
  });
});

describe.each(["IFC2X3", "IFC4"] as const)("B2.3 a house in %s", (schema) => {
  test("has its structure, with elements where they belong", async () => {
    const { content, metadata, warnings } = await extractIfc(house(schema));
    expect(warnings).toEqual([]);
    expect(outline(content.spatial_structure ?? [])).toBe(
      "IfcProject Haus Ä(IfcSite Site(IfcBuilding Building(IfcBuildingStorey Ground(IfcSpace R1) IfcBuildingStorey Upper)))",
    );
    expect(metadata).toMatchObject({
      schema,
      application: "By hand",
      application_version: "1.2",
      author: "Ada",
      organization: "Millrace",
      units: { length: "millimetre", area: "square_metre", planeangle: "degree" },
    });
    const places = content.elements.map(({ name, storey, space }) => [name, storey, space]);
    expect(places.slice(0, 6)).toEqual([
      ["Wall 1", "Ground", null],
      // in an opening of the wall
      ["Door 1", "Ground", null],
      ["Stair", "Upper", null],
      // a part of the stair
      ["Flight", "Upper", null],
      ["R1", "Ground", null],
      ["Table", "Ground", "R1"],
    ]);
  });

  test("has properties of every kind, the element's own before its type's", async () => {
    const { content } = await extractIfc(house(schema));
    const wall = named(content.elements, "Wall 1");
    expect(wall).toMatchObject({
      global_id: "0Wall00000000000000001",
      description: "of bricks",
      object_type: "Outer wall",
      tag: "W-1",
      type_name: "Type 200",
    });
    expect(JSON.stringify(wall["property_sets"])).toBe(
      JSON.stringify({
        Pset_WallCommon: {
          FireRating: "F 90",
          Reference: "T-200",
          IsExternal: true,
          ThermalTransmittance: 0.24,
          Combustible: null,
        },
        Own: {
          Status: ["NEW", "EXISTING"],
          Heights: [1.5, 2.5],
          Load: { upper: 9, lower: 1 },
          Curve: { defining: [1, 2], defined: [10, 20] },
          Group: { Inner: 7 },
          ["__proto__"]: "a name like others",
          Nothing: null,
        },
      }),
    );
    expect(Object.keys(named(content.elements, "Door 1")["property_sets"] as object)).toEqual(["Own"]);
    expect(wall["quantities"]).toEqual({
      Qto_WallBaseQuantities: { Length: 5000, GrossSideArea: 15, GrossVolume: 3 },
    });
  });

  test("has materials in layers and lists", async () => {
    const { content } = await extractIfc(house(schema));
    expect(named(content.elements, "Wall 1")["materials"]).toEqual([
      { name: "Brick", layer_name: null, layer_thickness: 180 },
      { name: "Plaster", layer_name: null, layer_thickness: 20 },
    ]);
    expect(named(content.elements, "Stair")["materials"]).toEqual([{ name: "Brick" }, { name: "Plaster" }]);
    expect(content.types).toMatchObject([
      { class: "IfcWallType", name: "Type 200", element_type: "Two layers", element_count: 1 },
    ]);
  });

  test("has boxes along the file's axes, in its unit", async () => {
    const { content } = await extractIfc(house(schema), { options: { extract_geometry: true } });
    expect(named(content.elements, "Wall 1").bbox).toEqual({ min: [800, 2000, 0], max: [1000, 7000, 3000] });
    expect(named(content.elements, "Stair").bbox).toBeNull();
  });
});

describe("B2.3 what IFC4 added", () => {
  test("constituents are materials", async () => {
    const { content } = await extractIfc(house("IFC4"));
    expect(named(content.elements, "Door 1")["materials"]).toEqual([
      { name: "Oak", constituent_name: "Lining", fraction: 0.8 },
      { name: "Glass", constituent_name: "Glazing", fraction: 0.2 },
    ]);
  });

  test("a pipe is a flow segment", async () => {
    const options = { element_types: ["IfcFlowSegment"] };
    const { content } = await extractIfc(house("IFC4"), { options });
    expect(content.element_counts).toEqual({ IfcPipeSegment: 1 });
  });
});

describe("B2.3 options", () => {
  test("leave out what is not asked for", async () => {
    const { content } = await extractIfc(house("IFC4"), {
      options: {
        extract_properties: false,
        extract_quantities: false,
        extract_materials: false,
        extract_spatial_structure: false,
      },
    });
    expect(Object.keys(content)).toEqual(["elements", "element_counts", "element_total", "types"]);
    const wall = named(content.elements, "Wall 1");
    for (const field of ["property_sets", "quantities", "materials", "bbox"]) expect(wall).not.toHaveProperty(field);
    expect(wall.storey).toBe("Ground");
  });

  test("name classes in any case; what is no class is said", async () => {
    const { content, warnings } = await extractIfc(house("IFC4"), {
      options: { element_types: ["IFCDOOR", "ifcWall", "IfcDragon"] },
    });
    expect(content.element_counts).toEqual({ IfcWall: 1, IfcDoor: 1 });
    expect(warnings).toEqual([{ code: "IFC_CLASSES_UNKNOWN", message: "no classes that are extracted: IfcDragon" }]);
  });

  test("are 24 classes", () => {
    expect(new Set(ELEMENT_CLASSES).size).toBe(24);
    for (const name of ELEMENT_CLASSES) expect(WebIfc).toHaveProperty(name.toUpperCase());
  });
});
