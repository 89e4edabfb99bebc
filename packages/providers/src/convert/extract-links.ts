import { cleanLine } from "./clean-text.ts";
import type { DocumentLink, ExtractedLinks } from "./document.ts";
import { type MarkdownNode, parseMarkdown, plainTextOf, walkMarkdown } from "./parse-markdown.ts";
import { proseLines, withoutCodeSpans } from "./scan-markdown.ts";

const MAX_TARGET = 2_000;
const MAX_TEXT = 300;

// bounded inside, so that brackets without a partner cost no more than the bound
const WIKI = /(?<!\\)\[\[(?![\s:])([^[\]|\n]{1,300})(?:\|([^[\]\n]{1,300}))?\]\]/g;
const INLINE =
  /(?<![\\!])\[([^[\]\n]{0,300})\]\(\s{0,4}<?([^\s()<>]{1,2000})>?(?:\s{1,4}["'(][^\n]{0,300}?["')])?\s{0,4}\)/g;
const BARE = /(?<![\w[(<"'])https?:\/\/[^\s<>"'`)\]]{1,2000}/g;

type Found = { readonly target: string; readonly text: string };

/** What a link's target leads to; null for places inside the page and for what is no document (mail, script, data). */
function kindOf(target: string): "relative" | "external" | null {
  if (target.startsWith("#") || target === "") return null;
  if (/^(?:https?:)?\/\//i.test(target)) return "external";
  return /^[a-z][a-z0-9+.-]*:/i.test(target) ? null : "relative";
}

function* wikiLinksIn(text: string): Generator<DocumentLink> {
  for (const [, target = "", label] of text.matchAll(WIKI)) {
    yield { kind: "wiki", target: target.trim(), text: (label ?? target).trim() };
  }
}

function linkTo({ target, text }: Found): DocumentLink | undefined {
  const kind = kindOf(target);
  const cleanTarget = cleanLine(target, MAX_TARGET);
  if (kind === null || cleanTarget === null || target.length > MAX_TARGET) return undefined;
  return { kind, target: cleanTarget, text: cleanLine(text, MAX_TEXT) ?? "" };
}

function definitionsOf(root: MarkdownNode): ReadonlyMap<string, string> {
  const urls = new Map<string, string>();
  for (const node of walkMarkdown(root)) {
    const { type, identifier, url } = node;
    if (type === "definition" && identifier !== undefined && url !== undefined && !urls.has(identifier)) {
      urls.set(identifier, url);
    }
  }
  return urls;
}

function* linksInTree(root: MarkdownNode, source: string): Generator<DocumentLink> {
  const definitions = definitionsOf(root);
  for (const node of walkMarkdown(root)) {
    if (node.type === "text") {
      // the source, not the value: there an escaped bracket is still escaped
      yield* wikiLinksIn(source.slice(node.position?.start.offset ?? 0, node.position?.end.offset ?? 0));
    } else if (node.type === "link" || node.type === "linkReference") {
      const target = node.url ?? definitions.get(node.identifier ?? "") ?? "";
      const link = linkTo({ target, text: plainTextOf(node) });
      if (link !== undefined) yield link;
    }
  }
}

function* linksInLines(source: string): Generator<DocumentLink> {
  for (const line of proseLines(source)) {
    if (!line.includes("[") && !line.includes("://")) continue;
    const prose = withoutCodeSpans(line);
    yield* wikiLinksIn(prose);
    for (const [, text = "", target = ""] of prose.matchAll(INLINE)) {
      const link = linkTo({ target, text });
      if (link !== undefined) yield link;
    }
    for (const [target] of prose.matchAll(BARE)) {
      const link = linkTo({ target, text: target });
      if (link !== undefined) yield link;
    }
  }
}

/** The wiki, relative and external links of a markdown text. Links in code are not links. */
export function extractLinks(markdown: string, limit: number): ExtractedLinks {
  const root = parseMarkdown(markdown);
  const message = "too large or too nested to be parsed: links were found line by line, reference links were not";
  const warnings = root === undefined ? [{ code: "LINKS_SCANNED", message }] : [];
  const links: DocumentLink[] = [];
  let total = 0;
  for (const link of root === undefined ? linksInLines(markdown) : linksInTree(root, markdown)) {
    total += 1;
    if (links.length < limit) links.push(link);
  }
  return { links, total, warnings };
}
