import { MillraceError } from "@millrace/core";
import { AsciiTags } from "./ascii-tags.ts";
import { BinaryTags, isBinaryDxf } from "./binary-tags.ts";
import type { Tags } from "./tags.ts";
import type { ValueText } from "./value-text.ts";

const isBlank = (byte: number): boolean => byte <= 0x20;

/** The versions of AutoCAD's own format: "AC1032", older "AC2.10" and "MC0.0". */
const DWG = /^(?:AC1\d\d\d|AC[12]\.\d|MC0\.0)/;

/** Opens text and binary DXF. CONTENT_EMPTY, or UNSUPPORTED_FORMAT when the bytes are no DXF at all. */
export function openTags(bytes: Uint8Array, text: ValueText): Tags {
  if (bytes.every(isBlank)) throw new MillraceError("CONTENT_EMPTY", "the file is empty");
  if (isBinaryDxf(bytes)) return new BinaryTags(bytes, text);
  const start = Buffer.from(bytes.subarray(0, 64)).toString("latin1");
  if (DWG.test(start)) {
    throw new MillraceError("UNSUPPORTED_FORMAT", "this is a DWG drawing; only DXF can be read: save it as DXF", {
      details: { version: start.slice(0, 6) },
    });
  }
  // a group code, alone on its line, starts every DXF
  if (!/^(?:\xef\xbb\xbf)?\s*\d{1,4}[ \t]*(?:\r|\n|$)/.test(start)) {
    throw new MillraceError("UNSUPPORTED_FORMAT", "this is not a DXF drawing: it does not start with a group code");
  }
  return new AsciiTags(bytes, text);
}
