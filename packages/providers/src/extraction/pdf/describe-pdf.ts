import type { Json } from "@millrace/core";
import { cleanLine } from "../../convert/clean-text.ts";
import type { Pdf, PdfJs } from "./pdfjs.ts";

type PropertyReader = (name: string) => Json;

/** What the file says of itself: title, author, programs, dates as ISO 8601, version; null where it says nothing. */
export async function describePdf({ PDFDateString }: PdfJs, pdf: Pdf) {
  const { info }: { readonly info: object } = await pdf.getMetadata().catch(() => ({ info: {} }));
  const fields = new Map<string, unknown>(Object.entries(info));
  const line: PropertyReader = (name) => {
    const value = fields.get(name);
    return typeof value === "string" ? cleanLine(value, 500) : null;
  };
  const date: PropertyReader = (name) => {
    const value = fields.get(name);
    const instant = typeof value === "string" ? PDFDateString.toDateObject(value) : null;
    return instant === null || Number.isNaN(instant.getTime()) ? null : instant.toISOString();
  };
  return {
    page_count: pdf.numPages,
    title: line("Title"),
    author: line("Author"),
    subject: line("Subject"),
    keywords: line("Keywords"),
    creator: line("Creator"),
    producer: line("Producer"),
    created_at: date("CreationDate"),
    modified_at: date("ModDate"),
    pdf_version: line("PDFFormatVersion"),
    language: line("Language"),
    is_encrypted: line("EncryptFilterName") !== null,
    has_form: fields.get("IsAcroFormPresent") === true,
  };
}
