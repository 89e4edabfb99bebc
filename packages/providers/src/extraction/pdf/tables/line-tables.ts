import type { PageContent } from "../read-page.ts";
import { textOf } from "../text-lines.ts";
import type { Word } from "../word.ts";
import { type Grid, gridsOf } from "./grid-cells.ts";
import { joinRulings } from "./join-rulings.ts";
import type { FoundTable } from "./table.ts";

/** Emptier grids are forms, charts or frames. */
const MIN_FILLED = 0.3;

/** The step of the ascending places that `at` falls into; -1 outside. */
function stepOf(places: readonly number[], at: number): number {
  let [low, high] = [0, places.length - 1];
  if (at < places[low]! || at > places[high]!) return -1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (at >= places[middle]!) low = middle;
    else high = middle;
  }
  return low;
}

function tableFrom({ xs, ys, cells }: Grid, { number, words }: PageContent): FoundTable | undefined {
  const [width, height] = [xs.length - 1, ys.length - 1];
  const owners = new Int32Array(width * height).fill(-1);
  for (const [index, { x0, x1, y0, y1 }] of cells.entries()) {
    for (let y = y0; y < y1; y += 1) owners.fill(index, y * width + x0, y * width + x1);
  }
  const held: Word[][] = cells.map(() => []);
  for (const word of words) {
    const column = stepOf(xs, (word.box.x0 + word.box.x1) / 2);
    const row = stepOf(ys, (word.box.y0 + word.box.y1) / 2);
    if (column >= 0 && row >= 0) held[owners[row * width + column]!]?.push(word);
  }
  const texts = Array.from({ length: height }, () => Array<string>(width).fill(""));
  for (const [index, { x0, y0 }] of cells.entries()) texts[y0]![x0] = textOf(held[index]!);
  const filled = held.filter((of) => of.length > 0).length / cells.length;
  const rows = texts.filter((row) => row.some((text) => text !== "")).length;
  const columns = xs.slice(1).filter((_, x) => texts.some((row) => row[x] !== "")).length;
  if (filled < MIN_FILLED || rows < 2 || columns < 2) return undefined;
  const spans = cells.filter(({ x0, x1, y0, y1 }) => x1 - x0 > 1 || y1 - y0 > 1);
  // what lies between the lines but in no closed cell makes the grid doubtful
  const closed = 1 - owners.filter((owner) => owner === -1).length / owners.length;
  return {
    page: number,
    box: { x0: xs[0]!, y0: ys[0]!, x1: xs[width]!, y1: ys[height]! },
    cells: texts,
    merged: spans.map(({ x0, x1, y0, y1 }) => ({ row: y0, column: x0, row_span: y1 - y0, column_span: x1 - x0 })),
    // a drawn table has its names on top unless figures stand there
    isHeaded: true,
    confidence: (0.6 + 0.4 * filled) * closed,
  };
}

/** Tables whose cells are drawn: the strategy `lines`. */
export function findLineTables(page: PageContent): readonly FoundTable[] {
  const rulings = {
    horizontal: joinRulings(page.rulings.horizontal),
    vertical: joinRulings(page.rulings.vertical),
  };
  return gridsOf(rulings)
    .flatMap((grid) => tableFrom(grid, page) ?? [])
    .sort((a, b) => a.box.y0 - b.box.y0 || a.box.x0 - b.box.x0);
}
