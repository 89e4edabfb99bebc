import { type Json, MillraceError, type StageWarning } from "@millrace/core";
import { getResolvedPDFJS } from "unpdf";
import { cleanLine, cleanText } from "./clean-text.ts";
import { isPdf } from "./decode-text.ts";
import type { Document } from "./document.ts";

/** Pages and characters past these are left out with a warning. */
const MAX_PAGES = 2_000;
const MAX_CHARACTERS = 20_000_000;

type LoadingTask = ReturnType<Awaited<ReturnType<typeof getResolvedPDFJS>>["getDocument"]>;
type Pdf = Awaited<LoadingTask["promise"]>;

interface Pages {
  readonly texts: readonly string[];
  readonly warnings: readonly StageWarning[];
}

/** What pdf.js' refusals mean for the content. */
function openingError(cause: unknown): MillraceError {
  const name = cause instanceof Error ? cause.name : "";
  if (name === "PasswordException") {
    return new MillraceError("CONTENT_ENCRYPTED", "the PDF is locked with a password", { cause });
  }
  const reason = cause instanceof Error ? `: ${cleanLine(cause.message, 200) ?? name}` : "";
  return new MillraceError("CONTENT_DAMAGED", `the PDF cannot be read${reason}`, { cause });
}

async function pageText(pdf: Pdf, number: number): Promise<string> {
  const page = await pdf.getPage(number);
  try {
    const { items } = await page.getTextContent();
    const parts = items.map((item) => ("str" in item ? item.str + (item.hasEOL ? "\n" : "") : ""));
    return cleanText(parts.join(""))
      .replace(/[^\S\n]+/g, " ")
      .replace(/ ?\n ?/g, "\n")
      .trim();
  } finally {
    page.cleanup();
  }
}

async function readPages(pdf: Pdf, signal: AbortSignal): Promise<Pages> {
  const count = Math.min(pdf.numPages, MAX_PAGES);
  const texts: string[] = [];
  const unreadable: number[] = [];
  const warnings: StageWarning[] = [];
  let characters = 0;
  for (let number = 1; number <= count && characters <= MAX_CHARACTERS; number += 1) {
    signal.throwIfAborted();
    try {
      const text = await pageText(pdf, number);
      characters += text.length;
      texts.push(text);
    } catch (error) {
      signal.throwIfAborted();
      if (unreadable.push(number) === count) throw openingError(error);
      texts.push("");
    }
  }
  if (unreadable.length > 0) {
    const message = `${unreadable.length} of ${count} pages could not be read`;
    warnings.push({ code: "PDF_PAGES_UNREADABLE", message, details: { pages: unreadable.slice(0, 50) } });
  }
  if (texts.length < pdf.numPages) {
    warnings.push({
      code: "PDF_TRUNCATED",
      message: `only the first ${texts.length} of ${pdf.numPages} pages were read`,
    });
  }
  return { texts, warnings };
}

/** What programs write where a title belongs. */
const NO_TITLE = /^(?:untitled|microsoft word - .*|.*\.(?:docx?|indd|tex|dvi|pdf|qxd))$/i;

/** A short line that opens the document. */
function firstLine(texts: readonly string[]): string | null {
  const line = texts.find((text) => text !== "")?.split("\n", 1)[0] ?? "";
  return line.length >= 3 && line.length <= 120 ? cleanLine(line, 120) : null;
}

async function describe(pdf: Pdf): Promise<{ readonly title: string | null; readonly author: string | null }> {
  try {
    const { info }: { readonly info: object } = await pdf.getMetadata();
    const fields = new Map<string, unknown>(Object.entries(info));
    const line = (value: unknown) => (typeof value === "string" ? cleanLine(value, 500) : null);
    const title = line(fields.get("Title"));
    return { title: title === null || NO_TITLE.test(title) ? null : title, author: line(fields.get("Author")) };
  } catch {
    return { title: null, author: null };
  }
}

async function readDocument(pdf: Pdf, signal: AbortSignal): Promise<Document> {
  const { texts, warnings } = await readPages(pdf, signal);
  const { title, author } = await describe(pdf);
  const text = texts.filter((page) => page !== "").join("\n\n");
  if (text === "") {
    const message = `the PDF's ${pdf.numPages} pages hold no text layer (scanned images?); text recognition is not done`;
    throw new MillraceError("CONTENT_EMPTY", message);
  }
  const metadata: { readonly [key: string]: Json } = {
    page_count: pdf.numPages,
    ...(author === null ? {} : { author }),
  };
  return { title: title ?? firstLine(texts), text, metadata, tags: [], warnings };
}

/** The text layer of a PDF, page by page. Stops between pages when `signal` aborts. */
export async function readPdf(bytes: Uint8Array, { signal }: { readonly signal: AbortSignal }): Promise<Document> {
  signal.throwIfAborted();
  if (bytes.length === 0) throw new MillraceError("CONTENT_EMPTY", "the file is empty");
  // the mark may come after junk, as every reader allows (PDF 1.7, appendix H.3.4.1)
  if (!isPdf(bytes) && !Buffer.from(bytes.subarray(0, 1024)).includes("%PDF-")) {
    throw new MillraceError("CONTENT_DAMAGED", "the file does not start like a PDF");
  }
  const { getDocument } = await getResolvedPDFJS();
  // a copy, because pdf.js takes the buffer away from whoever owns it
  const data = new Uint8Array(bytes);
  const task = getDocument({ data, isEvalSupported: false, disableFontFace: true, useSystemFonts: true, verbosity: 0 });
  const stop = () => void task.destroy().catch(() => {});
  signal.addEventListener("abort", stop, { once: true });
  try {
    const pdf = await task.promise.catch((error: unknown) => {
      signal.throwIfAborted();
      throw openingError(error);
    });
    return await readDocument(pdf, signal);
  } finally {
    signal.removeEventListener("abort", stop);
    await task.destroy();
  }
}
