import type { FileKind } from "./kind-of-bytes.ts";

const MEDIA_TYPES: Partial<Record<FileKind, string>> = {
  pdf: "application/pdf",
  dxf: "image/vnd.dxf",
  binary_dxf: "image/vnd.dxf",
  ifc: "application/x-step",
  step: "model/step",
  step_or_ifc: "model/step",
  png: "image/png",
  jpeg: "image/jpeg",
  tiff: "image/tiff",
};

/** The media type of what was found in a file, whatever its sender called it. */
export const mediaTypeOf = (kind: FileKind): string => MEDIA_TYPES[kind] ?? "application/octet-stream";
