import { parseHTML } from "linkedom";
import { cleanLine } from "./clean-text.ts";

/** The part of linkedom's tree that is used here: the DOM's own types are not part of a server's. */
export interface PageElement {
  readonly textContent: string | null;
  readonly innerHTML: string;
  getAttribute(name: string): string | null;
  setAttribute(name: string, value: string): void;
  querySelector(selector: string): PageElement | null;
  querySelectorAll(selector: string): Iterable<PageElement>;
  remove(): void;
}

export interface PageDocument extends PageElement {
  readonly documentElement: PageElement;
  readonly body: PageElement;
}

/** What a page says of itself, outside its text. */
export interface PageFacts {
  readonly title: string | null;
  readonly canonicalUrl: string | null;
  readonly author: string | null;
  readonly publishedAt: string | null;
  readonly language: string | null;
  readonly siteName: string | null;
  readonly description: string | null;
}

/** Elements without content, and those that HTML closes by itself: neither makes a tree deeper. */
const FLAT = new Set(
  (
    "area base br col embed hr img input link meta param source track wbr " +
    "p li dt dd tr td th thead tbody tfoot option optgroup rp rt"
  ).split(" "),
);

/** How deep a page's elements nest at most, guessed from its source in one pass. */
export function nestingOf(html: string): number {
  let depth = 0;
  let deepest = 0;
  for (const [, slash, name = ""] of html.matchAll(/<(\/?)([a-z][a-z0-9-]*)/gi)) {
    if (FLAT.has(name.toLowerCase())) continue;
    depth = slash === "/" ? Math.max(0, depth - 1) : depth + 1;
    deepest = Math.max(deepest, depth);
  }
  return deepest;
}

function absoluteUrl(reference: string | null | undefined, base: string): string | null {
  if (!reference?.trim()) return null;
  try {
    const url = new URL(reference.trim(), base);
    return /^https?:$/.test(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

/** Links inside the page stay as they are. */
function makeAbsolute(document: PageDocument, base: string): void {
  for (const [selector, name] of [
    ["a[href]", "href"],
    ["img[src]", "src"],
  ] as const) {
    for (const element of document.querySelectorAll(selector)) {
      const reference = element.getAttribute(name) ?? "";
      if (reference.startsWith("#")) continue;
      const target = absoluteUrl(reference, base);
      if (target !== null) element.setAttribute(name, target);
    }
  }
}

/** A page's tree. Links are made absolute, to `url` unless the page names another base. */
export function parsePage(html: string, url: string): PageDocument {
  // linkedom does not make up a missing html, head or body the way browsers do
  const bare = html.replace(/<!doctype[^>]{0,500}>|<\/?(?:html|head|body)(?:\s[^>]{0,2000})?>/gi, "");
  const language = /<html\s[^>]{0,1000}?\blang\s*=\s*["']?([\w-]{2,20})/i.exec(html)?.[1];
  const isWhole = /<html[\s>]/i.test(html) && /<body[\s>]/i.test(html);
  const whole = isWhole ? html : `<html><head></head><body>${bare}</body></html>`;
  const document = parseHTML(whole).document as unknown as PageDocument;
  if (language !== undefined) document.documentElement.setAttribute("lang", language);
  const named = document.querySelector("base[href]")?.getAttribute("href");
  makeAbsolute(document, absoluteUrl(named, url) ?? url);
  return document;
}

/** Reads the facts before anybody changes the tree. */
export function factsOf(document: PageDocument, url: string): PageFacts {
  const meta = (...names: string[]): string | null => {
    for (const name of names) {
      const found = document.querySelector(`meta[property="${name}"], meta[name="${name}"]`)?.getAttribute("content");
      const line = cleanLine(found, 1_000);
      if (line !== null) return line;
    }
    return null;
  };
  const canonical = document.querySelector('link[rel="canonical"]')?.getAttribute("href");
  const time = document.querySelector("article time[datetime], main time[datetime]")?.getAttribute("datetime");
  return {
    title: meta("og:title") ?? cleanLine(document.querySelector("title")?.textContent, 500),
    canonicalUrl: absoluteUrl(canonical ?? meta("og:url"), url),
    author: meta("author", "article:author", "dc.creator"),
    publishedAt: meta("article:published_time", "date", "dc.date", "datePublished") ?? cleanLine(time, 40),
    language: cleanLine(document.documentElement.getAttribute("lang"), 20),
    siteName: meta("og:site_name"),
    description: meta("description", "og:description"),
  };
}
