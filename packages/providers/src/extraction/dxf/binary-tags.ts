import type { Tags } from "./tags.ts";
import type { ValueText } from "./value-text.ts";

const SENTINEL = "AutoCAD Binary DXF\r\n\u001a\0";

export function isBinaryDxf(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(0, SENTINEL.length)).toString("latin1") === SENTINEL;
}

type Kind = "text" | "double" | "int16" | "int32" | "int64" | "byte" | "chunk";

/** First code of each range of the DXF reference and how its values are written; codes between are text. */
const RANGES: readonly (readonly [from: number, to: number, kind: Kind])[] = [
  [10, 59, "double"],
  [60, 79, "int16"],
  [90, 99, "int32"],
  [110, 149, "double"],
  [160, 169, "int64"],
  [170, 179, "int16"],
  [210, 239, "double"],
  [270, 289, "int16"],
  [290, 299, "byte"],
  [310, 319, "chunk"],
  [370, 389, "int16"],
  [400, 409, "int16"],
  [420, 429, "int32"],
  [440, 459, "int32"],
  [460, 469, "double"],
  [1004, 1004, "chunk"],
  [1010, 1059, "double"],
  [1060, 1070, "int16"],
  [1071, 1071, "int32"],
];

const KINDS: readonly Kind[] = Array.from({ length: 1_072 }, (_, code) => {
  const range = RANGES.find(([from, to]) => from <= code && code <= to);
  return range?.[2] ?? "text";
});

const SIZES = { double: 8, int16: 2, int32: 4, int64: 8, byte: 1 } as const;

/** The binary form: little-endian numbers, text ended by a zero. */
export class BinaryTags implements Tags {
  code = 0;
  problem: string | undefined;
  readonly #bytes: Buffer;
  readonly #text: ValueText;
  /** Until release 12 a code took one byte, 255 announcing a longer one; since release 13 all take two. */
  readonly #hasShortCodes: boolean;
  #kind: Kind = "text";
  #at = SENTINEL.length;
  #start = 0;
  #end = 0;

  constructor(bytes: Uint8Array, text: ValueText) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#text = text;
    // the first pair is 0, SECTION
    this.#hasShortCodes = this.#bytes[this.#at + 1] !== 0;
  }

  get position(): number {
    return this.#at;
  }

  next(): boolean {
    if (this.#at >= this.#bytes.length) return false;
    const begin = this.#at;
    const code = this.#readCode();
    if (code === undefined || !this.#measure(code)) {
      this.problem ??= `the file ends at byte ${begin}, in the middle of a pair`;
      this.#at = this.#bytes.length;
      return false;
    }
    this.code = code;
    return true;
  }

  raw(): string {
    if (this.#kind !== "text") return String(this.number());
    return this.#text.decode(this.#bytes, this.#start, this.#end);
  }

  name(): string {
    return this.raw().trim();
  }

  number(): number {
    const { [this.#kind]: read } = READ;
    return read === undefined ? Number(this.raw().trim() || Number.NaN) : read(this.#bytes, this.#start);
  }

  #readCode(): number | undefined {
    const bytes = this.#bytes;
    if (this.#hasShortCodes && bytes[this.#at] !== 255) {
      this.#at += 1;
      return bytes[this.#at - 1];
    }
    const at = this.#at + (this.#hasShortCodes ? 1 : 0);
    if (at + 2 > bytes.length) return undefined;
    this.#at = at + 2;
    const code = bytes.readInt16LE(at);
    if (code >= KINDS.length || code < -5) {
      this.problem = `byte ${at} is no group code`;
      return undefined;
    }
    return code;
  }

  /** Finds where the value ends; false when the file ends before. */
  #measure(code: number): boolean {
    const bytes = this.#bytes;
    this.#kind = KINDS[code] ?? "text";
    this.#start = this.#at;
    if (this.#kind === "text") {
      this.#end = bytes.indexOf(0, this.#at);
      if (this.#end < 0) return false;
      this.#at = this.#end + 1;
      return true;
    }
    const size = this.#kind === "chunk" ? 1 + (bytes[this.#at] ?? 0) : SIZES[this.#kind];
    this.#end = this.#at + size;
    this.#at = this.#end;
    return this.#end <= bytes.length;
  }
}

const READ: { readonly [kind in Kind]?: (bytes: Buffer, at: number) => number } = {
  double: (bytes, at) => bytes.readDoubleLE(at),
  int16: (bytes, at) => bytes.readInt16LE(at),
  int32: (bytes, at) => bytes.readInt32LE(at),
  int64: (bytes, at) => Number(bytes.readBigInt64LE(at)),
  byte: (bytes, at) => bytes[at] ?? Number.NaN,
};
