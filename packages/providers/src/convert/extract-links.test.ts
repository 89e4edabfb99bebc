import { describe, expect, test } from "vitest";
import { extractLinks } from "./extract-links.ts";

const linksOf = (markdown: string) =>
  extractLinks(markdown, 1_000).links.map(({ kind, target, text }) => `${kind} ${target} "${text}"`);

/** Long enough that no parser is tried. */
const FILLER = `\n\n${"words ".repeat(100_000)}\n`;

const CASES: readonly (readonly [string, string, readonly string[]])[] = [
  ["a wiki link", "see [[Other Note]] now", ['wiki Other Note "Other Note"']],
  ["a wiki link with its own text", "[[Note|called so]]", ['wiki Note "called so"']],
  ["a relative link", "[a](../b/c.md)", ['relative ../b/c.md "a"']],
  ["an external link with a title", '[a b](https://x.org/y "t")', ['external https://x.org/y "a b"']],
  ["a link without a scheme", "[a](//x.org/y)", ['external //x.org/y "a"']],
  ["a bare address", "at https://x.org/y today", ['external https://x.org/y "https://x.org/y"']],
  ["several on a line", "[[A]] [b](c) [[D]]", ['wiki A "A"', 'relative c "b"', 'wiki D "D"']],
  ["places inside the page", "[top](#top)", []],
  ["mail, script and data", "[a](mailto:a@b.c) [b](javascript:alert(1)) [c](data:text/html,x)", []],
  ["pictures", "![alt](pic.png)", []],
  ["inline code", "`[[No]]` and ``[a](b) ` [[No]]`` but [[Yes]]", ['wiki Yes "Yes"']],
  ["fenced code", "```md\n[[No]]\n[a](b)\n```\n\n[[Yes]]", ['wiki Yes "Yes"']],
  ["a longer fence", "````\n```\n[[No]]\n````\n\n[[Yes]]", ['wiki Yes "Yes"']],
  ["an escaped wiki link", "\\[\\[No]] [[Yes]]", ['wiki Yes "Yes"']],
  ["shell tests", "if [[ -f x ]]; then", []],
];

describe("extractLinks", () => {
  test.each(CASES)("parsed: %s", (_, markdown, links) => {
    expect(linksOf(markdown).sort()).toEqual([...links].sort());
  });

  test.each(CASES)("line by line: %s", (_, markdown, links) => {
    const { warnings } = extractLinks(markdown + FILLER, 1_000);
    expect(warnings.map((w) => w.code)).toEqual(["LINKS_SCANNED"]);
    expect(linksOf(markdown + FILLER).sort()).toEqual([...links].sort());
  });

  test("follows reference links, which only a parser finds", () => {
    expect(linksOf("[a][ref] and [Ref]\n\n[ref]: https://x.org/r")).toEqual([
      'external https://x.org/r "a"',
      'external https://x.org/r "Ref"',
    ]);
  });

  test("skips code that is indented", () => {
    expect(linksOf("text\n\n    [[No]]\n\n[[Yes]]")).toEqual(['wiki Yes "Yes"']);
  });

  test("counts all and keeps as many as asked", () => {
    const { links, total } = extractLinks("[[A]] [[B]] [[C]]", 2);
    expect(links.map((link) => link.target)).toEqual(["A", "B"]);
    expect(total).toBe(3);
  });
});
