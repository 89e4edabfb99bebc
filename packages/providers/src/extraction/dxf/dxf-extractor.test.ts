import { describe, expect, test } from "vitest";
import { ALL, block, extractWritten, insert, layer, line, type Pair } from "./write-dxf.contract.ts";

const text = (value: string, ...more: readonly Pair[]): Pair[] => [
  [0, "TEXT"],
  [8, "NOTES"],
  [10, 1],
  [20, 2],
  [40, 3.5],
  [1, value],
  ...more,
];
const attribute = (tag: string, value: string): Pair[] => [
  [0, "ATTRIB"],
  [8, "0"],
  [2, tag],
  [1, value],
];
const definition = (tag: string, prompt: string, value: string, flags = 0): Pair[] => [
  [0, "ATTDEF"],
  [8, "0"],
  [2, tag],
  [3, prompt],
  [1, value],
  [70, flags],
];

describe("B2.3 B-Q24 a drawing's layers", () => {
  test("have their colour, line type, weight and states", async () => {
    const { content } = await extractWritten({
      tables: [
        [0, "TABLE"],
        [2, "LAYER"],
        ...layer("Walls", [70, 4], [62, -3], [6, "DASHED"], [370, 25]),
        ...layer("Notes", [70, 1], [62, 5], [420, 0x00ff8000], [290, 0], [370, -3]),
        [0, "ENDTAB"],
      ],
      entities: [...line("WALLS", 1), ...line("Extra", 1)],
    });
    expect(content.layers).toEqual([
      {
        name: "Walls",
        color: 3,
        true_color: null,
        linetype: "DASHED",
        lineweight: 0.25,
        is_on: false,
        is_frozen: false,
        is_locked: true,
        is_plotted: true,
        is_defined: true,
        entity_count: 1,
      },
      expect.objectContaining({
        name: "Notes",
        is_frozen: true,
        is_plotted: false,
        true_color: "#ff8000",
        lineweight: null,
      }),
      expect.objectContaining({ name: "Extra", is_defined: false, entity_count: 1 }),
    ]);
  });

  test("can be chosen: entities on others do not count, names that are not there are told", async () => {
    const { content, warnings } = await extractWritten(
      { entities: [...line("A", 1), ...line("b", 2), ...line("C", 4), ...text("note")] },
      { layer_filter: ["a", "B", "nowhere"] },
    );
    expect(content.layers.map(({ name }: { name: string }) => name)).toEqual(["A", "b"]);
    expect(content.totals).toMatchObject({ entities: 2, texts: 0 });
    expect(content.geometry.total_length).toBe(3);
    expect(warnings).toEqual([expect.objectContaining({ code: "LAYER_NOT_FOUND", details: { layers: ["NOWHERE"] } })]);
  });
});

describe("B2.3 a drawing's blocks", () => {
  test("are counted where they are inserted, arrays by their cells, on sheets and in other blocks", async () => {
    const { content } = await extractWritten({
      blocks: [
        ...block("*Model_Space", []),
        ...block("BOLT", line("0", 1)),
        ...block("PLATE", [...insert("BOLT"), ...insert("bolt", [70, 2], [71, 3])]),
      ],
      entities: [...insert("PLATE", [70, 5]), ...insert("BOLT"), ...insert("GONE")],
    });
    const counts = content.blocks.map((found: Record<string, unknown>) => [
      found["name"],
      found["insert_count"],
      found["nested_insert_count"],
      found["instance_count"],
      found["is_defined"],
    ]);
    expect(counts).toEqual([
      ["BOLT", 1, 7, 36, true],
      ["PLATE", 5, 0, 5, true],
      ["GONE", 1, 0, 1, false],
    ]);
    expect(content.blocks[0]).toMatchObject({ base_point: [1, 2, 0], entity_count: 1 });
    expect(content.totals).toMatchObject({ blocks: 3, inserts: 3, entities: 3 });
  });

  test("have attributes: defined in the block, filled in at each insert", async () => {
    const { content } = await extractWritten({
      blocks: block("PART", [...definition("POS", "Position?", "0"), ...definition("NORM", "", "DIN 912", 2)]),
      entities: [
        ...insert("PART", [66, 1], [41, 2], [50, 90]),
        ...attribute("POS", "17"),
        [0, "SEQEND"],
        ...line("0", 1),
        ...attribute("LOST", "belongs to nothing"),
      ],
    });
    expect(content.blocks[0].attributes).toEqual([
      { tag: "POS", prompt: "Position?", default_value: "0", is_invisible: false, is_constant: false },
      { tag: "NORM", prompt: null, default_value: "DIN 912", is_invisible: false, is_constant: true },
    ]);
    expect(content.block_references).toEqual([
      {
        block: "PART",
        position: [5, 6, 0],
        scale: [2, 1, 1],
        rotation: 90,
        columns: 1,
        rows: 1,
        layer: "0",
        space: "model",
        attributes: [
          { tag: "POS", value: "17" },
          { tag: "NORM", value: "DIN 912" },
        ],
      },
    ]);
    expect(content.totals.entities).toBe(2);
  });

  test("that are used give their texts, once; unused ones do not", async () => {
    const { content } = await extractWritten({
      blocks: [...block("USED", text("inside")), ...block("UNUSED", text("never seen"))],
      entities: [...insert("USED"), ...insert("USED"), ...text("outside")],
    });
    expect(content.text.map(({ text, space, block }: Record<string, unknown>) => [text, space, block])).toEqual([
      ["outside", "model", null],
      ["inside", "block", "USED"],
    ]);
  });
});

