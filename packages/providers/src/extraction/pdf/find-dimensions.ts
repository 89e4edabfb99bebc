import { bboxOf, boxAround } from "./box.ts";
import { joinTolerances } from "./join-tolerances.ts";
import type { Segment } from "./text-lines.ts";

/** More on one page come from a table of figures; the rest is left out. */
export const MAX_DIMENSIONS_PER_PAGE = 5_000;

const NUMBER = "(?:\\d{1,6}(?:[.,]\\d{1,4})?|[.,]\\d{1,4})";
const number = (name: string): string => `(?<${name}>${NUMBER})`;
// "in" before another word is a preposition, and a quotation mark after a word closes one
const UNIT = '(?:[cdk]?m|mm|[µμ]m|inch(?:es)?|in(?=\\.?$|[,;)\\]]|\\s?[±+])|ft|″|′|"|°)(?![\\p{L}\\d²³])';
const unit = (name: string): string => `(?<${name}>${UNIT})`;
const COUNT = "(?:(?<count>\\d{1,3})\\s?[x×]\\s?)?";
const KIND = "(?:(?<diameter>[ØøΦφ⌀∅]|\\bDIA\\b\\.?)|(?<radius>(?<!\\p{L})S?R))\\s?";
const START = "(?<![\\p{L}\\d.,:/])";
const END = "(?![\\d:/]|[.,]\\d)";
const MEASURE = `${START}${COUNT}(?:${KIND})?${number("value")}\\s?(?:${unit("unit")}\\s?)?`;
const LATE_UNIT = `(?:\\s?${unit("unit2")})?`;
const MINUS = "[-−–]";
const BELOW = `${MINUS}\\s?${number("minus")}|/\\s?(?:(?<zero>0)(?![.,]?\\d))`;

/** Where a tolerance class stands for the tolerances: Ø8H7. */
const FIT = "(?<fit>(?:[A-Z]{1,2}|[a-z]{1,2})\\d{1,2})";
const ALONE = "(?![\\p{L}\\d:/]|[.,]\\d)";

/** In this order: a figure that one pattern took is not looked at by the next. */
const PATTERNS = [
  { confidence: 0.95, shape: `${MEASURE}±\\s?${number("both")}${END}${LATE_UNIT}` },
  { confidence: 0.95, shape: `${MEASURE}\\+\\s?${number("plus")}\\s?/?\\s?(?:${BELOW})${END}${LATE_UNIT}` },
  { confidence: 0.9, shape: `${START}${COUNT}${KIND}${number("value")}(?:\\s?${unit("unit")}|\\s?${FIT})?${ALONE}` },
  { confidence: 0.7, shape: `${START}${number("value")}\\s?${unit("unit")}` },
].map(({ confidence, shape }) => ({ confidence, pattern: new RegExp(shape, "gu") }));

const UNITS: ReadonlyMap<string, string> = new Map([
  ["″", "in"],
  ['"', "in"],
  ["inch", "in"],
  ["inches", "in"],
  ["′", "ft"],
  ["μm", "µm"],
  ["°", "deg"],
]);

/** A comma is a decimal point: drawings do not group digits. */
const numberFrom = (text: string): number => Number(text.replace(",", "."));

function typeOf({ diameter, radius, unit, unit2 }: Readonly<Record<string, string | undefined>>): string {
  if (diameter !== undefined) return "diameter";
  if (radius !== undefined) return "radius";
  return (unit ?? unit2) === "°" ? "angle" : "linear";
}

function boxOf({ words, starts }: Segment, from: number, to: number) {
  const inside = words.filter((word, index) => starts[index]! < to && starts[index]! + word.text.length > from);
  return boxAround((inside.length > 0 ? inside : words).map(({ box }) => box));
}

function dimensionFrom(match: RegExpExecArray, segment: Segment, page: number, confidence: number) {
  const groups: Readonly<Record<string, string | undefined>> = match.groups ?? {};
  const { value = "", unit, unit2, count, both, plus, minus, zero, fit } = groups;
  const upper = both ?? plus;
  const lower = both ?? minus ?? zero;
  const written = unit ?? unit2;
  const type = typeOf(groups);
  return {
    type,
    value: numberFrom(value),
    unit: written === undefined ? "mm" : (UNITS.get(written) ?? written),
    is_unit_assumed: written === undefined,
    tolerance: both !== undefined ? "symmetric" : upper !== undefined ? "asymmetric" : null,
    tolerance_plus: upper === undefined ? null : numberFrom(upper),
    tolerance_minus: lower === undefined ? null : numberFrom(lower),
    fit: fit ?? null,
    count: count === undefined ? 1 : Number(count),
    text: match[0].trim(),
    page,
    bbox: bboxOf(boxOf(segment, match.index, match.index + match[0].length)),
    // a lone R and a figure is more often something else than Ø is
    confidence: confidence === 0.9 && type === "radius" ? 0.85 : confidence,
  };
}

export type PdfDimension = ReturnType<typeof dimensionFrom>;

/**
 * Dimensions by their pattern: with symmetric or asymmetric tolerance, diameter, radius, and a bare figure with its
 * unit, of which we are less sure. Tolerances are positive numbers in the value's unit.
 */
export function findDimensions(page: number, segments: readonly Segment[]): readonly PdfDimension[] {
  const found: PdfDimension[] = [];
  for (const segment of joinTolerances(segments)) {
    const taken: (readonly [number, number])[] = [];
    for (const { confidence, pattern } of PATTERNS) {
      for (const match of segment.text.matchAll(pattern)) {
        const [from, to] = [match.index, match.index + match[0].length];
        // R2D2: tolerance classes are for diameters
        if (match.groups?.["radius"] !== undefined && match.groups["fit"] !== undefined) continue;
        if (taken.some(([start, end]) => from < end && to > start)) continue;
        taken.push([from, to]);
        found.push(dimensionFrom(match, segment, page, confidence));
        if (found.length === MAX_DIMENSIONS_PER_PAGE) return found;
      }
    }
  }
  return found;
}
