import { type Json, MillraceError, type StageWarning } from "@millrace/core";
import { Readability } from "@mozilla/readability";
import { cleanLine } from "./clean-text.ts";
import { decodeText } from "./decode-text.ts";
import type { Document } from "./document.ts";
import { charsetInHtml } from "./html-charset.ts";
import { factsOf, nestingOf, type PageDocument, type PageElement, type PageFacts, parsePage } from "./html-page.ts";
import { htmlToMarkdown } from "./html-to-markdown.ts";
import { stripHtml } from "./strip-html.ts";
import { isOutOfTime, withinTime } from "./within-time.ts";

/** A tree costs some 30 times its source; larger pages lose their tags without one. */
const MAX_TREE_CHARACTERS = 3_000_000;
const MAX_MARKS = 200_000;
/** Readability takes 1.5 s for an empty page of 400 levels, growing with their third power; real pages have some 50. */
const MAX_NESTING = 200;
const MAX_ELEMENTS = 100_000;
const TREE_LIMIT_MS = 10_000;
/** An extracted article shorter than this is checked against the whole body. */
const SHORT_ARTICLE = 250;

const MENUS = 'nav, [role="navigation"]';
const NOISE =
  `${MENUS}, script, style, noscript, template, svg, iframe, aside, footer, form, button, select, dialog, ` +
  '[role="banner"], [role="contentinfo"], [role="complementary"], [aria-hidden="true"], [hidden]';

interface PageText {
  readonly markdown: string;
  readonly facts: PageFacts | null;
  readonly byline: string | null;
  readonly isArticle: boolean;
}

function bodyOf(html: string, url: string): string {
  const document = parsePage(html, url);
  for (const element of [...document.body.querySelectorAll(NOISE)]) element.remove();
  return htmlToMarkdown(document.body.innerHTML);
}

function articleOf(document: PageDocument): { readonly markdown: string; readonly byline: string | null } {
  const reader = new Readability<PageElement>(document as never, {
    maxElemsToParse: MAX_ELEMENTS,
    serializer: (node) => node as unknown as PageElement,
  });
  const article = reader.parse();
  const markdown = article?.content ? htmlToMarkdown(article.content.innerHTML) : "";
  return { markdown, byline: cleanLine(article?.byline, 300) };
}

/** Readability's article where it finds one, else the whole body without its menus. */
function readTree(html: string, url: string): PageText {
  const document = parsePage(html, url);
  const facts = factsOf(document, url);
  for (const menu of [...document.querySelectorAll(MENUS)]) menu.remove();
  const article = articleOf(document);
  if (article.markdown.length >= SHORT_ARTICLE) return { ...article, facts, isArticle: true };
  const body = bodyOf(html, url);
  const isArticle = article.markdown !== "" && body.length < 2 * article.markdown.length;
  return { markdown: isArticle ? article.markdown : body, byline: article.byline, facts, isArticle };
}

function hasMore(text: string, mark: string, limit: number): boolean {
  let count = 0;
  for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, at + 1)) {
    count += 1;
    if (count > limit) return true;
  }
  return false;
}

/** The page read through its tree, or why it cannot be. */
function readWithTree(html: string, url: string): PageText | string {
  if (html.length > MAX_TREE_CHARACTERS || hasMore(html, "<", MAX_MARKS)) return "it is too large";
  if (nestingOf(html) > MAX_NESTING) return "its elements nest too deeply";
  try {
    return withinTime(TREE_LIMIT_MS, () => readTree(html, url));
  } catch (error) {
    if (isOutOfTime(error)) return "it took too long";
    return cleanLine(error instanceof Error ? error.message : null, 200) ?? "it could not be parsed";
  }
}

function metadataOf(facts: PageFacts, byline: string | null): { readonly [key: string]: Json } {
  const said = {
    canonical_url: facts.canonicalUrl,
    author: facts.author ?? byline,
    published_at: facts.publishedAt,
    language: facts.language,
    site_name: facts.siteName,
    description: facts.description,
  };
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== null));
}

export interface HtmlOptions {
  /** The page's own address. */
  readonly url: string;
  /** From the answer's content-type header; wins over what the page says. */
  readonly charset: string | null;
}

/** A web page as markdown: the article without menus and advertisements, links made absolute. */
export function readHtml(bytes: Uint8Array, { url, charset }: HtmlOptions): Document {
  // what browsers do with a page that says nothing and is not UTF-8 (HTML, 13.2.3.1)
  const decoded = decodeText(bytes, { charset: charset ?? charsetInHtml(bytes), fallback: "windows-1252" });
  const warnings: StageWarning[] = [...decoded.warnings];
  const found = readWithTree(decoded.text, url);
  const page = typeof found === "string" ? undefined : found;
  if (typeof found === "string") {
    const message = `the page's words were taken without its structure: ${found}`;
    warnings.push({ code: "HTML_STRIPPED", message });
  } else if (!found.isArticle && found.markdown !== "") {
    warnings.push({ code: "HTML_NO_ARTICLE", message: "no article was found in the page; its whole body was taken" });
  }
  const text = page === undefined ? stripHtml(decoded.text) : page.markdown;
  if (text.trim() === "") throw new MillraceError("CONTENT_EMPTY", "the page has no text (it may need JavaScript)");
  const metadata = page?.facts ? metadataOf(page.facts, page.byline) : {};
  const title = page?.facts?.title ?? cleanLine(/<title[^>]{0,200}>([^<]{1,1000})/i.exec(decoded.text)?.[1], 500);
  return { title, text, metadata, tags: [], warnings };
}
