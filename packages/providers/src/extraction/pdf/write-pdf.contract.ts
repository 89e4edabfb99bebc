import PdfDocument from "pdfkit";
import type { PdfOptions } from "../extraction-options.ts";
import { EXTRACTION_LIMITS, type Extraction, type ExtractionCall } from "../extractor.ts";
import { createPdfExtractor } from "./create-pdf-extractor.ts";

export type PdfKit = InstanceType<typeof PdfDocument>;

/** A PDF as a program nobody here wrote writes it. No page is there before `draw` adds one. */
export async function writePdf(
  draw: (pdf: PdfKit) => void,
  options: ConstructorParameters<typeof PdfDocument>[0] = {},
): Promise<Uint8Array> {
  const pdf = new PdfDocument({ size: "A4", margin: 50, ...options, autoFirstPage: false });
  const parts: Buffer[] = [];
  pdf.on("data", (part: Buffer) => parts.push(part));
  const ended = new Promise((resolve) => pdf.on("end", resolve));
  draw(pdf);
  pdf.end();
  await ended;
  return new Uint8Array(Buffer.concat(parts));
}

/** Objects written as they are, with a cross reference table: for files no program would write. */
export function writeRawPdf(objects: readonly (string | Buffer)[]): Uint8Array {
  const parts: Buffer[] = [Buffer.from("%PDF-1.7\n")];
  const offsets: number[] = [];
  let length = parts[0]!.length;
  const add = (part: Buffer): void => {
    parts.push(part);
    length += part.length;
  };
  for (const [index, object] of objects.entries()) {
    offsets.push(length);
    add(Buffer.concat([Buffer.from(`${index + 1} 0 obj\n`), Buffer.from(object), Buffer.from("\nendobj\n")]));
  }
  const start = length;
  const rows = offsets.map((offset) => `${String(offset).padStart(10, "0")} 00000 n \n`).join("");
  const size = objects.length + 1;
  const trailer = `trailer\n<< /Size ${size} /Root 1 0 R >>\nstartxref\n${start}\n%%EOF\n`;
  add(Buffer.from(`xref\n0 ${size}\n0000000000 65535 f \n${rows}${trailer}`));
  return new Uint8Array(Buffer.concat(parts));
}

/** A stream object. */
export function rawStream(dictionary: string, bytes: Buffer | string): Buffer {
  const body = Buffer.from(bytes);
  return Buffer.concat([
    Buffer.from(`<< ${dictionary} /Length ${body.length} >>\nstream\n`),
    body,
    Buffer.from("\nendstream"),
  ]);
}

const DEFAULTS: PdfOptions = {
  extract_tables: true,
  extract_text: true,
  extract_dimensions: false,
  extract_title_block: false,
  use_ocr: false,
  ocr_language: "eng",
  pages: null,
  table_detection_strategy: "lines",
};

export interface ShownTable {
  readonly headers: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly page: number;
  readonly bbox: readonly number[];
  readonly confidence: number;
  readonly row_count: number;
  readonly column_count: number;
  readonly merged_cells: readonly Readonly<Record<string, number>>[];
  readonly column_types: readonly string[];
}

export interface ShownBlock {
  readonly text: string;
  readonly page: number;
  readonly bbox: readonly number[];
  readonly font_size: number;
  readonly is_title: boolean;
  readonly rotation: number;
}

export interface PdfContent {
  readonly tables: readonly ShownTable[];
  readonly text_blocks: readonly ShownBlock[];
  readonly dimensions: readonly Readonly<Record<string, unknown>>[];
  readonly title_block: Readonly<Record<string, unknown>> | null;
}

export type PdfExtraction = Omit<Extraction, "content"> & { readonly content: PdfContent };

/** Extracts with the defaults unless told otherwise. */
export async function extractPdf(
  bytes: Uint8Array,
  options: Partial<PdfOptions> = {},
  call: Partial<Omit<ExtractionCall<PdfOptions>, "bytes" | "options">> = {},
): Promise<PdfExtraction> {
  const extraction = await createPdfExtractor().extract({
    bytes,
    fileName: "test.pdf",
    options: { ...DEFAULTS, ...options },
    limits: EXTRACTION_LIMITS,
    signal: new AbortController().signal,
    progress: () => {},
    ...call,
  });
  return { ...extraction, content: extraction.content as unknown as PdfContent };
}

/** What an extraction fails with. */
export const pdfFailure = (bytes: Uint8Array): Promise<unknown> => extractPdf(bytes).catch((error: unknown) => error);
