import type { Tags } from "./tags.ts";

export type Point = readonly [x: number, y: number, z: number];

/** Codes whose value is text somewhere we look. */
const TEXT_CODES = new Set([1, 2, 3, 6, 7, 8]);
/** One past the highest code whose number is looked at (420, a layer's true colour). */
const NUMBER_SLOTS = 421;
const isNumberCode = (code: number): boolean =>
  (code >= 10 && code < 80) || (code >= 210 && code <= 230) || code === 290 || code === 370 || code === 420;
/** Sums and products of smaller numbers than this stay finite, and JSON has no others. */
const MAX_NUMBER = 1e100;

/** Undefined for what is no number or no drawing's number; never a negative zero. */
export function plausible(value: number): number | undefined {
  return Math.abs(value) <= MAX_NUMBER ? value + 0 : undefined;
}

/** Longer texts are cut: a note of a drawing is a few hundred characters. */
export const MAX_TEXT_CHARACTERS = 32_768;

/**
 * The values of one table entry or entity, the first of each code; the arrays are used again for the next one. What
 * programs attach to it (extended data, embedded objects) is skipped.
 */
export class DxfRecord {
  type = "";
  isCut = false;
  readonly #numbers = new Float64Array(NUMBER_SLOTS);
  readonly #writtenBy = new Uint32Array(NUMBER_SLOTS);
  readonly #texts = new Map<number, string>();
  #generation = 0;
  #chunks: string[] = [];
  #chunkCharacters = 0;
  #isAttachment = false;

  begin(type: string): void {
    this.type = type;
    this.isCut = false;
    this.#generation += 1;
    this.#texts.clear();
    this.#chunks = [];
    this.#chunkCharacters = 0;
    this.#isAttachment = false;
  }

  take(tags: Tags): void {
    const { code } = tags;
    if (code === 101) this.#isAttachment = true;
    if (this.#isAttachment) return;
    if (TEXT_CODES.has(code)) this.#takeText(code, tags);
    else if (isNumberCode(code) && this.#writtenBy[code] !== this.#generation) {
      this.#writtenBy[code] = this.#generation;
      this.#numbers[code] = tags.number();
    }
  }

  #takeText(code: number, tags: Tags): void {
    if (code === 3) this.#takeChunk(tags.raw());
    else if (!this.#texts.has(code)) this.#texts.set(code, this.#cut(tags.raw()));
  }

  /** A long MTEXT comes as several values of code 3 and its end as code 1. */
  #takeChunk(chunk: string): void {
    // an empty chunk costs something too
    this.#chunkCharacters += Math.max(1, chunk.length);
    if (this.#chunkCharacters > MAX_TEXT_CHARACTERS) this.isCut = true;
    else this.#chunks.push(chunk);
  }

  #cut(text: string): string {
    if (text.length <= MAX_TEXT_CHARACTERS) return text;
    this.isCut = true;
    return text.slice(0, MAX_TEXT_CHARACTERS);
  }

  /** Undefined when absent or no number a drawing can have. */
  number(code: number): number | undefined {
    return this.#writtenBy[code] === this.#generation ? plausible(this.#numbers[code]!) : undefined;
  }

  flags(code: number): number {
    return Math.trunc(this.number(code) ?? 0);
  }

  raw(code: number): string | undefined {
    return code === 3 ? this.#chunks[0] : this.#texts.get(code);
  }

  name(code: number): string | undefined {
    return this.raw(code)?.trim() || undefined;
  }

  longText(): string {
    return this.#chunks.join("") + (this.#texts.get(1) ?? "");
  }

  /** The point whose x has this code; y and z follow in steps of ten. */
  point(code: number): Point | undefined {
    const x = this.number(code);
    const y = this.number(code + 10);
    return x === undefined || y === undefined ? undefined : [x, y, this.number(code + 20) ?? 0];
  }

  /** The direction the entity's plane faces; undefined for the usual one, straight up. */
  extrusion(): Point | undefined {
    const direction = this.point(210);
    return direction === undefined || (direction[0] === 0 && direction[1] === 0 && direction[2] > 0)
      ? undefined
      : direction;
  }
}
