import type { Ruling, Rulings } from "../collect-rulings.ts";
import { DisjointSets, placesOf, SNAP } from "./join-rulings.ts";

/** A place bordered by lines on all four sides: columns `x0` up to `x1` of the grid, rows `y0` up to `y1`. */
export interface GridCell {
  readonly x0: number;
  readonly x1: number;
  readonly y0: number;
  readonly y1: number;
}

/** Lines that meet, and the cells between them. */
export interface Grid {
  readonly xs: readonly number[];
  readonly ys: readonly number[];
  readonly cells: readonly GridCell[];
}

/** A line borders a cell when it runs along this share of its side. */
const MIN_COVER = 0.6;
/** A grid with more places than this is hatching or graph paper. */
const MAX_PLACES = 40_000;
const MAX_LINES = 3_000;

const meet = (h: Ruling, v: Ruling): boolean =>
  v.at >= h.from - SNAP && v.at <= h.to + SNAP && h.at >= v.from - SNAP && h.at <= v.to + SNAP;

/** Lines that hang together by crossing. */
function connected({ horizontal, vertical }: Rulings): readonly Rulings[] {
  if (horizontal.length + vertical.length > MAX_LINES) return [];
  const sets = new DisjointSets(horizontal.length + vertical.length);
  for (const [i, h] of horizontal.entries()) {
    for (const [j, v] of vertical.entries()) if (meet(h, v)) sets.join(i, horizontal.length + j);
  }
  return sets.groups().map((members) => ({
    horizontal: members.flatMap((member) => horizontal[member] ?? []),
    vertical: members.flatMap((member) => vertical[member - horizontal.length] ?? []),
  }));
}

/** Tables are often drawn without their outer sides: closes them where the lines across end. */
function closeSides({ horizontal, vertical }: Rulings): Rulings {
  const sides = (across: readonly Ruling[], along: readonly Ruling[]): readonly Ruling[] => {
    if (across.length < 2 || along.length === 0) return along;
    const [from, to] = [
      across.reduce((low, { at }) => Math.min(low, at), Infinity),
      Math.max(...across.map(({ at }) => at)),
    ];
    const ends = [Math.min(...across.map((line) => line.from)), Math.max(...across.map((line) => line.to))];
    const missing = ends.filter((end) => along.every(({ at }) => Math.abs(at - end) > 4 * SNAP));
    return [...along, ...missing.map((at) => ({ at, from, to }))];
  };
  const closed = sides(horizontal, vertical);
  return { horizontal: sides(vertical, horizontal), vertical: closed };
}

/** For every place along `across` and every step along `steps`: is there a line? */
function coverage(
  rulings: readonly Ruling[],
  across: readonly number[],
  steps: readonly number[],
): readonly Uint8Array[] {
  const covered = across.map(() => new Uint8Array(Math.max(0, steps.length - 1)));
  for (const { at, from, to } of rulings) {
    const row = covered[across.findIndex((place) => Math.abs(place - at) <= SNAP)];
    if (row === undefined) continue;
    for (let i = 0; i < row.length; i += 1) {
      const [start, end] = [steps[i]!, steps[i + 1]!];
      if (Math.min(end, to) - Math.max(start, from) >= MIN_COVER * (end - start)) row[i] = 1;
    }
  }
  return covered;
}

/** Joins places with no line between them, and keeps what is a closed rectangle. */
function gridFrom(rulings: Rulings): Grid | undefined {
  const [xs, ys] = [placesOf(rulings.vertical), placesOf(rulings.horizontal)];
  const [width, height] = [xs.length - 1, ys.length - 1];
  if (width < 1 || height < 1 || width * height > MAX_PLACES) return undefined;
  const above = coverage(rulings.horizontal, ys, xs);
  const beside = coverage(rulings.vertical, xs, ys);
  const sets = new DisjointSets(width * height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      if (x + 1 < width && beside[x + 1]![y] === 0) sets.join(y * width + x, y * width + x + 1);
      if (y + 1 < height && above[y + 1]![x] === 0) sets.join(y * width + x, (y + 1) * width + x);
    }
  }
  const isOpen = (x: number, y: number): boolean =>
    (x === 0 && beside[0]![y] === 0) ||
    (x === width - 1 && beside[width]![y] === 0) ||
    (y === 0 && above[0]![x] === 0) ||
    (y === height - 1 && above[height]![x] === 0);
  const cells = sets.groups().flatMap((places): GridCell[] => {
    const [columns, rows] = [places.map((place) => place % width), places.map((place) => Math.floor(place / width))];
    if (places.some((_, index) => isOpen(columns[index]!, rows[index]!))) return [];
    const [x0, y0] = [columns.reduce((a, b) => Math.min(a, b)), rows.reduce((a, b) => Math.min(a, b))];
    const [x1, y1] = [columns.reduce((a, b) => Math.max(a, b)) + 1, rows.reduce((a, b) => Math.max(a, b)) + 1];
    return (x1 - x0) * (y1 - y0) === places.length ? [{ x0, x1, y0, y1 }] : [];
  });
  return { xs, ys, cells };
}

/** Cells side by side or one under the other belong to one table; a hole of another shape parts them. */
function adjacent({ xs, ys, cells }: Grid): readonly Grid[] {
  const owners = new Map<number, number>();
  const sets = new DisjointSets(cells.length);
  const width = xs.length;
  for (const [index, { x0, x1, y0, y1 }] of cells.entries()) {
    for (let y = y0; y < y1; y += 1) for (let x = x0; x < x1; x += 1) owners.set(y * width + x, index);
  }
  for (const [place, owner] of owners) {
    const [right, below] = [owners.get(place + 1), owners.get(place + width)];
    if (right !== undefined && (place + 1) % width !== 0) sets.join(owner, right);
    if (below !== undefined) sets.join(owner, below);
  }
  return sets.groups().map((members) => ({ xs, ys, cells: members.map((member) => cells[member]!) }));
}

/** Leaves out lines that border none of the cells. */
function compact({ xs, ys, cells }: Grid): Grid {
  const used = (ends: readonly number[]): readonly number[] => [...new Set(ends)].sort((a, b) => a - b);
  const columns = used(cells.flatMap(({ x0, x1 }) => [x0, x1]));
  const rows = used(cells.flatMap(({ y0, y1 }) => [y0, y1]));
  const [column, row] = [new Map(columns.map((x, i) => [x, i])), new Map(rows.map((y, i) => [y, i]))];
  return {
    xs: columns.map((x) => xs[x]!),
    ys: rows.map((y) => ys[y]!),
    cells: cells.map(({ x0, x1, y0, y1 }) => ({
      x0: column.get(x0)!,
      x1: column.get(x1)!,
      y0: row.get(y0)!,
      y1: row.get(y1)!,
    })),
  };
}

/** The grids the lines of a page draw, none with fewer than two rows and two columns. */
export function gridsOf(rulings: Rulings): readonly Grid[] {
  return connected(rulings)
    .filter(({ horizontal, vertical }) => horizontal.length >= 2 && vertical.length >= 1)
    .flatMap((group) => gridFrom(closeSides(group)) ?? [])
    .flatMap(adjacent)
    .map(compact)
    .filter(({ xs, ys, cells }) => xs.length >= 3 && ys.length >= 3 && cells.length >= 3);
}
