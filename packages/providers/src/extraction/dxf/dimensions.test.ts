import { describe, expect, test } from "vitest";
import { block, extractWritten, type Pair } from "./write-dxf.contract.ts";

const at = (code: number, x: number, y: number): Pair[] => [
  [code, x],
  [code + 10, y],
  [code + 20, 0],
];
const dimension = (type: number, ...more: readonly Pair[]): Pair[] => [
  [0, "DIMENSION"],
  [8, "DIM"],
  [2, "*D1"],
  [3, "ISO-25"],
  [70, type],
  ...more,
];

async function dimensionsOf(entities: readonly Pair[]) {
  const { content } = await extractWritten({ entities });
  return content.dimensions;
}

describe("B2.3 dimensions of every kind", () => {
  const SQUARE = [...at(10, 0, 4), ...at(13, 0, 0), ...at(14, 3, 4)];
  test.each<[string, Pair[], object]>([
    ["a linear one", dimension(32, ...SQUARE), { type: "linear", measurement: 3, unit: "drawing_units" }],
    ["a linear one upright", dimension(32, ...SQUARE, [50, 90]), { type: "linear", measurement: 4 }],
    ["an aligned one", dimension(33, ...SQUARE), { type: "aligned", measurement: 5 }],
    [
      "an angle of two lines",
      dimension(34, ...at(13, 0, 0), ...at(14, 1, 0), ...at(15, 0, 0), ...at(10, 1, 1), ...at(16, 1, 0.4)),
      { type: "angular", measurement: 45, unit: "degrees" },
    ],
    ["a diameter", dimension(35, ...at(10, 0, 0), ...at(15, 6, 8)), { type: "diameter", measurement: 10 }],
    ["a radius", dimension(36, ...at(10, 0, 0), ...at(15, 3, 4)), { type: "radius", measurement: 5 }],
    [
      "an angle of three points",
      dimension(37, ...at(13, 2, 0), ...at(14, 0, 2), ...at(15, 0, 0), ...at(10, 1, 1)),
      { type: "angular3point", measurement: 90, unit: "degrees" },
    ],
    [
      "an x ordinate",
      dimension(38 + 64, ...at(10, 1, 1), ...at(13, 8, 3)),
      { type: "ordinate", axis: "x", measurement: 7 },
    ],
    ["a y ordinate", dimension(38, ...at(10, 1, 1), ...at(13, 8, 3)), { type: "ordinate", axis: "y", measurement: 2 }],
    [
      "an arc's length",
      [
        [0, "ARC_DIMENSION"],
        [8, "DIM"],
        [42, 12.5],
      ],
      { type: "arc_length", measurement: 12.5 },
    ],
    [
      "a jogged radius",
      [
        [0, "LARGE_RADIAL_DIMENSION"],
        [8, "DIM"],
        [42, 900],
      ],
      { type: "radius", measurement: 900 },
    ],
  ])("%s is measured", async (_, entities, expected) => {
    expect(await dimensionsOf(entities)).toEqual([
      expect.objectContaining({ layer: "DIM", space: "model", ...expected }),
    ]);
  });

  test("what the drawing stores wins over its points, angles being radians", async () => {
    const [length] = await dimensionsOf(dimension(32, ...SQUARE, [42, 3.25]));
    expect(length.measurement).toBe(3.25);
    const [angle] = await dimensionsOf(dimension(34, [42, Math.PI / 3]));
    expect(angle.measurement).toBe(60);
    const [degrees] = await dimensionsOf(dimension(37, [42, 75]));
    expect(degrees.measurement).toBe(75);
  });

  test("carry their own text, style and points", async () => {
    const [found] = await dimensionsOf(dimension(33, ...SQUARE, ...at(11, 1.5, 2), [1, "{\\C1;%%c<>} H7"]));
    expect(found).toMatchObject({
      text_override: "Ø<> H7",
      style: "ISO-25",
      points: { definition: [0, 4, 0], extension_1: [0, 0, 0], extension_2: [3, 4, 0], text_middle: [1.5, 2, 0] },
    });
    for (const own of ["<>", "", " "]) {
      const [plain] = await dimensionsOf(dimension(33, ...SQUARE, [1, own]));
      expect(plain.text_override).toBeNull();
    }
  });

  test("say nothing where nothing is known, rather than a wrong number", async () => {
    const [found] = await dimensionsOf(dimension(35, [42, "not a number"]));
    expect(found).toMatchObject({ type: "diameter", measurement: null, points: {} });
  });

  test("are counted by kind", async () => {
    const { content } = await extractWritten({
      entities: [...dimension(32, ...SQUARE), ...dimension(32, ...SQUARE), ...dimension(36)],
    });
    expect(content.dimension_counts).toEqual({ linear: 2, radius: 1 });
    expect(content.totals.dimensions).toBe(3);
  });

  test("the pictures of dimensions are no texts", async () => {
    const picture: Pair[] = [
      [0, "MTEXT"],
      [8, "0"],
      [1, "3.25"],
    ];
    const { content } = await extractWritten({
      blocks: block("*D1", picture, 1),
      entities: [...dimension(32, ...SQUARE), [0, "INSERT"], [8, "0"], [2, "*D1"]],
    });
    expect(content.text).toEqual([]);
  });
});
