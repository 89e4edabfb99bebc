import type { Ruling } from "../collect-rulings.ts";

/** Lines no further apart than this are one, drawn twice or in pieces. */
export const SNAP = 2.5;
/** What stays shorter than this, in points, borders no cell. */
const MIN_LENGTH = 6;

/** Puts pieces of lines together that lie on one another or touch end to end. */
export function joinRulings(pieces: readonly Ruling[]): readonly Ruling[] {
  const sorted = [...pieces].sort((a, b) => a.at - b.at);
  const joined: Ruling[] = [];
  for (let i = 0; i < sorted.length; ) {
    const first = sorted[i]!;
    const together: Ruling[] = [];
    while (i < sorted.length && sorted[i]!.at - first.at <= SNAP) together.push(sorted[i++]!);
    together.sort((a, b) => a.from - b.from);
    const at = together.reduce((sum, piece) => sum + piece.at, 0) / together.length;
    let open = { at, from: together[0]!.from, to: together[0]!.to };
    for (const { from, to } of together) {
      if (from <= open.to + SNAP) open.to = Math.max(open.to, to);
      else {
        joined.push(open);
        open = { at, from, to };
      }
    }
    joined.push(open);
  }
  return joined.filter(({ from, to }) => to - from >= MIN_LENGTH);
}

/** The distinct places of lines, in order. */
export function placesOf(rulings: readonly Ruling[]): readonly number[] {
  const places: number[] = [];
  for (const at of rulings.map((ruling) => ruling.at).sort((a, b) => a - b)) {
    if (places.length === 0 || at - places.at(-1)! > SNAP) places.push(at);
  }
  return places;
}

/** Numbers 0 to n-1 that can be put into sets. */
export class DisjointSets {
  readonly #parents: Int32Array;

  constructor(size: number) {
    this.#parents = Int32Array.from({ length: size }, (_, index) => index);
  }

  find(member: number): number {
    let root = member;
    while (this.#parents[root] !== root) root = this.#parents[root]!;
    for (let at = member; at !== root; ) {
      const next = this.#parents[at]!;
      this.#parents[at] = root;
      at = next;
    }
    return root;
  }

  join(a: number, b: number): void {
    this.#parents[this.find(a)] = this.find(b);
  }

  /** The members of each set. */
  groups(): readonly (readonly number[])[] {
    const groups = new Map<number, number[]>();
    for (let member = 0; member < this.#parents.length; member += 1) {
      const root = this.find(member);
      const group = groups.get(root);
      if (group === undefined) groups.set(root, [member]);
      else group.push(member);
    }
    return [...groups.values()];
  }
}
