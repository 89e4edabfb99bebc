import type { Tags } from "./tags.ts";
import type { ValueText } from "./value-text.ts";

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const MINUS = 0x2d;
const NOT_A_CODE = Number.NaN;
const MAX_CODE = 1_071;

/** The text form: the code on one line, the value on the next. */
export class AsciiTags implements Tags {
  code = 0;
  problem: string | undefined;
  readonly #bytes: Buffer;
  readonly #text: ValueText;
  /** Old Macintosh programs ended lines with a carriage return only. */
  readonly #lineEnd: number;
  #at = 0;
  #lines = 0;
  #start = 0;
  #end = 0;

  constructor(bytes: Uint8Array, text: ValueText) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#text = text;
    this.#lineEnd = this.#bytes.includes(LF) ? LF : CR;
    if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) {
      this.#at = 3;
      text.useUtf8();
    }
    // blank lines before the first code, as an editor may leave
    while ((this.#bytes[this.#at] ?? SPACE + 1) <= SPACE) {
      if (this.#bytes[this.#at] === this.#lineEnd) this.#lines += 1;
      this.#at += 1;
    }
  }

  get position(): number {
    return this.#at;
  }

  next(): boolean {
    if (this.#at >= this.#bytes.length) return false;
    const line = this.#lines + 1;
    this.#readLine();
    const code = this.#codeOfLine();
    if (Number.isNaN(code)) {
      const isRestBlank = this.#bytes.subarray(this.#start).every((byte) => byte <= SPACE || byte === 0x1a);
      if (!isRestBlank) this.problem = `line ${line} is no group code`;
      this.#at = this.#bytes.length;
      return false;
    }
    if (this.#at >= this.#bytes.length) {
      this.problem = `the file ends after line ${line}, in the middle of a pair`;
      return false;
    }
    this.#readLine();
    this.code = code;
    return true;
  }

  raw(): string {
    return this.#text.decode(this.#bytes, this.#start, this.#end);
  }

  name(): string {
    return this.raw().trim();
  }

  number(): number {
    const text = this.#bytes.toString("latin1", this.#start, Math.min(this.#end, this.#start + 64)).trim();
    return text === "" ? Number.NaN : Number(text);
  }

  #readLine(): void {
    const bytes = this.#bytes;
    const { length } = bytes;
    let at = this.#at;
    this.#start = at;
    while (at < length && bytes[at] !== this.#lineEnd) at += 1;
    this.#end = at > this.#start && bytes[at - 1] === CR ? at - 1 : at;
    this.#at = at + 1;
    this.#lines += 1;
  }

  #codeOfLine(): number {
    const bytes = this.#bytes;
    let at = this.#start;
    let end = this.#end;
    while (at < end && bytes[at]! <= SPACE) at += 1;
    while (end > at && bytes[end - 1]! <= SPACE) end -= 1;
    const isNegative = bytes[at] === MINUS;
    if (isNegative) at += 1;
    if (at >= end || end - at > 4) return NOT_A_CODE;
    let code = 0;
    for (; at < end; at += 1) {
      const digit = bytes[at]! - 0x30;
      if (digit < 0 || digit > 9) return NOT_A_CODE;
      code = code * 10 + digit;
    }
    if (code > MAX_CODE) return NOT_A_CODE;
    return isNegative ? -code : code;
  }
}
