export interface Link {
  readonly text: string;
  readonly url: string;
}

export interface PlainInline {
  readonly text: string;
  readonly links: readonly Link[];
  /** What stood in backticks. */
  readonly code: readonly string[];
}

const URL_PATTERN = /https?:\/\/[^\s<>"'`)\]}]{1,500}/g;
/** An address holds no brackets but one pair of round ones; so each opening costs a bounded number of steps. */
const LINK =
  /\[([^\][]{0,300})\]\(\s*<?((?:[^\s()<>[\]]|\([^\s()<>[\]]{0,100}\)){1,500})>?(?:\s+["'(][^)\n]{0,200})?\s?\)/g;
const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: " " };

/**
 * A line of markdown or HTML as the words a reader sees, in their order, with the links and code it held. Every
 * repetition is bounded, so a hostile line costs no more than its length.
 */
export function plainInline(written: string): PlainInline {
  const links: Link[] = [];
  const code: string[] = [];
  const noteUrls = (text: string) => {
    for (const [url] of text.matchAll(URL_PATTERN)) links.push({ text: "", url: url.replace(/[.,;:!?*_]+$/, "") });
  };
  const text = written
    .replace(/<!--.{0,2000}?-->/g, " ")
    .replace(/`{1,2}([^`]{1,200})`{1,2}/g, (_, inner: string) => {
      code.push(inner.trim());
      return inner;
    })
    .replace(/!\[[^\]]{0,200}\]\([^)]{0,1000}\)|!\[[^\]]{0,200}\]\[[^\]]{0,100}\]/g, " ")
    .replace(LINK, (_, label: string, url: string) => {
      links.push({ text: label.trim(), url });
      return label;
    })
    .replace(/\[([^\][]{1,300})\]\[[^\]]{0,100}\]/g, "$1")
    .replace(/<(https?:\/\/[^>\s]{1,500})>/g, "$1")
    .replace(/<a\s[^>]{0,500}?href="([^"]{1,500})"[^>]{0,500}>/gi, (_, url: string) => {
      links.push({ text: "", url });
      return " ";
    })
    .replace(/<\/?[a-z][^<>]{0,500}>/gi, " ")
    .replace(/&(amp|lt|gt|quot|apos|nbsp);/g, (_, name: string) => ENTITIES[name]!)
    .replace(/(\*{1,3}|_{2,3}|~~)(?=\S)([^*~]{1,300}?\S|\S)\1/g, "$2")
    .replace(/(^|[\s(])_([^_\s][^_]{0,200})_(?=[\s).,;:!?]|$)/g, "$1$2")
    .replace(/\\([\\`*_{}[\]()#+.!|-])/g, "$1");
  noteUrls(text);
  return { text: text.replace(/\s+/g, " ").trim(), links, code };
}
