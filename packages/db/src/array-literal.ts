import { plainText } from "./json-text.ts";

export type ArrayItem = string | number | boolean | Date | null;

const NEEDS_CARE = /["\\\0]/;
const ESCAPED = /["\\]/g;

/**
 * Postgres' text form of an array, for `$n::type[]`. postgres.js would guess the element type from the first item
 * (an array of booleans becomes one boolean) and needs a catalogue query per connection to know array types.
 */
export function arrayLiteral(items: readonly ArrayItem[]): string {
  let literal = "";
  for (const item of items) {
    if (literal !== "") literal += ",";
    if (item === null) literal += "NULL";
    else if (typeof item === "string") literal += NEEDS_CARE.test(item) ? escaped(item) : `"${item}"`;
    else if (item instanceof Date) literal += `"${item.toISOString()}"`;
    else literal += String(item);
  }
  return `{${literal}}`;
}

function escaped(item: string): string {
  return `"${plainText(item).replace(ESCAPED, "\\$&")}"`;
}
