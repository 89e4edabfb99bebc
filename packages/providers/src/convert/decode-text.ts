import { MillraceError, type StageWarning } from "@millrace/core";
import { cleanText } from "./clean-text.ts";

export interface DecodedText {
  readonly text: string;
  readonly warnings: readonly StageWarning[];
}

/** More than this share of undecodable or control characters and the bytes are not text, whatever their name says. */
const MAX_ODD_SHARE = 0.05;

const SIGNATURES: readonly (readonly [string, readonly number[]])[] = [
  ["a PDF file", [0x25, 0x50, 0x44, 0x46, 0x2d]],
  ["a ZIP archive or office file", [0x50, 0x4b, 0x03, 0x04]],
  ["a PNG image", [0x89, 0x50, 0x4e, 0x47]],
  ["a JPEG image", [0xff, 0xd8, 0xff]],
  ["a GIF image", [0x47, 0x49, 0x46, 0x38]],
  ["a gzip archive", [0x1f, 0x8b, 0x08]],
  ["an ELF program", [0x7f, 0x45, 0x4c, 0x46]],
];

export function isPdf(bytes: Uint8Array): boolean {
  return signatureOf(bytes) === "a PDF file";
}

function signatureOf(bytes: Uint8Array): string | undefined {
  return SIGNATURES.find(([, magic]) => magic.every((byte, at) => bytes[at] === byte))?.[0];
}

function charsetOfMark(bytes: Uint8Array): string | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le";
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return "utf-16be";
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return "utf-8";
  return undefined;
}

const decoderOf = (charset: string, isFatal: boolean) => {
  try {
    return new TextDecoder(charset, { fatal: isFatal });
  } catch {
    return undefined;
  }
};

/** Decodes strictly where possible; undefined when the bytes do not fit the charset or nobody knows it. */
function decodeStrictly(bytes: Uint8Array, charset: string): string | undefined {
  try {
    return decoderOf(charset, true)?.decode(bytes);
  } catch {
    return undefined;
  }
}

const isOdd = (unit: number): boolean =>
  unit === 0xfffd || unit === 0x7f || (unit < 0x20 && !(unit >= 0x08 && unit <= 0x0d) && unit !== 0x1b);

function countOdd(text: string): number {
  let odd = 0;
  for (let at = 0; at < text.length; at += 1) if (isOdd(text.charCodeAt(at))) odd += 1;
  return odd;
}

export interface DecodeOptions {
  /** What the sender says the bytes are written in; a byte order mark wins over it. */
  readonly charset?: string | null;
  /** Tried when neither the charset nor UTF-8 fits; without it wrong bytes become U+FFFD. */
  readonly fallback?: string;
}

/**
 * Bytes as clean text. Bytes that do not fit are replaced and warned of; CONTENT_NOT_TEXT when there are too many of
 * them to be text, CONTENT_EMPTY when nothing but white space is left.
 */
export function decodeText(bytes: Uint8Array, { charset = null, fallback }: DecodeOptions = {}): DecodedText {
  const signature = signatureOf(bytes);
  if (signature !== undefined) throw new MillraceError("CONTENT_NOT_TEXT", `this is ${signature}, not text`);
  const warnings: StageWarning[] = [];
  const declared = charsetOfMark(bytes) ?? charset?.trim().toLowerCase() ?? "utf-8";
  if (decoderOf(declared, false) === undefined) {
    warnings.push({ code: "CHARSET_UNKNOWN", message: `unknown charset ${declared.slice(0, 40)}, read as UTF-8` });
  }
  let raw =
    decodeStrictly(bytes, declared) ??
    decodeStrictly(bytes, "utf-8") ??
    (fallback === undefined ? undefined : decodeStrictly(bytes, fallback));
  if (raw === undefined) {
    raw = (decoderOf(declared, false) ?? new TextDecoder()).decode(bytes);
    warnings.push({ code: "TEXT_REPLACED", message: `bytes that are not valid ${declared} were replaced by U+FFFD` });
  }
  const odd = countOdd(raw);
  if (odd > raw.length * MAX_ODD_SHARE) {
    throw new MillraceError(
      "CONTENT_NOT_TEXT",
      "the bytes are not text: too many of them are undecodable or control codes",
    );
  }
  if (raw.includes("\u0000")) warnings.push({ code: "NUL_REMOVED", message: "NUL characters were removed" });
  const text = cleanText(raw);
  if (text.trim() === "") throw new MillraceError("CONTENT_EMPTY", "there is no text in it");
  return { text, warnings };
}
