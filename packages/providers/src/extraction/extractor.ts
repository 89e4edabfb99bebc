import type { JsonObject, StageWarning } from "@millrace/core";
import type { OptionsByFormat } from "./extraction-options.ts";

/** The formats that can be extracted (B-S05); a job's `format`. */
export const EXTRACTION_FORMATS = ["pdf", "dxf", "ifc", "step", "werk24"] as const;
export type ExtractionFormat = (typeof EXTRACTION_FORMATS)[number];
export type FileFormat = Exclude<ExtractionFormat, "werk24">;

/** How much one extraction may find before it stops looking and says so in a warning (B-Q20). */
export interface ExtractionLimits {
  readonly maxPages: number;
  /** Of an IFC model, and entities of a DXF drawing. */
  readonly maxElements: number;
  readonly maxParts: number;
}

export const EXTRACTION_LIMITS: ExtractionLimits = { maxPages: 100, maxElements: 50_000, maxParts: 10_000 };

export interface ExtractionCall<Options> {
  readonly bytes: Uint8Array;
  readonly fileName: string;
  readonly options: Options;
  readonly limits: ExtractionLimits;
  /** Aborts at the time limit and on cancel; looked at between pages, entities, parts. */
  readonly signal: AbortSignal;
  /** Share of the real work that is done, 0 to 1, never falling. */
  readonly progress: (share: number) => void;
}

/**
 * What was found. `content` has the format's own fields (tables, layers, elements …), `metadata` what the file says of
 * itself; both plain JSON, snake_case, lengths in the file's units unless a field says otherwise.
 */
export interface Extraction {
  readonly content: JsonObject;
  readonly metadata: JsonObject;
  /** Parts that could not be read although the rest could. */
  readonly errors: readonly StageWarning[];
  /** What was cut off by a limit, guessed, or asked for and not possible here. */
  readonly warnings: readonly StageWarning[];
}

/**
 * Reads one format. Throws `MillraceError`: CONTENT_EMPTY, CONTENT_DAMAGED, CONTENT_ENCRYPTED, CONTENT_TOO_COMPLEX and
 * UNSUPPORTED_FORMAT are final; anything else may be tried again. Synchronous inside: runs in a thread of the cpu lane.
 */
export interface Extractor<Options> {
  extract(call: ExtractionCall<Options>): Promise<Extraction>;
}

export type Extractors = { readonly [Format in FileFormat]: Extractor<OptionsByFormat[Format]> };
