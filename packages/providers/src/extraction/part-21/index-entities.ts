import type { Part21 } from "./open-part-21.ts";
import { isList, isTyped, type Parameter, readParameters, type Typed } from "./parameters.ts";
import { endOfStatement, nextStatement } from "./statements.ts";

/** Where every instance of a file stands, and how many there are of each kind. */
export interface EntityIndex {
  readonly count: number;
  /** Of simple instances, by keyword. */
  readonly counts: ReadonlyMap<string, number>;
  /** Ids of the instances of `keyword`, one of those asked for. */
  of(keyword: string): readonly number[];
  /** Ids of complex instances, `#1=(A()B())`. */
  readonly complex: readonly number[];
  keywordOf(id: number): string | undefined;
  /** The parameters of a simple instance, undefined where there is none. */
  read(id: number): Typed | undefined;
  /** The parts of a complex instance. */
  readComplex(id: number): readonly Typed[];
  /** As written, after `#12=`. */
  textOf(id: number): string;
}

class Offsets {
  ids = new Uint32Array(4096);
  starts = new Uint32Array(4096);
  ends = new Uint32Array(4096);
  count = 0;
  #ascending = true;
  #rows: Uint32Array | undefined;

  add(id: number, start: number, end: number): void {
    if (this.count === this.ids.length) {
      const larger = (array: Uint32Array): Uint32Array<ArrayBuffer> => {
        const copy = new Uint32Array(array.length * 2);
        copy.set(array);
        return copy;
      };
      this.ids = larger(this.ids);
      this.starts = larger(this.starts);
      this.ends = larger(this.ends);
    }
    if (this.count > 0 && id <= (this.ids[this.count - 1] ?? 0)) this.#ascending = false;
    this.ids[this.count] = id;
    this.starts[this.count] = start;
    this.ends[this.count] = end;
    this.count += 1;
  }

  /** Row of `id`, or -1. */
  find(id: number): number {
    const { ids } = this;
    if (!this.#ascending)
      this.#rows ??= Uint32Array.from(ids.keys())
        .subarray(0, this.count)
        .sort((a, b) => (ids[a] ?? 0) - (ids[b] ?? 0));
    let low = 0;
    let high = this.count - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const row = this.#rows?.[middle] ?? middle;
      const found = ids[row] ?? 0;
      if (found === id) return row;
      if (found < id) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }
}

const HASH = 0x23;
const INSTANCE = /^#(\d+)\s*=\s*(?:([A-Z_][A-Z0-9_]*)|\()/i;

/** One pass over the DATA sections. Keeps the ids of `keywords` apart. Throws CONTENT_TOO_COMPLEX for absurd nesting. */
export function indexEntities({ bytes, dataAt }: Part21, keywords: readonly string[]): EntityIndex {
  const offsets = new Offsets();
  const counts = new Map<string, number>();
  const kept = new Map<string, number[]>(keywords.map((keyword) => [keyword, []]));
  const complex: number[] = [];
  for (let at = nextStatement(bytes, dataAt); at < bytes.length; ) {
    const end = endOfStatement(bytes, at);
    if (end === -1) break;
    const match = bytes[at] === HASH ? INSTANCE.exec(bytes.toString("latin1", at, Math.min(end, at + 120))) : null;
    if (match !== null) {
      const id = Number(match[1]);
      if (id <= 0xffffffff) offsets.add(id, at + match[0].length - (match[2]?.length ?? 1), end - 1);
      const keyword = match[2]?.toUpperCase();
      if (keyword === undefined) complex.push(id);
      else {
        counts.set(keyword, (counts.get(keyword) ?? 0) + 1);
        kept.get(keyword)?.push(id);
      }
    }
    at = nextStatement(bytes, end);
  }
  const textOf = (id: number): string => {
    const row = offsets.find(id);
    return row === -1 ? "" : bytes.toString("latin1", offsets.starts[row], offsets.ends[row]);
  };
  const firstOf = (id: number): Parameter | undefined => readParameters(textOf(id))[0];
  return {
    count: offsets.count,
    counts,
    complex,
    of: (keyword) => kept.get(keyword) ?? [],
    keywordOf(id) {
      const row = offsets.find(id);
      if (row === -1) return undefined;
      const start = offsets.starts[row] ?? 0;
      return /^[A-Z_][A-Z0-9_]*/i.exec(bytes.toString("latin1", start, start + 100))?.[0].toUpperCase();
    },
    read(id) {
      const value = firstOf(id);
      return isTyped(value) ? value : undefined;
    },
    readComplex(id) {
      const value = firstOf(id);
      return isList(value) ? value.filter(isTyped) : [];
    },
    textOf,
  };
}
