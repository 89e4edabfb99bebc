import type { Json, StageWarning } from "@millrace/core";
import { cleanLine } from "./clean-text.ts";
import { decodeText } from "./decode-text.ts";
import type { Document } from "./document.ts";
import { splitFrontMatter, tagsOf } from "./front-matter.ts";
import { parseMarkdown, plainTextOf, walkMarkdown } from "./parse-markdown.ts";
import { proseLines } from "./scan-markdown.ts";

const MAX_TITLE = 500;

interface Outline {
  readonly firstHeading: string | null;
  readonly headings: number;
}

function outlineOfLines(text: string): Outline {
  let firstHeading: string | null = null;
  let headings = 0;
  for (const line of proseLines(text)) {
    const [, level = "", words = ""] = /^ {0,3}(#{1,6})[ \t]+(.{1,1000})/.exec(line) ?? [];
    if (level === "") continue;
    headings += 1;
    if (level.length === 1) firstHeading ??= cleanLine(words.replace(/[ \t]+#+[ \t]*$/, ""), MAX_TITLE);
  }
  return { firstHeading, headings };
}

function outlineOf(text: string): Outline & { readonly isParsed: boolean } {
  const root = parseMarkdown(text);
  if (root === undefined) return { ...outlineOfLines(text), isParsed: false };
  let firstHeading: string | null = null;
  let headings = 0;
  for (const node of walkMarkdown(root)) {
    if (node.type !== "heading") continue;
    headings += 1;
    if (node.depth === 1) firstHeading ??= cleanLine(plainTextOf(node), MAX_TITLE);
  }
  return { firstHeading, headings, isParsed: true };
}

/** Front matter's title is a word or a number; a list or a mapping is no title. */
function titleOf(value: Json | undefined): string | null {
  return typeof value === "string" || typeof value === "number" ? cleanLine(String(value), MAX_TITLE) : null;
}

/** A language tag that front matter names. */
function languageOf(value: Json | undefined): { readonly language?: string } {
  return typeof value === "string" && /^[a-z]{2,3}(?:-[a-z0-9]{2,8})*$/i.test(value) ? { language: value } : {};
}

/** Markdown: the text without its front matter, whose title and tags win over the first heading. */
export function readMarkdown(bytes: Uint8Array): Document {
  const decoded = decodeText(bytes);
  const { fields, body, warnings } = splitFrontMatter(decoded.text);
  const outline = outlineOf(body);
  const scanned: StageWarning[] = outline.isParsed
    ? []
    : [{ code: "MARKDOWN_SCANNED", message: "too large or too nested to be parsed: headings were found line by line" }];
  const language = languageOf(fields["lang"] ?? fields["language"]);
  return {
    title: titleOf(fields["title"]) ?? outline.firstHeading,
    // a file of nothing but front matter still says something
    text: body.trim() === "" ? decoded.text : body,
    metadata: {
      ...(Object.keys(fields).length > 0 ? { front_matter: fields } : {}),
      headings: outline.headings,
      ...language,
    },
    tags: tagsOf(fields["tags"]).slice(0, 100),
    warnings: [...decoded.warnings, ...warnings, ...scanned],
  };
}
