import { TextDecoder } from "node:util";
import type { StageWarning } from "@millrace/core";

/** AutoCAD's names of code pages as browsers name them; code pages of DOS that no decoder here knows are near 1252. */
const ENCODINGS: Readonly<Record<string, string>> = {
  ANSI_874: "windows-874",
  ANSI_932: "shift_jis",
  ANSI_936: "gbk",
  ANSI_949: "euc-kr",
  ANSI_950: "big5",
  ANSI_1250: "windows-1250",
  ANSI_1251: "windows-1251",
  ANSI_1252: "windows-1252",
  ANSI_1253: "windows-1253",
  ANSI_1254: "windows-1254",
  ANSI_1255: "windows-1255",
  ANSI_1256: "windows-1256",
  ANSI_1257: "windows-1257",
  ANSI_1258: "windows-1258",
  DOS866: "ibm866",
  DOS932: "shift_jis",
  BIG5: "big5",
  GB2312: "gbk",
  KSC5601: "euc-kr",
  MAC_ROMAN: "macintosh",
  "UTF-8": "utf-8",
  UTF8: "utf-8",
};

/** The fifth character of `\M+nXXXX` names a code page of two-byte characters. */
const MULTIBYTE: Readonly<Record<string, string>> = { "1": "shift_jis", "2": "big5", "3": "euc-kr", "5": "gbk" };

/** Since AC1021 (2007) drawings are written in UTF-8, whatever code page they name. */
const FIRST_UTF8_VERSION = "AC1021";

function decodeMultibyte(page: string, hex: string): string {
  const encoding = MULTIBYTE[page];
  return encoding === undefined ? "\ufffd" : new TextDecoder(encoding).decode(Buffer.from(hex, "hex"));
}

/** `\U+00D8` and `\M+18140`: characters the drawing's code page lacks. */
function decodeEscapes(text: string): string {
  return text
    .replace(/\\U\+([0-9A-Fa-f]{4})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    .replace(/\\M\+(\d)([0-9A-Fa-f]{4})/g, (_, page: string, hex: string) => decodeMultibyte(page, hex));
}

/** Bytes of values as text, in the code page the drawing's header names on the way. */
export class ValueText {
  readonly warnings: StageWarning[] = [];
  #encoding = "windows-1252";
  #isFixed = false;
  #isGuessed = false;
  #strict: TextDecoder | undefined = new TextDecoder("utf-8", { fatal: true });
  #loose = new TextDecoder("windows-1252");

  get encoding(): string {
    return this.#strict === undefined ? this.#encoding : "utf-8";
  }

  useUtf8(): void {
    this.#isFixed = true;
  }

  /** `$ACADVER` comes first in a header and decides whether the code page counts. */
  useVersion(version: string): void {
    if (version >= FIRST_UTF8_VERSION) this.#isFixed = true;
  }

  useCodePage(name: string): void {
    const key = name.toUpperCase().replace(/^ANSI(?=\d)/, "ANSI_");
    const encoding = ENCODINGS[key];
    if (encoding === undefined) {
      const message = `unknown code page ${name.slice(0, 40)}, read as windows-1252`;
      this.warnings.push({ code: "CHARSET_UNKNOWN", message });
    }
    this.#encoding = encoding ?? "windows-1252";
    this.#loose = new TextDecoder(this.#encoding);
    if (!this.#isFixed && this.#encoding !== "utf-8") this.#strict = undefined;
  }

  decode(bytes: Buffer, start: number, end: number): string {
    let isAscii = true;
    let hasEscape = false;
    for (let at = start; at < end; at += 1) {
      const byte = bytes[at]!;
      if (byte > 0x7f || byte === 0) isAscii = false;
      else if (byte === 0x2b && bytes[at - 2] === 0x5c) hasEscape = true;
    }
    const text = isAscii ? bytes.toString("latin1", start, end) : this.#decodeBytes(bytes.subarray(start, end));
    return hasEscape ? decodeEscapes(text) : text;
  }

  #decodeBytes(bytes: Buffer): string {
    if (this.#strict !== undefined) {
      try {
        return this.#strict.decode(bytes).replaceAll("\0", "");
      } catch {
        if (this.#isFixed && !this.#isGuessed) {
          this.#isGuessed = true;
          const message = `text that is not valid UTF-8, as this drawing's version demands, was read as ${this.#encoding}`;
          this.warnings.push({ code: "CHARSET_GUESSED", message });
        }
      }
    }
    return this.#loose.decode(bytes).replaceAll("\0", "");
  }
}
