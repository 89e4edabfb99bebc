import { MillraceError } from "@millrace/core";
import type { ExtractionFormat } from "../extractor.ts";
import { FILE_KINDS, type FileKind, kindOfBytes } from "./kind-of-bytes.ts";

/** How much of a file `checkBytes` wants to see, where there is that much. */
export const CHECKED_BYTES = 65_536;

const KINDS_OF: Readonly<Record<ExtractionFormat, readonly FileKind[]>> = {
  pdf: ["pdf"],
  dxf: ["dxf", "binary_dxf"],
  ifc: ["ifc", "step_or_ifc"],
  step: ["step", "step_or_ifc"],
  werk24: ["pdf", "png", "jpeg", "tiff"],
};

/** What to do about the near misses. */
const ADVICE: Partial<Record<FileKind, string>> = {
  dwg: "DWG needs a converter; save the drawing as DXF.",
  zip: "Unpack it and send the file inside.",
  gzip: "Unpack it and send the file inside.",
  archive: "Unpack it and send the file inside.",
};

/**
 * Whether a file's first bytes are of the format it is to be read as (B-Q20); what they are. Nothing is CONTENT_EMPTY,
 * anything else UNSUPPORTED_FORMAT, whose details name the format and what the file looks like.
 */
export function checkBytes(format: ExtractionFormat, firstBytes: Uint8Array, name: string): FileKind {
  const shortName = name.slice(0, 120);
  if (firstBytes.byteLength === 0) {
    throw new MillraceError("CONTENT_EMPTY", `${shortName} is empty.`, { details: { format } });
  }
  const kind = kindOfBytes(firstBytes);
  if (KINDS_OF[format].includes(kind)) return kind;
  const advice = ADVICE[kind] === undefined ? "" : ` ${ADVICE[kind]}`;
  throw new MillraceError(
    "UNSUPPORTED_FORMAT",
    `${shortName} cannot be read as ${format}: it looks like ${FILE_KINDS[kind]}.${advice}`,
    { details: { format, looks_like: kind } },
  );
}
