import type { Json } from "@millrace/core";
import type { Found } from "./keep-found.ts";

/** Characters of JSON. */
const MAX_WHOLE = 64 * 1024 * 1024;

/** Halves the longest list, again and again, until all of it fits; says of each list how much of it is left. */
export function cutToSize(found: Found, maxCharacters = MAX_WHOLE): Found {
  const fields = new Map<string, Json>(Object.entries(found.content));
  const sizes = new Map([...fields].map(([name, value]) => [name, JSON.stringify(value).length]));
  const totals = new Map<string, number | null>();
  const sum = (): number => [...sizes.values()].reduce((total, size) => total + size, 0);
  while (sum() > maxCharacters) {
    const [name] = [...sizes].reduce((longest, next) => (next[1] > longest[1] ? next : longest));
    const value = fields.get(name);
    const isList = Array.isArray(value) && value.length > 1;
    if (!totals.has(name)) totals.set(name, Array.isArray(value) ? value.length : null);
    const kept = isList ? value.slice(0, Math.ceil(value.length / 2)) : null;
    fields.set(name, kept);
    sizes.set(name, JSON.stringify(kept).length);
  }
  if (totals.size === 0) return found;
  const warnings = [...totals].map(([field, total]) => {
    const left = fields.get(field);
    const kept = Array.isArray(left) ? left.length : 0;
    const message = total === null ? `${field} was too large to be kept` : `${kept} of ${total} ${field} were kept`;
    return { code: "RESULT_CUT", message, details: { field, kept, total } };
  });
  return { ...found, content: Object.fromEntries(fields), warnings: [...found.warnings, ...warnings] };
}
