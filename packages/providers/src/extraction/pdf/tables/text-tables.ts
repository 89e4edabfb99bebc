import { type Box, boxAround, median, overlap } from "../box.ts";
import type { PageContent } from "../read-page.ts";
import { linesOf, type Segment, segmentsOf } from "../text-lines.ts";
import type { FoundTable } from "./table.ts";

/** Gaps wider than this many font heights part the cells of a row; spaces in justified prose stay below. */
const CELL_GAP = 0.8;
/** White space between columns, in font heights. */
const COLUMN_GAP = 0.5;
const MIN_ROWS = 3;
const MIN_FILLED = 0.6;
/** Edges this far apart, in points, are aligned. */
const ALIGNED = 2;
/** Cells of more characters, in every column, are the columns of a page and not of a table. */
const PROSE_CHARACTERS = 28;
/** Half of a column's cells being longer than this, it holds sentences: terms and what they mean, steps of a list. */
const SENTENCE_CHARACTERS = 60;
/** A step between rows larger than this many font heights, or than twice the usual one, ends a table. */
const MAX_ROW_STEP = 3.2;

type Row = readonly Segment[];

interface Span {
  readonly from: number;
  readonly to: number;
}

const LEADER = /(?:[.·…_]\s?){4,}/;
const ENUMERATOR = /^(?:[•●▪■◦○‣⁃*–—-]|\(?[0-9a-z]{1,3}[.)])$/i;

/** The white space common to all rows parts them into columns. */
function columnsOf(rows: readonly Row[], size: number): readonly Span[] {
  const spans = rows.flat().sort((a, b) => a.from - b.from);
  const columns: { from: number; to: number }[] = [];
  for (const { from, to } of spans) {
    const last = columns.at(-1);
    if (last !== undefined && from - last.to < COLUMN_GAP * size) last.to = Math.max(last.to, to);
    else columns.push({ from, to });
  }
  return columns;
}

function isInOneColumn(segment: Segment, columns: readonly Span[]): boolean {
  return columns.filter(({ from, to }) => overlap(from, to, segment.from, segment.to) > 0).length === 1;
}

/** Two cells of the row would become one. */
const isMerged = (row: Row, columns: readonly Span[]): boolean =>
  columns.some((column) => row.filter(({ from, to }) => overlap(column.from, column.to, from, to) > 0).length > 1);

/** Lines one after another that keep to common columns. */
function runsOf(rows: readonly Row[]): readonly (readonly Row[])[] {
  const runs: Row[][] = [];
  let open: Row[] = [];
  let columns: readonly Span[] = [];
  const close = (): void => {
    const isRest = (row: Row): boolean => row.length > 1 || row[0]!.from > columns[0]!.to;
    while (open.length > 0 && !isRest(open.at(-1)!)) open.pop();
    if (open.length >= MIN_ROWS) runs.push(open);
    open = [];
    columns = [];
  };
  for (const row of rows) {
    const [segment] = row;
    if (segment === undefined) continue;
    if (row.some(({ text }) => LEADER.test(text))) {
      close();
      continue;
    }
    const step = open.length === 0 ? 0 : segment.baseline - open.at(-1)![0]!.baseline;
    if (step > MAX_ROW_STEP * segment.size) close();
    if (row.length < 2) {
      // the rest of a cell that needs two lines
      const isRest = open.length > 0 && step < 1.5 * segment.size && isInOneColumn(segment, columns);
      if (isRest) open.push(row);
      else close();
      continue;
    }
    const next = columnsOf([...open, row], segment.size);
    const isNarrower = open.length >= MIN_ROWS && next.length < columns.length;
    if (next.length < 2 || (isNarrower && open.some((above) => isMerged(above, next)))) {
      close();
      open = [row];
      columns = columnsOf(open, segment.size);
    } else {
      open.push(row);
      columns = next;
    }
  }
  close();
  return runs;
}

interface Cell {
  readonly text: string;
  readonly box: Box;
  readonly from: number;
  readonly to: number;
  readonly isBold: boolean;
}

function cellsOf(row: Row, columns: readonly Span[]): readonly (Cell | undefined)[] {
  return columns.map((column) => {
    const inside = row.filter(({ from, to }) => overlap(column.from, column.to, from, to) > 0);
    const [first] = inside;
    if (first === undefined) return undefined;
    const text = inside.map((segment) => segment.text).join(" ");
    return {
      text,
      box: boxAround(inside.map(({ box }) => box)),
      from: first.from,
      to: inside.at(-1)!.to,
      isBold: first.isBold,
    };
  });
}

/** The share of cells whose left edges, right edges or middles stand in one line. */
function alignment(cells: readonly Cell[]): number {
  const best = [
    cells.map(({ from }) => from),
    cells.map(({ to }) => to),
    cells.map(({ from, to }) => (from + to) / 2),
  ].map((edges) => {
    const middle = median(edges);
    return edges.filter((edge) => Math.abs(edge - middle) <= ALIGNED).length;
  });
  return Math.max(...best) / cells.length;
}

