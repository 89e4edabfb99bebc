import type { Json, StageWarning } from "@millrace/core";

export interface DocumentLink {
  readonly kind: "wiki" | "relative" | "external";
  readonly target: string;
  readonly text: string;
}

export interface ExtractedLinks {
  /** In reading order. */
  readonly links: readonly DocumentLink[];
  readonly total: number;
  readonly warnings: readonly StageWarning[];
}

/** Any source, read into text. */
export interface Document {
  readonly title: string | null;
  /** Markdown for markdown and web pages, plain text otherwise; never with NUL or lone surrogates. */
  readonly text: string;
  /** Front matter, page count, author, language …: whatever the format tells. */
  readonly metadata: { readonly [key: string]: Json };
  /** Tags the source itself carries (front matter). */
  readonly tags: readonly string[];
  readonly warnings: readonly StageWarning[];
}

/**
 * Reads bytes into a document. Errors, all final: CONTENT_EMPTY, CONTENT_DAMAGED, CONTENT_ENCRYPTED, CONTENT_NOT_TEXT,
 * CONTENT_TOO_COMPLEX, UNSUPPORTED_CONTENT.
 */
export interface DocumentReader {
  readMarkdown(bytes: Uint8Array): Promise<Document>;
  readText(bytes: Uint8Array): Promise<Document>;
  readPdf(bytes: Uint8Array, options: { readonly signal: AbortSignal }): Promise<Document>;
  readHtml(bytes: Uint8Array, options: { readonly url: string; readonly charset: string | null }): Promise<Document>;
  /** Wiki, relative and external links of a markdown text, code left out; at most `limit`. */
  extractLinks(markdown: string, limit: number): ExtractedLinks;
}
