import type { Json } from "@millrace/core";
import type { StepOptions } from "../extraction-options.ts";
import { EXTRACTION_LIMITS, type Extraction } from "../extractor.ts";
import { createStepExtractor, type StepExtractorOptions } from "./step-extractor.ts";

const ALL_STEP: StepOptions = {
  extract_assembly: true,
  extract_parts: true,
  calculate_volumes: true,
  calculate_areas: true,
  calculate_centroids: true,
  count_shapes: true,
};

export interface StepCall {
  readonly options?: Partial<StepOptions>;
  readonly maxParts?: number;
  readonly signal?: AbortSignal;
  readonly progress?: (share: number) => void;
  readonly extractor?: StepExtractorOptions;
}

export interface StepPart {
  readonly id: string;
  readonly name: string;
  readonly label: string | null;
  readonly shape_type: string;
  readonly color: string | null;
  readonly material: string | null;
  readonly bbox: { readonly min: number[]; readonly max: number[]; readonly size: number[] } | null;
  readonly volume?: number | null;
  readonly area?: number | null;
  readonly center_of_mass?: number[] | null;
  readonly face_count?: number;
  readonly edge_count?: number | null;
  readonly vertex_count?: number | null;
  readonly children: readonly StepPart[];
}

export interface StepNode {
  readonly name: string;
  readonly type: string;
  readonly part_ids?: readonly string[];
  readonly children: readonly StepNode[];
}

export interface StepExtraction extends Omit<Extraction, "content"> {
  readonly content: {
    readonly length_unit: string;
    readonly measures: Json;
    readonly assembly?: readonly StepNode[];
    readonly parts?: readonly StepPart[];
    readonly totals: Omit<StepPart, "id"> & { readonly parts: number; readonly [count: string]: unknown };
  };
}

export async function extractStep(bytes: Uint8Array, call: StepCall = {}): Promise<StepExtraction> {
  const extraction = await createStepExtractor(call.extractor).extract({
    bytes,
    fileName: "model.stp",
    options: { ...ALL_STEP, ...call.options },
    limits: { ...EXTRACTION_LIMITS, ...(call.maxParts === undefined ? {} : { maxParts: call.maxParts }) },
    signal: call.signal ?? new AbortController().signal,
    progress: call.progress ?? (() => undefined),
  });
  // as it will be stored
  return JSON.parse(JSON.stringify(extraction)) as StepExtraction;
}

/** `as1(rod-assembly(nut nut rod) …)` */
export function outline(nodes: readonly StepNode[]): string {
  return nodes
    .map((node) => (node.children.length === 0 ? node.name : `${node.name}(${outline(node.children)})`))
    .join(" ");
}
