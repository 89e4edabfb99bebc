import { type Box, bboxOf, rounded } from "../box.ts";
import { columnType, isMeasured, isMeasuredColumn } from "./column-type.ts";

interface MergedCell {
  readonly row: number;
  readonly column: number;
  readonly row_span: number;
  readonly column_span: number;
}

/** A table as it was found, before its first row is judged. */
export interface FoundTable {
  readonly page: number;
  readonly box: Box;
  /** Rows of equal length; a merged cell's text stands in its top left place. */
  readonly cells: readonly (readonly string[])[];
  readonly merged: readonly MergedCell[];
  /** The first row stands out as names do; undefined when its looks say nothing. */
  readonly isHeaded: boolean | undefined;
  /** 0 to 1. */
  readonly confidence: number;
}

/** Names stand above columns: no figures among them, and none of what stands in a column of figures. */
function hasHeaders({ cells, isHeaded }: FoundTable): boolean {
  const [first = [], ...rest] = cells;
  if (rest.length === 0 || first.every((cell) => cell === "") || first.some((cell) => isMeasured(cell))) return false;
  if (isHeaded !== undefined) return isHeaded;
  return first.some((cell, column) => cell !== "" && isMeasuredColumn(rest.map((row) => row[column] ?? "")));
}

/**
 * A table as results show it. `rows` leaves the headers out (`headers` is empty when no row looks like names);
 * `merged_cells` and `row_count` count every row, the headers' too, from 0.
 */
export function showTable(table: FoundTable) {
  const { page, box, cells, merged, confidence } = table;
  const isHeaded = hasHeaders(table);
  const rows = isHeaded ? cells.slice(1) : cells;
  const columns = cells[0]?.length ?? 0;
  return {
    headers: isHeaded ? [...cells[0]!] : [],
    rows: rows.map((row) => [...row]),
    page,
    bbox: bboxOf(box),
    confidence: rounded(confidence),
    row_count: cells.length,
    column_count: columns,
    merged_cells: merged.map((cell) => ({ ...cell })),
    column_types: Array.from({ length: columns }, (_, column) => columnType(rows.map((row) => row[column] ?? ""))),
  };
}
