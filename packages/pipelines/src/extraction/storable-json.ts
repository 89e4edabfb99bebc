import type { Json } from "@millrace/core";

/** Deeper trees exist (assemblies of assemblies), but no reader of JSON has to follow them. */
const MAX_DEPTH = 100;
const MAX_TEXT = 1_000_000;

export interface Storable {
  readonly value: Json;
  /** Places where something deeper was left out. */
  readonly cutTrees: number;
  /** Texts that lost their end. */
  readonly cutTexts: number;
}

/**
 * The same value as Postgres and every JSON reader take it: no NUL, no half surrogate pairs, no numbers that are none, no
 * tree deeper than 100, no text past a million characters.
 */
export function storableJson(value: unknown): Storable {
  const cut = { trees: 0, texts: 0 };

  const textOf = (text: string): string => {
    if (text.length > MAX_TEXT) cut.texts += 1;
    const short = text.length > MAX_TEXT ? text.slice(0, MAX_TEXT) : text;
    const plain = short.includes("\u0000") ? short.replaceAll("\u0000", "") : short;
    return plain.replace(/\p{Surrogate}/gu, "\uFFFD");
  };

  const copy = (part: unknown, depth: number): Json => {
    switch (typeof part) {
      case "string":
        return textOf(part);
      case "number":
        return Number.isFinite(part) ? part : null;
      case "boolean":
        return part;
      case "bigint":
        return part.toString();
      case "object":
        break;
      default:
        return null;
    }
    if (part === null) return null;
    if (part instanceof Date) return Number.isNaN(part.getTime()) ? null : part.toISOString();
    if (depth >= MAX_DEPTH) {
      cut.trees += 1;
      return null;
    }
    if (Array.isArray(part)) return part.map((item) => copy(item, depth + 1));
    // fromEntries, because assigning to a key called __proto__ would not make one
    return Object.fromEntries(
      Object.entries(part)
        .filter(([, item]) => item !== undefined)
        .map(([key, item]) => [textOf(key), copy(item, depth + 1)]),
    );
  };

  return { value: copy(value, 0), cutTrees: cut.trees, cutTexts: cut.texts };
}
