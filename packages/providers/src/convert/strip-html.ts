const SKIPPED = new Set(["script", "style", "noscript", "template", "svg", "head", "nav", "iframe", "select"]);
const INLINE = /^\/?(?:a|abbr|b|cite|code|em|font|i|mark|q|s|small|span|strong|sub|sup|time|u)$/;
const NAMED: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: " " };

function decodeEntity(whole: string, name: string): string {
  if (!name.startsWith("#")) return NAMED[name.toLowerCase()] ?? whole;
  const isHex = /^#x/i.test(name);
  const code = Number.parseInt(name.slice(isHex ? 2 : 1), isHex ? 16 : 10);
  return code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) ? String.fromCodePoint(code) : "\uFFFD";
}

/** Where the element opened at `from` ends; the end of the text when it is never closed. */
function endOfElement(lower: string, name: string, from: number): number {
  const close = lower.indexOf(`</${name}`, from);
  if (close < 0) return lower.length;
  const end = lower.indexOf(">", close);
  return end < 0 ? lower.length : end + 1;
}

/**
 * The words of a page by one pass over its source, without a tree: for pages that are too large or too nested for one.
 * Linear, because each search either moves the reading position or is not made again.
 */
export function stripHtml(html: string): string {
  const lower = html.toLowerCase();
  const parts: string[] = [];
  let at = 0;
  while (at < html.length) {
    const open = html.indexOf("<", at);
    if (open < 0) break;
    parts.push(html.slice(at, open));
    if (html.startsWith("<!--", open)) {
      const end = html.indexOf("-->", open + 4);
      at = end < 0 ? html.length : end + 3;
      continue;
    }
    const name = /^\/?[a-z][a-z0-9]{0,20}/.exec(lower.slice(open + 1, open + 24))?.[0] ?? "";
    if (SKIPPED.has(name)) {
      at = endOfElement(lower, name, open);
      continue;
    }
    const isTag = /^[a-z/!?]/.test(lower.charAt(open + 1));
    const end = isTag ? html.indexOf(">", open) : open;
    if (end < 0) break;
    parts.push(isTag ? (INLINE.test(name) ? "" : "\n") : "<");
    at = end + 1;
  }
  if (at < html.length && html.indexOf("<", at) < 0) parts.push(html.slice(at));
  return parts
    .join("")
    .replace(/&(#x?[0-9a-f]{1,8}|[a-z]{2,8});/gi, decodeEntity)
    .replace(/[^\S\n]+/g, " ")
    .replace(/ ?\n ?/g, "\n")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}