/** Puts the rest of a cell, closer below than rows are, where it belongs. */
function joinRests(rows: readonly Row[], cells: readonly (readonly (Cell | undefined)[])[]) {
  const steps = rows.slice(1).map((row, index) => row[0]!.baseline - rows[index]![0]!.baseline);
  const usual = median(steps.filter((_, index) => rows[index + 1]!.length > 1));
  const joined: (Cell | undefined)[][] = [];
  for (const [index, row] of cells.entries()) {
    const last = joined.at(-1);
    const isRest = row[0] === undefined && last !== undefined && (steps[index - 1] ?? Infinity) < 0.8 * usual;
    if (!isRest) joined.push([...row]);
    else {
      for (const [column, cell] of row.entries()) {
        const above = last[column];
        if (cell === undefined) continue;
        last[column] = above === undefined ? cell : { ...above, text: `${above.text} ${cell.text}` };
      }
    }
  }
  return joined;
}

/** Lines of about one length that run on from one to the next: a paragraph in a column of its own. */
function isParagraph(cells: readonly Cell[]): boolean {
  const width = Math.max(...cells.map(({ to }) => to)) - Math.min(...cells.map(({ from }) => from));
  const full = cells.filter(({ from, to }) => to - from >= 0.7 * width).length;
  const runOn = cells
    .slice(1)
    .filter(({ text }, index) => /^\p{Ll}/u.test(text) && !/[.!?:;]$/.test(cells[index]!.text));
  const length = median(cells.map(({ text }) => text.length));
  return length >= 16 && full >= 0.6 * cells.length && runOn.length >= 0.4 * (cells.length - 1);
}

/** Side by side columns of prose, or terms and their explanations: aligned, and no table. */
function isProse(columns: readonly (readonly Cell[])[]): boolean {
  const lengths = columns.map((cells) => median(cells.map(({ text }) => text.length)));
  const isWide = lengths.filter((length) => length > PROSE_CHARACTERS).length > columns.length / 2;
  const isExplained = columns.length === 2 && lengths.some((length) => length > SENTENCE_CHARACTERS);
  return isWide || isExplained || columns.some(isParagraph);
}

/** Bold names above what is not bold; undefined when the looks say nothing. */
function standsOut([first = [], ...rest]: readonly (readonly (Cell | undefined)[])[]): boolean | undefined {
  const isBold = (row: readonly (Cell | undefined)[]): boolean => row.every((cell) => cell?.isBold ?? true);
  return isBold(first) && !rest.some(isBold) ? true : undefined;
}

function tableFrom(page: number, rows: readonly Row[], isAligned: boolean): FoundTable | undefined {
  const size = median(rows.flat().map((segment) => segment.size));
  const spans = columnsOf(rows, size);
  const placed = rows.map((row) => cellsOf(row, spans));
  const isList = (column: number): boolean => placed.every((row) => ENUMERATOR.test(row[column]?.text ?? "•"));
  const skipped = isList(0) ? 1 : 0;
  if (spans.length - skipped < 2) return undefined;
  const cells = joinRests(
    rows,
    placed.map((row) => row.slice(skipped)),
  );
  const columns = spans.slice(skipped).map((_, column) => cells.flatMap((row) => row[column] ?? []));
  const filled = columns.reduce((sum, column) => sum + column.length, 0) / (cells.length * columns.length);
  const full = cells.filter((row) => row.filter((cell) => cell !== undefined).length >= 2).length;
  if (full < MIN_ROWS || filled < MIN_FILLED || isProse(columns)) return undefined;
  const judged = columns.filter((column) => column.length >= MIN_ROWS);
  const shares = judged.map(alignment);
  const aligned = shares.reduce((sum, share) => sum + share, 0) / Math.max(1, shares.length);
  if (isAligned && (judged.length < 2 || shares.some((share) => share < 0.75))) return undefined;
  return {
    page,
    box: boxAround(columns.flat().map(({ box }) => box)),
    cells: cells.map((row) => row.map((cell) => cell?.text ?? "")),
    merged: [],
    isHeaded: standsOut(cells),
    confidence: isAligned ? 0.4 + 0.5 * aligned * filled : 0.35 + 0.25 * aligned + 0.2 * filled,
  };
}

/**
 * Tables without lines: `text` wants columns whose edges are aligned over at least three rows, `stream` is content with
 * white space between columns.
 */
export function findTextTables(page: PageContent, strategy: "text" | "stream"): readonly FoundTable[] {
  const rows = linesOf(page.words.filter(({ angle }) => angle === 0)).map((line) => segmentsOf(line, CELL_GAP));
  return runsOf(rows).flatMap((run) => tableFrom(page.number, run, strategy === "text") ?? []);
}
