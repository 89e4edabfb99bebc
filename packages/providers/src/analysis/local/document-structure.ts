import { type Link, plainInline } from "./inline-markup.ts";

export type BlockKind = "heading" | "prose" | "item" | "code" | "table";

export interface Block {
  readonly kind: BlockKind;
  /** As a reader sees it; code as it is. */
  readonly text: string;
  /** Index of the heading it stands under, -1 before the first; a heading stands under itself. */
  readonly section: number;
}

export interface Heading {
  readonly text: string;
  /** 1 is the outermost. */
  readonly level: number;
}

export interface DocumentStructure {
  readonly blocks: readonly Block[];
  readonly headings: readonly Heading[];
  readonly links: readonly Link[];
  /** What stood in backticks, and the code blocks. */
  readonly inlineCode: readonly string[];
  readonly codeBlocks: readonly string[];
}

const FENCE = /^\s{0,3}(`{3,}|~{3,})/;
const ATX = /^\s{0,3}(#{1,6})\s+(.{1,300})$/;
const UNDERLINE = /^(={3,}|-{3,}|~{3,}|\^{3,})\s*$/;
const ITEM = /^\s{0,12}(?:[-*+•]|\d{1,3}[.)])\s+(\S.*)$/;
const TABLE = /^\s*\|.*\|\s*$|^\s*\|?(?:\s*:?-{2,}:?\s*\|)+/;
const RULE = /^\s*([-*_=~])(?:\s*\1){2,}\s*$/;
/** Signatures of Debian's changelogs, page furniture of standards ("Author [Page 7]"), link definitions. */
const FURNITURE =
  /^ -- .+<\S+@\S+>|\[Page \d+\]\s*$|^RFC \d+\s{2,}.*\s{2,}[A-Z][a-z]+ \d{4}$|^\s{0,3}\[[^\]]{1,100}\]:\s+\S+/;
const NUMBERED_HEADING = /^(\d{1,2}(?:\.\d{1,2}){0,3})\.?\s{1,3}([A-Z][^.!?]{1,70})$/;
const CAPITAL_HEADING = /^[A-Z][A-Z0-9 ,'/&-]{2,60}$/;
const TIMESTAMP = /^\s*[[(]?(?:\d{1,2}:)?\d{1,2}:\d{2}(?:\.\d{1,3})?[\])]?\s+/;
const CODE_LINE =
  /[{};]\s*$|=>|^\s*(?:[$#>%]\s|\/\/|#include|import |from \S+ import|def |class |func |const |let |var |return\b)|[=!]==?|\(\)|\w\(.*\)\s*[;:{]?$|&&|\|\|/;

/** Reads markdown, plain text, or a transcript into headings, paragraphs, list items and code. One pass over the lines. */
export function documentStructure(text: string, laterHeadings: readonly string[] = []): DocumentStructure {
  const blocks: Block[] = [];
  const headings: Heading[] = [];
  const links: Link[] = [];
  const inlineCode: string[] = [];
  const lines = withoutFrontMatter(text.split("\n"));
  let open: { kind: "prose" | "item"; lines: string[] } | null = null;

  const add = (kind: BlockKind, written: string): void => {
    const plain = kind === "code" ? { text: written, links: [], code: [] } : plainInline(written);
    links.push(...plain.links);
    inlineCode.push(...plain.code);
    if (plain.text.trim() !== "") blocks.push({ kind, text: plain.text, section: headings.length - 1 });
  };
  const close = (): void => {
    if (open !== null) add(open.kind, open.lines.join(" "));
    open = null;
  };
  const addHeading = (written: string, level: number): void => {
    close();
    const heading = plainInline(written.replace(/\s#+\s*$/, ""))
      .text.replace(/[:¶]+$/, "")
      .trim();
    if (heading === "") return;
    headings.push({ text: heading, level });
    add("heading", written.replace(/\s#+\s*$/, ""));
  };

  for (let at = 0; at < lines.length; at++) {
    const line = lines[at]!.replace(/^(\s{0,3}>\s?)+/, "").replace(TIMESTAMP, "");
    const fence = FENCE.exec(line)?.[1];
    const atx = ATX.exec(line);
    const item = ITEM.exec(line);
    if (fence !== undefined) {
      close();
      const end = endOfFence(lines, at + 1, fence);
      add("code", lines.slice(at + 1, end).join("\n"));
      at = end;
    } else if (line.trim() === "" || FURNITURE.test(line)) close();
    else if (atx !== null) addHeading(atx[2]!, atx[1]!.length);
    else if (open === null && isUnderlined(line, lines[at + 1])) {
      addHeading(line, levelOf(lines[at + 1]!));
      at++;
    } else if (RULE.test(line)) close();
    else if (TABLE.test(line)) {
      close();
      add("table", line.replace(/\|/g, " ").replace(/:?-{2,}:?/g, " "));
    } else if (open === null && plainHeadingLevel(lines, at) !== null) {
      addHeading(line.replace(/^[\d.]+\s+/, ""), plainHeadingLevel(lines, at)!);
    } else if (item !== null) {
      close();
      open = { kind: "item", lines: [item[1]!] };
    } else if (open === null && isIndentedCode(line)) {
      const end = endOfIndented(lines, at);
      add("code", lines.slice(at, end).join("\n"));
      at = end - 1;
    } else {
      open ??= { kind: "prose", lines: [] };
      open.lines.push(line);
    }
  }
  close();
  for (const heading of laterHeadings) {
    const atx = ATX.exec(heading);
    if (atx !== null) addHeading(atx[2]!, atx[1]!.length);
  }
  const codeBlocks = blocks.filter((block) => block.kind === "code").map((block) => block.text);
  return { blocks, headings, links, inlineCode, codeBlocks };
}

function withoutFrontMatter(lines: string[]): string[] {
  if (lines[0]?.trim() !== "---") return lines;
  const end = lines.slice(1, 200).findIndex((line) => line.trim() === "---");
  return end === -1 ? lines : lines.slice(end + 2);
}

function endOfFence(lines: readonly string[], from: number, fence: string): number {
  const end = lines.findIndex((line, index) => index >= from && line.trim().startsWith(fence));
  return end === -1 ? lines.length : end;
}

function isUnderlined(line: string, next: string | undefined): boolean {
  if (next === undefined || !UNDERLINE.test(next) || /^\s/.test(line) || ITEM.test(line)) return false;
  return line.trim().length <= 120 && !TABLE.test(line);
}

function levelOf(underline: string): number {
  return underline.startsWith("=") ? 1 : underline.startsWith("-") ? 2 : 3;
}

/** Headings of texts without markup: a numbered or an all-capital line that stands alone. */
function plainHeadingLevel(lines: readonly string[], at: number): number | null {
  const line = lines[at]!.trimEnd();
  if (at > 0 && lines[at - 1]!.trim() !== "") return null;
  const next = lines[at + 1] ?? "";
  const numbered = NUMBERED_HEADING.exec(line);
  if (numbered !== null && next.trim() === "") return numbered[1]!.split(".").length;
  const isCapital = CAPITAL_HEADING.test(line) && line.split(/\s+/).length <= 8 && /[A-Z]{3}/.test(line);
  return isCapital && (next.trim() === "" || /^\s{2,}\S/.test(next)) ? 2 : null;
}

/** Four spaces make code in markdown, but plain-text standards indent their prose: it has to look like code too. */
function isIndentedCode(line: string): boolean {
  return /^(?: {4}|\t)/.test(line) && CODE_LINE.test(line);
}

function endOfIndented(lines: readonly string[], from: number): number {
  let end = from + 1;
  while (
    end < lines.length &&
    (/^(?: {4}|\t)/.test(lines[end]!) || (lines[end]!.trim() === "" && /^(?: {4}|\t)/.test(lines[end + 1] ?? "")))
  )
    end++;
  return end;
}
