import type { Row } from "../database.ts";

interface Kinds {
  /** Columns that hold instants: the driver hands them over as text. */
  readonly instants?: readonly string[];
  /** Bigint columns that stay far below 2^53. */
  readonly numbers?: readonly string[];
}

const names = new Map<string, string>();

function camelName(column: string): string {
  let name = names.get(column);
  if (name === undefined) {
    name = column.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
    names.set(column, name);
  }
  return name;
}

/** A row as the ports name its columns. */
export function camelRow<T>(row: Row, { instants = [], numbers = [] }: Kinds): T {
  const camel: Row = {};
  for (const [column, value] of Object.entries(row)) {
    let shown = value;
    if (typeof value === "string" && instants.includes(column)) shown = new Date(value);
    else if (typeof value === "string" && numbers.includes(column)) shown = Number(value);
    camel[camelName(column)] = shown;
  }
  return camel as T;
}
