import { decodeText } from "./decode-text.ts";

/** A value in a STEP physical file; `$` and `*` are null. */
export type Parameter = string | number | null | Reference | Word | Typed | readonly Parameter[];
/** `#12` */
export interface Reference {
  readonly ref: number;
}
/** `.MILLI.`, or a binary literal. */
export interface Word {
  readonly word: string;
}
/** `LENGTH_MEASURE(1.)`, and each part of a complex instance. */
export interface Typed {
  readonly keyword: string;
  readonly parameters: readonly Parameter[];
}

const TOKEN =
  /\/\*[\s\S]*?(?:\*\/|$)|\s+|'([^']*(?:''[^']*)*)'|#(\d+)|([-+]?\d+(?:\.\d*)?(?:E[-+]?\d+)?)|\.([A-Z_][A-Z0-9_]*)\.|([!A-Z_][A-Z0-9_]*)|"([0-9A-F]*)"|[(),$*;]/giy;

export function isReference(value: Parameter | undefined): value is Reference {
  return typeof value === "object" && value !== null && "ref" in value;
}

export function isTyped(value: Parameter | undefined): value is Typed {
  return typeof value === "object" && value !== null && "keyword" in value;
}

export function isList(value: Parameter | undefined): value is readonly Parameter[] {
  return Array.isArray(value);
}

export function textOf(value: Parameter | undefined): string | null {
  return typeof value === "string" && value.trim() !== "" ? value.trim() : null;
}

export function referenceOf(value: Parameter | undefined): number | undefined {
  return isReference(value) ? value.ref : undefined;
}

/**
 * The values in `text`, which is what stands after `#12=`, or any part of it. Keeps its own stack, so that nesting cannot
 * use up the engine's. Stops quietly at the first thing that is no value.
 */
export function readParameters(text: string): readonly Parameter[] {
  const root: Parameter[] = [];
  const open: Parameter[][] = [];
  let list = root;
  let keyword: string | undefined;
  const add = (value: Parameter): void => {
    list.push(value);
  };
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(text); match !== null; match = TOKEN.exec(text)) {
    const [whole, string, ref, number, word, name, binary] = match;
    if (string !== undefined) add(decodeText(string));
    else if (ref !== undefined) add({ ref: Number(ref) });
    else if (number !== undefined) add(Number(number));
    else if (word !== undefined) add({ word: word.toUpperCase() });
    else if (binary !== undefined) add({ word: binary });
    else if (name !== undefined) keyword = name.toUpperCase();
    else if (whole === "(") {
      const inner: Parameter[] = [];
      add(keyword === undefined ? inner : { keyword, parameters: inner });
      keyword = undefined;
      open.push(list);
      list = inner;
    } else if (whole === ")") list = open.pop() ?? root;
    else if (whole === "$" || whole === "*") add(null);
  }
  return root;
}