describe("B2.3 a title block", () => {
  const filled = (name: string, ...attributes: readonly (readonly [string, string])[]): Pair[] => [
    ...insert(name, [66, 1], [67, 1]),
    ...attributes.flatMap(([tag, value]) => attribute(tag, value)),
    [0, "SEQEND"],
  ];

  test("is read from a block's attributes in English", async () => {
    const { content } = await extractWritten({
      entities: filled(
        "A3-TITLE",
        ["DWG_NO", "4711-02"],
        ["TITLE", "Bearing %%c20"],
        ["REV", "C"],
        ["DATE", "2024-03-01"],
        ["DRAWN BY", "J. Doe"],
        ["COMPANY", "Acme"],
        ["SCALE", "1:2"],
        ["SHEET", "1/3"],
        ["MATERIAL", "S235JR"],
        ["SURFACE_FINISH", "Ra 3.2"],
        ["CHECKED", "yes"],
      ),
    });
    expect(content.title_block).toEqual({
      drawing_number: "4711-02",
      title: "Bearing Ø20",
      revision: "C",
      date: "2024-03-01",
      author: "J. Doe",
      company: "Acme",
      scale: "1:2",
      sheet: "1/3",
      material: "S235JR",
      finish: "Ra 3.2",
      custom_fields: { CHECKED: "yes" },
      block: "A3-TITLE",
    });
  });

  test("is read in German, with umlauts, and by the prompts where tags say nothing", async () => {
    const { content } = await extractWritten({
      blocks: block("SCHRIFTFELD", definition("X1", "Zeichnungs-Nr.", "")),
      entities: filled(
        "SCHRIFTFELD",
        ["X1", "Z-99"],
        ["BENENNUNG", "Lagerbock"],
        ["MASSSTAB", "1:1"],
        ["Werkstoff", "C45"],
        ["OBERFLÄCHE", "verzinkt"],
        ["GEZEICHNET", "Müller"],
        ["BLATT", "2"],
        ["ÄNDERUNG", "b"],
      ),
    });
    expect(content.title_block).toMatchObject({
      drawing_number: "Z-99",
      title: "Lagerbock",
      scale: "1:1",
      material: "C45",
      finish: "verzinkt",
      author: "Müller",
      sheet: "2",
      revision: "b",
      date: null,
    });
  });

  test("is the block with the most of it; a part with a number is none", async () => {
    const { content } = await extractWritten({
      entities: [
        ...filled("BOLT", ["NO", "7"]),
        ...filled("SMALL", ["TITLE", "a"], ["SCALE", "1:5"]),
        ...filled("LARGE", ["TITLE", "b"], ["SCALE", "1:5"], ["DATE", "today"]),
      ],
    });
    expect(content.title_block.block).toBe("LARGE");
    const none = await extractWritten({ entities: filled("BOLT", ["NO", "7"], ["TORQUE", "12"]) });
    expect(none.content.title_block).toBeNull();
  });
});

