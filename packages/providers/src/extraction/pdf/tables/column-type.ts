export type ColumnType = "integer" | "number" | "percentage" | "currency" | "date" | "boolean" | "text" | "empty";

const MONTH = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mär|mai|okt|dez)[a-zä]*\\.?";
const DATES = [
  /^\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?:[T ]\d{1,2}:\d{2}(?::\d{2})?)?$/,
  /^\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2})$/,
  new RegExp(`^\\d{1,2}\\.?[ -]${MONTH}[ -]\\d{2,4}$`, "i"),
  new RegExp(`^${MONTH} \\d{1,2}(?:st|nd|rd|th)?,? \\d{4}$`, "i"),
];
const SIGN = "[-+\u2212\u2013]?";
const GROUPED = "\\d{1,3}(?:[ ,.'\u00a0\u2009]\\d{3})+";
const FIGURE = `(?:${GROUPED}(?:[.,]\\d+)?|\\d+(?:[.,]\\d+)?|[.,]\\d+)`;
const MONEY = "(?:[$€£¥₹]|(?:USD|EUR|GBP|CHF|JPY|CNY|INR|SEK|NOK|DKK|PLN)\\b)";

const INTEGER = new RegExp(`^${SIGN}(?:\\d+|\\d{1,3}(?:[ ,'\u00a0\u2009]\\d{3})+)$`);
const NUMBER = new RegExp(`^${SIGN}${FIGURE}(?:[eE][-+]?\\d+)?$`);
const PERCENTAGE = new RegExp(`^${SIGN}${FIGURE} ?[%‰]$`);
const CURRENCY = new RegExp(
  `^(?:${SIGN}${MONEY} ?${SIGN}${FIGURE}|${SIGN}${FIGURE} ?${MONEY}|\\(${MONEY} ?${FIGURE}\\))(?:[.,]-)?$`,
);

function typeOf(cell: string): ColumnType {
  // dates before numbers: 01.02.24 has the shape of both
  if (DATES.some((date) => date.test(cell))) return "date";
  if (INTEGER.test(cell)) return "integer";
  if (NUMBER.test(cell)) return "number";
  if (PERCENTAGE.test(cell)) return "percentage";
  if (CURRENCY.test(cell)) return "currency";
  return /^(?:true|false|yes|no)$/i.test(cell) ? "boolean" : "text";
}

const WORDS: ReadonlySet<ColumnType> = new Set(["text", "boolean", "empty"]);

/** A figure or a date rather than a name. */
export function isMeasured(cell: string): boolean {
  return !WORDS.has(typeOf(cell));
}

/** All of its cells are figures or dates. */
export function isMeasuredColumn(cells: readonly string[]): boolean {
  return !WORDS.has(columnType(cells));
}

const NOTHING = /^[-–—]?$/;

/** What all cells of a column are; empty ones and dashes do not count. Whole numbers among numbers are numbers. */
export function columnType(cells: readonly string[]): ColumnType {
  const types = new Set(cells.filter((cell) => !NOTHING.test(cell)).map(typeOf));
  const [only = "empty"] = types;
  if (types.size <= 1) return only;
  return types.size === 2 && types.has("integer") && types.has("number") ? "number" : "text";
}
