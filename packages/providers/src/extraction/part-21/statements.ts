import { MillraceError } from "@millrace/core";

/** Parentheses inside parentheses; the deepest list of any schema is three. */
const MAX_NESTING = 64;

const QUOTE = 0x27;
const SLASH = 0x2f;
const STAR = 0x2a;
const SEMICOLON = 0x3b;
const OPEN = 0x28;
const CLOSE = 0x29;

/** End of the statement that starts at `at`: past its semicolon, or -1. Throws CONTENT_TOO_COMPLEX for absurd nesting. */
export function endOfStatement(bytes: Buffer, at: number): number {
  let nesting = 0;
  for (let i = at; i < bytes.length; i += 1) {
    const byte = bytes[i];
    if (byte === SEMICOLON) return i + 1;
    if (byte === QUOTE) {
      i = bytes.indexOf(QUOTE, i + 1);
      if (i === -1) return -1;
    } else if (byte === SLASH && bytes[i + 1] === STAR) {
      i = bytes.indexOf("*/", i + 2) + 1;
      if (i === 0) return -1;
    } else if (byte === OPEN) {
      nesting += 1;
      if (nesting > MAX_NESTING) {
        throw new MillraceError("CONTENT_TOO_COMPLEX", `lists are nested more than ${MAX_NESTING} deep`);
      }
    } else if (byte === CLOSE) nesting -= 1;
  }
  return -1;
}

/** Start of the next statement: past white space and comments. */
export function nextStatement(bytes: Buffer, from: number): number {
  let at = from;
  for (;;) {
    while (at < bytes.length && (bytes[at] ?? 0) <= 0x20) at += 1;
    if (bytes[at] !== SLASH || bytes[at + 1] !== STAR) return at;
    at = bytes.indexOf("*/", at + 2) + 2;
    if (at === 1) return bytes.length;
  }
}