describe("B2.3 a drawing's texts", () => {
  test("come without formatting, long ones whole, with place, height and turn", async () => {
    const { content } = await extractWritten({
      entities: [
        ...text("%%c12", [50, 30], [7, "ROMANS"]),
        [0, "MTEXT"],
        [8, "NOTES"],
        [10, 4],
        [20, 5],
        [40, 2.5],
        [11, 0],
        [21, 1],
        [3, "{\\fArial;first "],
        [3, "second "],
        [1, "third}\\Pfourth"],
        [101, "Embedded Object"],
        [10, 99],
        [50, 77],
        [1, "not this"],
      ],
    });
    expect(content.text).toEqual([
      {
        text: "Ø12",
        type: "text",
        position: [1, 2, 0],
        height: 3.5,
        rotation: 30,
        style: "ROMANS",
        layer: "NOTES",
        space: "model",
        block: null,
      },
      expect.objectContaining({ text: "first second third\nfourth", type: "mtext", position: [4, 5, 0], rotation: 90 }),
    ]);
  });

  test("that face the other way are where they are seen", async () => {
    const { content } = await extractWritten({ entities: text("mirrored", [210, 0], [220, 0], [230, -1]) });
    expect(content.text[0].position).toEqual([-1, 2, 0]);
  });
});

describe("B2.3 model and paper space", () => {
  const drawing = {
    blocks: [...block("*Paper_Space0", text("second sheet")), ...block("*Model_Space", [])],
    entities: [...text("model"), ...text("first sheet", [67, 1]), ...line("0", 5, [67, 1])],
  };
  const spaces = async (model: boolean, paper: boolean) => {
    const { content } = await extractWritten(drawing, { include_model_space: model, include_paper_space: paper });
    return [content.text.map(({ text }: { text: string }) => text), content.totals.entities];
  };

  test("are told apart and can be left out", async () => {
    expect(await spaces(true, true)).toEqual([["second sheet", "model", "first sheet"], 4]);
    expect(await spaces(true, false)).toEqual([["model"], 1]);
    expect(await spaces(false, true)).toEqual([["second sheet", "first sheet"], 3]);
  });

  test("layouts have names", async () => {
    const layout = (name: string): Pair[] => [
      [0, "LAYOUT"],
      [100, "AcDbPlotSettings"],
      [1, "a printer's page"],
      [100, "AcDbLayout"],
      [1, name],
    ];
    const { metadata } = await extractWritten({ objects: [...layout("Model"), ...layout("A3 Blatt")] });
    expect(metadata.layouts).toEqual([
      { name: "Model", space: "model" },
      { name: "A3 Blatt", space: "paper" },
    ]);
  });
});

describe("B2.3 geometry", () => {
  test("has lengths by kind and the box around it", async () => {
    const { content } = await extractWritten({
      entities: [
        ...line("0", 10),
        ...([
          [0, "CIRCLE"],
          [8, "0"],
          [10, 20],
          [20, 0],
          [40, 2],
        ] as Pair[]),
        ...([
          [0, "ARC"],
          [8, "0"],
          [10, 0],
          [20, 0],
          [40, 10],
          [50, 45],
          [51, 135],
        ] as Pair[]),
        ...([
          [0, "ELLIPSE"],
          [8, "0"],
          [10, 0],
          [20, -50],
          [11, 5],
          [21, 0],
          [40, 1],
          [41, 0],
          [42, 2 * Math.PI],
        ] as Pair[]),
        ...([
          [0, "LWPOLYLINE"],
          [8, "0"],
          [70, 1],
          [10, 0],
          [20, 0],
          [10, 3],
          [20, 0],
          [10, 3],
          [20, 4],
        ] as Pair[]),
        ...([
          [0, "LWPOLYLINE"],
          [8, "0"],
          [10, 30],
          [20, 0],
          [42, 1],
          [10, 34],
          [20, 0],
        ] as Pair[]),
        ...([
          [0, "POLYLINE"],
          [8, "0"],
          [66, 1],
          [70, 0],
        ] as Pair[]),
        ...([
          [0, "VERTEX"],
          [10, 0],
          [20, 0],
          [0, "VERTEX"],
          [10, 0],
          [20, 6],
          [0, "SEQEND"],
        ] as Pair[]),
      ],
    });
    const { lengths, counts, extents, total_length } = content.geometry;
    expect(counts).toEqual({ LINE: 1, CIRCLE: 1, ARC: 1, ELLIPSE: 1, LWPOLYLINE: 2, POLYLINE: 1 });
    expect(lengths.LINE).toBe(10);
    expect(lengths.CIRCLE).toBeCloseTo(4 * Math.PI);
    expect(lengths.ARC).toBeCloseTo(5 * Math.PI);
    expect(lengths.ELLIPSE).toBeCloseTo(10 * Math.PI);
    expect(lengths.LWPOLYLINE).toBeCloseTo(12 + 2 * Math.PI);
    expect(lengths.POLYLINE).toBe(6);
    expect(total_length).toBeCloseTo(28 + 21 * Math.PI);
    // the arc's top, the ellipse's left and bottom, the half circle below its chord
    expect(extents.model_space.min).toEqual([-7.071067812, -55, 0]);
    expect(extents.model_space.max).toEqual([34, 10, 0]);
    expect(extents.paper_space).toBeNull();
  });
});

