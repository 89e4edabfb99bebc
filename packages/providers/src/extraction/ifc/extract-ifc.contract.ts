import type { Json } from "@millrace/core";
import type { IfcOptions } from "../extraction-options.ts";
import { EXTRACTION_LIMITS, type Extraction } from "../extractor.ts";
import { createIfcExtractor, type IfcExtractorOptions } from "./ifc-extractor.ts";

export interface IfcCall {
  readonly options?: Partial<IfcOptions>;
  readonly maxElements?: number;
  readonly signal?: AbortSignal;
  readonly progress?: (share: number) => void;
  readonly extractor?: IfcExtractorOptions;
}

export interface IfcElement {
  readonly id: number;
  readonly class: string;
  readonly name: string | null;
  readonly storey: string | null;
  readonly bbox?: { readonly min: readonly number[]; readonly max: readonly number[] } | null;
  readonly [field: string]: Json | undefined;
}

export interface IfcPlace {
  readonly class: string;
  readonly name: string | null;
  readonly long_name: string | null;
  readonly elevation?: number;
  readonly element_count: number;
  readonly children: readonly IfcPlace[];
}

export interface IfcExtraction extends Omit<Extraction, "content"> {
  readonly content: {
    readonly spatial_structure?: readonly IfcPlace[];
    readonly elements: readonly IfcElement[];
    readonly element_counts: Readonly<Record<string, number>>;
    readonly element_total: number;
    readonly types: readonly IfcElement[];
  };
}

export async function extractIfc(bytes: Uint8Array, call: IfcCall = {}): Promise<IfcExtraction> {
  const extraction = await createIfcExtractor(call.extractor).extract({
    bytes,
    fileName: "model.ifc",
    options: {
      extract_properties: true,
      extract_quantities: true,
      extract_materials: true,
      extract_spatial_structure: true,
      extract_geometry: false,
      element_types: null,
      ...call.options,
    },
    limits: { ...EXTRACTION_LIMITS, ...(call.maxElements === undefined ? {} : { maxElements: call.maxElements }) },
    signal: call.signal ?? new AbortController().signal,
    progress: call.progress ?? (() => undefined),
  });
  // as it will be stored
  return JSON.parse(JSON.stringify(extraction)) as IfcExtraction;
}

/** `IfcProject P(IfcSite S(…))` */
export function outline(places: readonly IfcPlace[]): string {
  return places
    .map(({ class: of, name, children }) => `${of} ${name}${children.length === 0 ? "" : `(${outline(children)})`}`)
    .join(" ");
}
