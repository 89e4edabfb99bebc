import { lineAt, scanSource } from "../layering/scan-source.ts";

/** The title of a test, or of a `describe` with tests in it. */
export interface Title {
  readonly text: string;
  /** 1-based. */
  readonly line: number;
  /** Tests below a `describe`; one for a test. */
  readonly tests: number;
}

interface Call {
  readonly isSuite: boolean;
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const OPENING = /(?<![\w.$])(?<kind>describe|it|test)(?<chain>(?:\.\w+)*)\s*(?=\()/g;

/**
 * The titles of the tests of a source that can run, in order. A title made by code is not seen; neither is a test that is skipped
 * for good, nor a `describe` without a test: they prove nothing.
 */
export function findTitles(source: string): readonly Title[] {
  const { bare } = scanSource(source);
  const calls: Call[] = [];
  for (const match of bare.matchAll(OPENING)) {
    if (/\.(?:skip|todo)\b/.test(match.groups?.["chain"] ?? "")) continue;
    const call = titledCall(source, bare, match.index + match[0].length);
    if (call !== undefined) calls.push({ isSuite: match.groups?.["kind"] === "describe", start: match.index, ...call });
  }
  return calls
    .map(({ isSuite, text, start, end }) => ({
      text,
      line: lineAt(source, start),
      tests: isSuite ? calls.filter((one) => !one.isSuite && one.start > start && one.start < end).length : 1,
    }))
    .filter(({ tests }) => tests > 0);
}

/** `it("title"` or `it.each(table)("title"`: the call whose first argument is text. */
function titledCall(source: string, bare: string, from: number): { text: string; end: number } | undefined {
  for (let open = from; bare[open] === "("; ) {
    const end = closingOf(bare, open);
    const first = open + 1 + (/^\s*/.exec(bare.slice(open + 1))?.[0].length ?? 0);
    const quote = bare[first] ?? "";
    if (`"'\``.includes(quote) && quote !== "") {
      return { text: unescaped(source.slice(first + 1, closingQuote(source, first))), end };
    }
    open = end + 1 + (/^\s*/.exec(bare.slice(end + 1))?.[0].length ?? 0);
  }
  return undefined;
}

function closingOf(bare: string, open: number): number {
  let depth = 0;
  for (let at = open; at < bare.length; at += 1) {
    if (bare[at] === "(") depth += 1;
    else if (bare[at] === ")") depth -= 1;
    if (depth === 0) return at;
  }
  return bare.length;
}

function closingQuote(source: string, open: number): number {
  for (let at = open + 1; at < source.length; at += 1) {
    if (source[at] === "\\") at += 1;
    else if (source[at] === source[open]) return at;
  }
  return source.length;
}

const unescaped = (text: string): string => text.replace(/\\(.)/g, "$1");
