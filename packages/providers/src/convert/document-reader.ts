import { detectLanguage } from "../analysis/local/detect-language.ts";
import type { Document, DocumentReader } from "./document.ts";
import { extractLinks } from "./extract-links.ts";
import { readHtml } from "./read-html.ts";
import { readMarkdown } from "./read-markdown.ts";
import { readPdf } from "./read-pdf.ts";
import { readText } from "./read-text.ts";

/** Shorter texts say too little of their language. */
const MIN_CHARACTERS = 200;

/** Adds the language, as BCP 47 writes it, where the source does not name its own. */
async function withLanguage(document: Document): Promise<Document> {
  const { metadata, text } = document;
  if (metadata["language"] !== undefined || text.length < MIN_CHARACTERS) return document;
  const [language = null] = Intl.getCanonicalLocales(await detectLanguage(text));
  return { ...document, metadata: { ...metadata, language } };
}

/** The readers of every format. They compute: run them where a busy loop hurts nobody. */
export function createDocumentReader(): DocumentReader {
  return {
    readMarkdown: async (bytes) => withLanguage(readMarkdown(bytes)),
    readText: async (bytes) => withLanguage(readText(bytes)),
    readPdf: async (bytes, options) => withLanguage(await readPdf(bytes, options)),
    readHtml: async (bytes, options) => withLanguage(readHtml(bytes, options)),
    extractLinks,
  };
}
