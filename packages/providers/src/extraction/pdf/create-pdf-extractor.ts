import { setImmediate } from "node:timers/promises";
import { type JsonObject, MillraceError, type StageWarning } from "@millrace/core";
import { cleanText } from "../../convert/clean-text.ts";
import type { PdfOptions } from "../extraction-options.ts";
import type { Extraction, ExtractionCall, ExtractionLimits, Extractor } from "../extractor.ts";
import { rounded } from "./box.ts";
import { describePdf } from "./describe-pdf.ts";
import { findDimensions, MAX_DIMENSIONS_PER_PAGE, type PdfDimension } from "./find-dimensions.ts";
import { findTitleBlock, type TitleBlock } from "./find-title-block.ts";
import { hasEnd, type OpenPdf, readingError, withPdf } from "./open-pdf.ts";
import { loadPdfJs } from "./pdfjs.ts";
import { type PageContent, readPage } from "./read-page.ts";
import { findLineTables } from "./tables/line-tables.ts";
import { showTable } from "./tables/table.ts";
import { findTextTables } from "./tables/text-tables.ts";
import { showTextBlocks, type TextBlock, textBlocksOf } from "./text-blocks.ts";
import { linesOf, segmentsOf } from "./text-lines.ts";

/** Gaps wider than this many font heights part columns, and labels from values. */
const SEGMENT_GAP = 1.5;
/** Pages named in a warning's details. */
const MAX_NAMED = 50;

/** What all pages together gave. */
interface Findings {
  readonly blocks: TextBlock[];
  readonly tables: ReturnType<typeof showTable>[];
  readonly dimensions: PdfDimension[];
  titleBlock: TitleBlock | undefined;
  readonly sizes: JsonObject[];
  readonly textless: number[];
  readonly cut: number[];
  readonly unreadable: number[];
}

interface Selection {
  readonly numbers: readonly number[];
  readonly warnings: readonly StageWarning[];
}

const named = (pages: readonly number[]) => ({ pages: pages.slice(0, MAX_NAMED) });

/** The pages to read: those asked for that exist, in order, up to the limit. */
function selectPages(pageCount: number, options: PdfOptions, limits: ExtractionLimits): Selection {
  const warnings: StageWarning[] = [];
  const asked = options.pages === null ? undefined : [...new Set(options.pages)].sort((a, b) => a - b);
  const missing = asked?.filter((page) => page < 1 || page > pageCount) ?? [];
  const there = asked?.filter((page) => page >= 1 && page <= pageCount);
  if (there?.length === 0) {
    throw new MillraceError("CONTENT_EMPTY", `the PDF has ${pageCount} pages, and none of those asked for (pages)`);
  }
  if (missing.length > 0) {
    const message = `${missing.length} of the pages asked for do not exist: the PDF has ${pageCount}`;
    warnings.push({ code: "PDF_PAGES_MISSING", message, details: named(missing) });
  }
  const count = there?.length ?? pageCount;
  if (count > limits.maxPages) {
    const message = `only the first ${limits.maxPages} of ${count} pages were read`;
    warnings.push({ code: "PDF_TRUNCATED", message });
  }
  const length = Math.min(count, limits.maxPages);
  return { numbers: there?.slice(0, length) ?? Array.from({ length }, (_, index) => index + 1), warnings };
}

function noteTables(page: PageContent, strategy: PdfOptions["table_detection_strategy"], findings: Findings): void {
  const tables = strategy === "lines" ? findLineTables(page) : findTextTables(page, strategy);
  findings.tables.push(...tables.map(showTable));
}

function notePage(page: PageContent, options: PdfOptions, findings: Findings): void {
  const { number, width, height, rotation } = page;
  findings.sizes.push({ page: number, width: rounded(width), height: rounded(height), rotation });
  if (page.words.length === 0) findings.textless.push(number);
  if (page.isCut) findings.cut.push(number);
  if (options.extract_tables) noteTables(page, options.table_detection_strategy, findings);
  if (!options.extract_text && !options.extract_dimensions && !options.extract_title_block) return;
  const segments = linesOf(page.words).flatMap((line) => segmentsOf(line, SEGMENT_GAP));
  if (options.extract_text) findings.blocks.push(...textBlocksOf(number, segments));
  if (options.extract_dimensions) {
    const found = findDimensions(number, segments);
    if (found.length === MAX_DIMENSIONS_PER_PAGE && !page.isCut) findings.cut.push(number);
    findings.dimensions.push(...found);
  }
  if (options.extract_title_block) findings.titleBlock ??= findTitleBlock(page, segments);
}

