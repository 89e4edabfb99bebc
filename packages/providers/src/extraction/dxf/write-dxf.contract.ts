import type { DxfOptions } from "../extraction-options.ts";
import { EXTRACTION_LIMITS, type Extraction, type ExtractionLimits } from "../extractor.ts";
import { createDxfExtractor } from "./dxf-extractor.ts";

/** A group code and its value, as the DXF reference has them. */
export type Pair = readonly [code: number, value: string | number];

export interface WrittenDrawing {
  readonly version?: string;
  readonly header?: readonly Pair[];
  readonly tables?: readonly Pair[];
  readonly blocks?: readonly Pair[];
  readonly entities?: readonly Pair[];
  readonly objects?: readonly Pair[];
}

const section = (name: string, pairs: readonly Pair[] = []): Pair[] =>
  pairs.length === 0 ? [] : [[0, "SECTION"], [2, name], ...pairs, [0, "ENDSEC"]];

export function pairsOf(drawing: WrittenDrawing): readonly Pair[] {
  const header: Pair[] = [[9, "$ACADVER"], [1, drawing.version ?? "AC1032"], ...(drawing.header ?? [])];
  return [
    ...section("HEADER", header),
    ...section("TABLES", drawing.tables),
    ...section("BLOCKS", drawing.blocks),
    ...section("ENTITIES", drawing.entities),
    ...section("OBJECTS", drawing.objects),
    [0, "EOF"],
  ];
}

export function textOf(pairs: readonly Pair[], lineEnd = "\n"): string {
  return pairs.map(([code, value]) => `${String(code).padStart(3)}${lineEnd}${value}${lineEnd}`).join("");
}

export function asciiDxf(drawing: WrittenDrawing): Uint8Array {
  return new TextEncoder().encode(textOf(pairsOf(drawing)));
}

const inRange = (code: number, ...ranges: (readonly [number, number])[]): boolean =>
  ranges.some(([from, to]) => from <= code && code <= to);

function binaryValue(code: number, value: string | number): Buffer {
  const number = Number(value);
  const write = (size: number, into: (buffer: Buffer) => void): Buffer => {
    const buffer = Buffer.alloc(size);
    into(buffer);
    return buffer;
  };
  if (inRange(code, [10, 59], [110, 149], [210, 239], [460, 469], [1010, 1059])) {
    return write(8, (buffer) => buffer.writeDoubleLE(number));
  }
  if (inRange(code, [60, 79], [170, 179], [270, 289], [370, 389], [400, 409], [1060, 1070])) {
    return write(2, (buffer) => buffer.writeInt16LE(number));
  }
  if (inRange(code, [90, 99], [420, 429], [440, 459], [1071, 1071])) {
    return write(4, (buffer) => buffer.writeInt32LE(number));
  }
  if (inRange(code, [160, 169])) return write(8, (buffer) => buffer.writeBigInt64LE(BigInt(number)));
  if (inRange(code, [290, 299])) return Buffer.from([number]);
  if (inRange(code, [310, 319], [1004, 1004])) {
    const chunk = Buffer.from(String(value).trim(), "hex");
    return Buffer.concat([Buffer.from([chunk.length]), chunk]);
  }
  return Buffer.from(`${value}\0`);
}

/** The same pairs in the binary form; until release 12 codes took one byte. */
export function binaryDxf(pairs: readonly Pair[], hasShortCodes = false): Uint8Array {
  const parts: Buffer[] = [Buffer.from("AutoCAD Binary DXF\r\n\u001a\0", "latin1")];
  for (const [code, value] of pairs) {
    const long = Buffer.alloc(2);
    long.writeInt16LE(code);
    if (!hasShortCodes) parts.push(long);
    else parts.push(code < 255 ? Buffer.from([code]) : Buffer.concat([Buffer.from([255]), long]));
    parts.push(binaryValue(code, value));
  }
  return new Uint8Array(Buffer.concat(parts));
}

/** Blocks with their entities, as the section wants them. */
export function block(name: string, entities: readonly Pair[], flags = 0): Pair[] {
  return [
    [0, "BLOCK"],
    [8, "0"],
    [2, name],
    [70, flags],
    [10, 1],
    [20, 2],
    [30, 0],
    [3, name],
    ...entities,
    [0, "ENDBLK"],
  ];
}

export function insert(name: string, ...more: readonly Pair[]): Pair[] {
  return [[0, "INSERT"], [8, "0"], [2, name], [10, 5], [20, 6], ...more];
}

export function line(layer: string, x: number, ...more: readonly Pair[]): Pair[] {
  return [[0, "LINE"], [8, layer], [10, 0], [20, 0], [11, x], [21, 0], ...more];
}

export function layer(name: string, ...more: readonly Pair[]): Pair[] {
  return [[0, "LAYER"], [2, name], ...more];
}

export const ALL: DxfOptions = {
  extract_layers: true,
  extract_blocks: true,
  extract_dimensions: true,
  extract_text: true,
  extract_title_block: true,
  extract_geometry: true,
  include_model_space: true,
  include_paper_space: true,
  layer_filter: null,
};

export interface Found extends Extraction {
  // biome-ignore lint/suspicious/noExplicitAny: tests look into JSON of every shape
  readonly content: any;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  readonly metadata: any;
}

export interface ExtractOptions extends Partial<DxfOptions> {
  readonly limits?: Partial<ExtractionLimits>;
  readonly signal?: AbortSignal;
  readonly progress?: (share: number) => void;
}

export function extractDxf(
  bytes: Uint8Array,
  { limits, signal, progress, ...options }: ExtractOptions = {},
): Promise<Found> {
  return createDxfExtractor().extract({
    bytes,
    fileName: "drawing.dxf",
    options: { ...ALL, ...options },
    limits: { ...EXTRACTION_LIMITS, ...limits },
    signal: signal ?? new AbortController().signal,
    progress: progress ?? (() => {}),
  });
}

export function extractWritten(drawing: WrittenDrawing, options?: ExtractOptions): Promise<Found> {
  return extractDxf(asciiDxf(drawing), options);
}
