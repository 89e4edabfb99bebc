import remarkFrontmatter from "remark-frontmatter";
import remarkGfm from "remark-gfm";
import remarkParse from "remark-parse";
import { unified } from "unified";
import { withinTime } from "./within-time.ts";

/** The part of a syntax tree's node that the readers look at. */
export interface MarkdownNode {
  readonly type: string;
  readonly children?: readonly MarkdownNode[] | undefined;
  readonly value?: string | undefined;
  readonly url?: string | undefined;
  readonly identifier?: string | undefined;
  readonly depth?: number | undefined;
  readonly position?:
    | {
        readonly start: { readonly offset?: number | undefined };
        readonly end: { readonly offset?: number | undefined };
      }
    | undefined;
}

/**
 * remark took 1.4 s for a changelog of 225,000 characters and 4.7 s and 700 MB for a million, on two cores; longer texts
 * go to the line scanner. The time limit is for hostile text only: what it cuts off depends on the machine.
 */
const MAX_CHARACTERS = 256 * 1024;
const PARSE_LIMIT_MS = 10_000;
/** Quote marks, or columns before a list mark, from which on a line is no text that a person wrote. */
const NESTED_BLOCKS = /^(?:[ \t]*>){100}|^[ \t]{200,}(?:[-*+]|\d+[.)])[ \t]/m;
/** Brackets open at once in a paragraph; remark looks at each again for every one that closes. */
const MAX_OPEN_BRACKETS = 100;

function hasNestedBrackets(text: string): boolean {
  let open = 0;
  for (const [mark] of text.matchAll(/[[\]]|\n\s*\n/g)) {
    open = mark === "[" ? open + 1 : mark === "]" ? Math.max(0, open - 1) : 0;
    if (open > MAX_OPEN_BRACKETS) return true;
  }
  return false;
}

const parser = unified().use(remarkParse).use(remarkGfm).use(remarkFrontmatter).freeze();

/**
 * The syntax tree of a markdown text; undefined when the text is too large or too nested to be parsed in bounded time,
 * stack and memory (quote marks by the thousand take remark quadratic time).
 */
export function parseMarkdown(text: string): MarkdownNode | undefined {
  if (text.length > MAX_CHARACTERS || NESTED_BLOCKS.test(text) || hasNestedBrackets(text)) return undefined;
  try {
    return withinTime(PARSE_LIMIT_MS, () => parser.parse(text));
  } catch {
    return undefined;
  }
}

/** Every node in reading order, without recursion: trees can be thousands of levels deep. */
export function* walkMarkdown(root: MarkdownNode): Generator<MarkdownNode> {
  const stack: MarkdownNode[] = [root];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    yield node;
    const children = node.children ?? [];
    for (let at = children.length - 1; at >= 0; at -= 1) stack.push(children[at]!);
  }
}

/** The words of a node, marks left out. */
export function plainTextOf(root: MarkdownNode): string {
  const parts: string[] = [];
  for (const node of walkMarkdown(root)) if (node.value !== undefined && node.type !== "html") parts.push(node.value);
  return parts.join("");
}
