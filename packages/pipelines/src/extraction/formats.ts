import type { ExtractionFormat } from "@millrace/providers";

/** What can be extracted (B-S05, B-S24). */
export const EXTRACTION_FORMATS = [
  "pdf",
  "dxf",
  "ifc",
  "step",
  "werk24",
] as const satisfies readonly ExtractionFormat[];
