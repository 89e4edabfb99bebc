import TurndownService from "turndown";
import { highlightedCodeBlock, strikethrough, tables, taskListItems } from "turndown-plugin-gfm";
import { cleanLine, cleanText } from "./clean-text.ts";

/** The part of turndown's own tree that the rules below read. */
interface TurndownNode {
  readonly nodeName: string;
  readonly textContent: string | null;
  readonly parentNode: TurndownNode | null;
  readonly nextSibling: TurndownNode | null;
  readonly rows?: ArrayLike<{ readonly cells?: ArrayLike<TurndownNode> }>;
  getAttribute(name: string): string | null;
  querySelector(selector: string): unknown;
}

function tableOf(node: TurndownNode): TurndownNode | null {
  let at: TurndownNode | null = node;
  while (at !== null && at.nodeName !== "TABLE") at = at.parentNode;
  return at;
}

/** Markdown has no tables without a header row; such tables lay a page out more often than they tabulate. */
function isHeaderless(node: TurndownNode): boolean {
  const cells = tableOf(node)?.rows?.[0]?.cells ?? [];
  return cells.length === 0 || Array.from(cells).some((cell) => cell.nodeName !== "TH");
}

const asNode = (node: unknown): TurndownNode => node as TurndownNode;
const isOneOf = (names: readonly string[], node: TurndownNode) => names.includes(node.nodeName);

function converter(): TurndownService {
  const turndown = new TurndownService({ headingStyle: "atx", codeBlockStyle: "fenced", bulletListMarker: "-" });
  turndown.use([highlightedCodeBlock, strikethrough, tables, taskListItems]);
  turndown.remove(["script", "style", "noscript"]);
  turndown.addRule("layout", {
    filter: (node) => isOneOf(["TABLE", "TR"], asNode(node)) && isHeaderless(asNode(node)),
    replacement: (content) => `\n\n${content.trim()}\n\n`,
  });
  turndown.addRule("layoutCell", {
    filter: (node) => isOneOf(["TD", "TH"], asNode(node)) && isHeaderless(asNode(node)),
    replacement: (content, node) => {
      const cell = content.trim();
      if (cell.includes("\n")) return `\n\n${cell}\n\n`;
      return cell === "" || asNode(node).nextSibling === null ? cell : `${cell} | `;
    },
  });
  turndown.addRule("emptyLink", {
    filter: (node) => node.nodeName === "A" && !node.textContent?.trim() && asNode(node).querySelector("img") === null,
    replacement: () => "",
  });
  turndown.addRule("linkInPage", {
    filter: (node) => node.nodeName === "A" && (asNode(node).getAttribute("href") ?? "#").startsWith("#"),
    replacement: (content) => content,
  });
  turndown.addRule("picture", {
    filter: "img",
    // pictures written into the page as data would fill the text with base64
    replacement: (_, node) => {
      const source = asNode(node).getAttribute("src") ?? "";
      const text = cleanLine(asNode(node).getAttribute("alt"), 300)?.replace(/[[\]]/g, "") ?? "";
      return /^https?:[^\s()]{1,2000}$/.test(source) ? `![${text}](${source})` : "";
    },
  });
  return turndown;
}

/** HTML as GitHub's markdown. Recurses as deep as the elements nest. */
export function htmlToMarkdown(html: string): string {
  return cleanText(converter().turndown(html)).trim();
}