type PageCall = Pick<ExtractionCall<PdfOptions>, "options" | "signal" | "progress"> & {
  readonly open: OpenPdf;
};

async function readPages({ open, options, signal, progress }: PageCall, numbers: readonly number[]) {
  const findings: Findings = {
    blocks: [],
    tables: [],
    dimensions: [],
    titleBlock: undefined,
    sizes: [],
    textless: [],
    cut: [],
    unreadable: [],
  };
  for (const [index, number] of numbers.entries()) {
    // pdf.js goes on without ever leaving the thread's turn: nobody could say stop
    await setImmediate();
    signal.throwIfAborted();
    try {
      const page = await open.orGivenUp(open.pdf.getPage(number));
      try {
        notePage(await readPage(open, page), options, findings);
      } finally {
        page.cleanup();
      }
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof MillraceError) throw error;
      if (findings.unreadable.push(number) === numbers.length) throw readingError(error);
    }
    progress((index + 1) / numbers.length);
  }
  return findings;
}

function warningsOf(findings: Findings, options: PdfOptions): readonly StageWarning[] {
  const warnings: StageWarning[] = [];
  const { textless, cut } = findings;
  if (options.use_ocr) {
    const message = `text recognition (${cleanText(options.ocr_language)}) is not installed: only text layers were read`;
    warnings.push({ code: "OCR_UNAVAILABLE", message });
  }
  if (textless.length > 0) {
    const message = `${textless.length} pages hold no text: they are blank, drawn or scanned`;
    warnings.push({ code: "PDF_PAGES_WITHOUT_TEXT", message, details: named(textless) });
  }
  if (cut.length > 0) {
    const message = `${cut.length} pages hold more text or dimensions than are read`;
    warnings.push({ code: "PDF_PAGES_CUT", message, details: named(cut) });
  }
  return warnings;
}

function contentOf(findings: Findings, options: PdfOptions): JsonObject {
  return {
    ...(options.extract_text ? { text_blocks: showTextBlocks(findings.blocks) } : {}),
    ...(options.extract_tables ? { tables: findings.tables } : {}),
    ...(options.extract_dimensions ? { dimensions: findings.dimensions } : {}),
    ...(options.extract_title_block ? { title_block: titleBlockJson(findings.titleBlock) } : {}),
  };
}

const titleBlockJson = (found: TitleBlock | undefined): JsonObject | null =>
  found === undefined ? null : { ...found };

async function extract(call: ExtractionCall<PdfOptions>): Promise<Extraction> {
  const { bytes, options, limits, signal } = call;
  const pdfJs = await loadPdfJs();
  return withPdf({ pdfJs, bytes, signal }, async (open) => {
    const { pdf } = open;
    const { numbers, warnings } = selectPages(pdf.numPages, options, limits);
    const findings = await readPages({ ...call, open }, numbers);
    const { unreadable, sizes } = findings;
    const errors: StageWarning[] = [];
    if (unreadable.length > 0) {
      const message = `${unreadable.length} of ${numbers.length} pages could not be read`;
      errors.push({ code: "PDF_PAGES_UNREADABLE", message, details: named(unreadable) });
    }
    const damage: StageWarning[] = hasEnd(bytes)
      ? []
      : [{ code: "PDF_END_MISSING", message: "the file has no end mark: it may have been cut off" }];
    return {
      content: contentOf(findings, options),
      metadata: {
        ...(await describePdf(pdfJs, pdf)),
        pages_read: numbers.length - unreadable.length,
        page_sizes: sizes,
        coordinates: { origin: "top_left", unit: "pt" },
      },
      errors,
      warnings: [...warnings, ...damage, ...warningsOf(findings, options)],
    };
  });
}

/**
 * Text, tables, dimensions and the title block of PDFs with a text layer. All places are in points of 1/72 inch from the
 * top left corner of the page as it is shown.
 */
export function createPdfExtractor(): Extractor<PdfOptions> {
  return { extract };
}
