import { describe, expect, test } from "vitest";
import { joinBounds, measureMesh } from "./measure-mesh.ts";

/** A box from `low` to `high`, its faces looking outwards. */
function box(low: readonly number[], high: readonly number[]): { positions: number[]; indices: number[] } {
  const corners = [0, 1, 2, 3, 4, 5, 6, 7].map((bits) =>
    [0, 1, 2].map((axis) => ((bits >> axis) & 1 ? high : low)[axis] ?? 0),
  );
  const quads = [
    [0, 2, 3, 1],
    [4, 5, 7, 6],
    [0, 1, 5, 4],
    [2, 6, 7, 3],
    [0, 4, 6, 2],
    [1, 3, 7, 5],
  ];
  return {
    positions: corners.flat(),
    indices: quads.flatMap(([a = 0, b = 0, c = 0, d = 0]) => [a, b, c, a, c, d]),
  };
}

describe("a mesh", () => {
  test("of a box has the box's volume, area and middle, wherever it lies", () => {
    const { positions, indices } = box([1000, -2, 3], [1010, 18, 33]);
    const { bounds, area, volume, centroid } = measureMesh(positions, indices);
    expect(volume).toBeCloseTo(10 * 20 * 30, 6);
    expect(area).toBeCloseTo(2 * (10 * 20 + 20 * 30 + 30 * 10), 6);
    expect(centroid).toEqual([1005, 8, 18]);
    expect(bounds).toEqual({ min: [1000, -2, 3], max: [1010, 18, 33] });
  });

  test("turned inside out encloses as much", () => {
    const { positions, indices } = box([0, 0, 0], [1, 2, 3]);
    expect(measureMesh(positions, indices.toReversed()).volume).toBeCloseTo(6, 9);
  });

  test("of a tetrahedron has its centroid a quarter of the way up", () => {
    const positions = [0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 4];
    const { volume, centroid } = measureMesh(positions, [0, 2, 1, 0, 1, 3, 0, 3, 2, 1, 2, 3]);
    expect(volume).toBeCloseTo(4 / 6, 9);
    expect(centroid?.map((value) => Number(value.toFixed(9)))).toEqual([0.25, 0.25, 1]);
  });

  test("that is open has an area and no volume", () => {
    const { positions, indices } = box([0, 0, 0], [1, 1, 1]);
    const { area, volume, centroid } = measureMesh(positions, indices.slice(6));
    expect(area).toBeCloseTo(5, 9);
    expect(volume).toBeUndefined();
    expect(centroid).toBeDefined();
  });

  test("of nothing has nothing", () => {
    expect(measureMesh([], [])).toEqual({ bounds: undefined, area: 0, volume: undefined, centroid: undefined });
    expect(measureMesh([1, 2, 3, 1, 2, 3, 1, 2, 3], [0, 1, 2]).volume).toBeUndefined();
  });
});

test("bounds join around all that are there", () => {
  const one = { min: [0, 0, 0], max: [1, 1, 1] } as const;
  const other = { min: [-1, 0.5, 0], max: [0, 3, 0] } as const;
  expect(joinBounds([one, undefined, other])).toEqual({ min: [-1, 0, 0], max: [1, 3, 1] });
  expect(joinBounds([undefined])).toBeUndefined();
});