describe("B2.3 what the drawing says of itself", () => {
  test("release, units, limits, times and properties", async () => {
    const { metadata } = await extractWritten({
      version: "AC1015",
      header: [
        ...([
          [9, "$DWGCODEPAGE"],
          [3, "ANSI_1252"],
          [9, "$INSUNITS"],
          [70, 4],
          [9, "$MEASUREMENT"],
          [70, 1],
        ] as Pair[]),
        ...([
          [9, "$LIMMIN"],
          [10, 0],
          [20, 0],
          [9, "$LIMMAX"],
          [10, 420],
          [20, 297],
        ] as Pair[]),
        ...([
          [9, "$EXTMIN"],
          [10, 1e20],
          [20, 1e20],
          [9, "$EXTMAX"],
          [10, -1e20],
          [20, -1e20],
        ] as Pair[]),
        // the example of AutoCAD's manual: 31 December 2003, 14:29:35
        ...([
          [9, "$TDCREATE"],
          [40, 2453005.6039282],
          [9, "$TDUUPDATE"],
          [40, 2453006.5],
        ] as Pair[]),
        ...([
          [9, "$AUTHOR"],
          [1, "J. Doe"],
          [9, "$CUSTOMPROPERTYTAG"],
          [1, "Project"],
        ] as Pair[]),
        ...([
          [9, "$CUSTOMPROPERTY"],
          [1, "Bridge"],
          [9, "$LASTSAVEDBY"],
          [1, "doe"],
        ] as Pair[]),
      ],
    });
    expect(metadata).toMatchObject({
      acad_version: "AC1015",
      acad_release: "2000",
      code_page: "ANSI_1252",
      encoding: "windows-1252",
      units: "millimetre",
      insunits: 4,
      measurement: "metric",
      limits: { min: [0, 0], max: [420, 297] },
      extents: null,
      modified_at: "2004-01-01T12:00:00.000Z",
      author: "J. Doe",
      last_saved_by: "doe",
      custom_properties: { Project: "Bridge" },
    });
    expect(metadata.created_at).toMatch(/^2003-12-31T14:29:39\.\d{3}$/);
  });
});

test("B2.3 what is switched off is left out", async () => {
  const off = Object.fromEntries(
    Object.entries(ALL).map(([name, value]) => [name, name.startsWith("extract_") ? false : value]),
  );
  const { content } = await extractWritten({ entities: [...line("0", 1), ...text("note")] }, off);
  expect(Object.keys(content)).toEqual(["totals"]);
  expect(content.totals.entities).toBe(2);
});

test("B-Q20 past the limit entities are counted, their texts left out, and that is said", async () => {
  const entities = Array.from({ length: 30 }, (_, index) => text(`note ${index}`)).flat();
  const { content, warnings } = await extractWritten({ entities }, { limits: { maxElements: 10 } });
  expect(content.totals).toMatchObject({ entities: 30, texts: 10 });
  expect(content.layers[0].entity_count).toBe(30);
  expect(warnings).toEqual([
    expect.objectContaining({ code: "ELEMENTS_CUT", details: { entities: 30, max_elements: 10 } }),
  ]);
});
