/** What bytes look like, and what to call it to the person who sent them. */
export const FILE_KINDS = {
  pdf: "a PDF document",
  dxf: "a DXF drawing",
  binary_dxf: "a binary DXF drawing",
  dwg: "a DWG drawing",
  ifc: "an IFC model",
  step: "a STEP model",
  /** ISO 10303-21 whose schema is not within the bytes that were looked at. */
  step_or_ifc: "a STEP or IFC model",
  png: "a PNG image",
  jpeg: "a JPEG image",
  tiff: "a TIFF image",
  gif: "a GIF image",
  bmp: "a BMP image",
  webp: "a WebP image",
  zip: "a ZIP archive",
  gzip: "gzip-compressed data",
  archive: "an archive",
  office: "an old Office document",
  html: "an HTML page",
  xml: "an XML document",
  json: "JSON",
  text: "text",
  unknown: "no known format",
} as const;

export type FileKind = keyof typeof FILE_KINDS;

/** A PDF's header may stand after other bytes (PDF 1.7, appendix H, note 13). */
const PDF_HEADER_WITHIN = 1_024;
/** Enough for the header of every STEP file seen; a longer one stays `step_or_ifc`. */
const READS_TEXT_UP_TO = 65_536;

/** Bytes every file of a kind begins with, dots for any; an archive comes before PDF, as it may hold one uncompressed. */
const BEGINNINGS: readonly (readonly [FileKind, string])[] = [
  ["png", "\x89PNG\r\n\x1a\n"],
  ["jpeg", "\xff\xd8\xff"],
  ["tiff", "II*\0"],
  ["tiff", "II+\0"],
  ["tiff", "MM\0*"],
  ["tiff", "MM\0+"],
  ["gif", "GIF87a"],
  ["gif", "GIF89a"],
  ["bmp", "BM....\0\0\0\0"],
  ["webp", "RIFF....WEBP"],
  ["zip", "PK\x03\x04"],
  ["zip", "PK\x05\x06"],
  ["zip", "PK\x07\x08"],
  ["gzip", "\x1f\x8b"],
  ["archive", "7z\xbc\xaf\x27\x1c"],
  ["archive", "Rar!\x1a\x07"],
  ["archive", "BZh"],
  ["archive", "\xfd7zXZ\0"],
  ["office", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"],
  ["binary_dxf", "AutoCAD Binary DXF\r\n\x1a\0"],
];
const DWG = /^AC(?:10\d\d|1\.\d|2\.\d)/;

const BOM = "\xef\xbb\xbf";
/** White space and comments of ISO 10303-21 before its first keyword; written so that no text makes it search for long. */
const STEP_START = /^(?:\s|\/\*(?:[^*]|\*(?!\/))*\*\/)*ISO-10303-21\s*;/i;
/** A string in ISO 10303-21 (quotes inside are doubled), or a comment. */
const STEP_STRING_OR_COMMENT = /'(?:[^']|'')*'|\/\*(?:[^*]|\*(?!\/))*\*\//g;

/** What the first bytes of a file look like; 64 KiB tell everything that can be told. */
export function kindOfBytes(bytes: Uint8Array): FileKind {
  const raw = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, READS_TEXT_UP_TO));
  const start = raw.toString("latin1");
  const beginning = BEGINNINGS.find(([, bytesOfKind]) => beginsWith(start, bytesOfKind));
  if (beginning !== undefined) return beginning[0];
  if (DWG.test(start)) return "dwg";
  const text = start.startsWith(BOM) ? start.slice(BOM.length) : start;
  if (STEP_START.test(text)) return schemaKind(text);
  if (startsLikeDxf(text)) return "dxf";
  if (start.slice(0, PDF_HEADER_WITHIN).includes("%PDF-")) return "pdf";
  if (/^\s*<(?:!doctype\s+html|html|head|body)\b/i.test(text)) return "html";
  if (/^\s*<[?!a-z]/i.test(text)) return "xml";
  if (/^\s*[[{]/.test(text)) return "json";
  return looksLikeText(raw) ? "text" : "unknown";
}

function beginsWith(start: string, bytes: string): boolean {
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] !== "." && bytes[at] !== start[at]) return false;
  }
  return start.length >= bytes.length;
}

/** Strings and comments may speak of schemas: the keyword counts outside of them only. */
function schemaKind(text: string): FileKind {
  const blanked = text.replace(STEP_STRING_OR_COMMENT, (found) => found.replace(/[^']/g, " "));
  const keyword = /\bFILE_SCHEMA\s*\(\s*\(\s*'/i.exec(blanked);
  if (keyword === null) return "step_or_ifc";
  return /^\s*IFC/i.test(text.slice(keyword.index + keyword[0].length)) ? "ifc" : "step";
}

/** Group codes and values on lines of their own, comments (999) first or not, until the first section or the end. */
function startsLikeDxf(text: string): boolean {
  const lines = text.slice(0, 8_192).split(/\r\n|\r|\n/);
  let at = lines.findIndex((line) => line.trim() !== "");
  if (at < 0) return false;
  while (lines[at]?.trim() === "999") at += 2;
  return lines[at]?.trim() === "0" && /^(?:SECTION|EOF)$/i.test(lines[at + 1]?.trim() ?? "");
}

function looksLikeText(bytes: Uint8Array): boolean {
  const start = bytes.subarray(0, 4_096);
  return start.length > 0 && start.every((byte) => byte >= 0x20 || (byte >= 0x08 && byte <= 0x0d) || byte === 0x1b);
}
