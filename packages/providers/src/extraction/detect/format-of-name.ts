import type { ExtractionFormat } from "../extractor.ts";

const FORMAT_BY_EXTENSION: Readonly<Record<string, ExtractionFormat>> = {
  pdf: "pdf",
  dxf: "dxf",
  dwg: "dxf",
  ifc: "ifc",
  stp: "step",
  step: "step",
  p21: "step",
  png: "werk24",
  jpg: "werk24",
  jpeg: "werk24",
  tif: "werk24",
  tiff: "werk24",
};

/** The format a file name stands for (B2.1), `undefined` for none. A PDF is Werk24's only where that is asked for. */
export function formatOfName(name: string): ExtractionFormat | undefined {
  const extension = /\.([a-z0-9]{1,8})$/i.exec(name)?.[1]?.toLowerCase() ?? "";
  return Object.hasOwn(FORMAT_BY_EXTENSION, extension) ? FORMAT_BY_EXTENSION[extension] : undefined;
}
