import { describe, expect, it } from "vitest";
import { documentStructure } from "./document-structure.ts";
import { plainInline } from "./inline-markup.ts";

const blocks = (text: string) => documentStructure(text).blocks.map(({ kind, text: words }) => `${kind}: ${words}`);
const headings = (text: string) =>
  documentStructure(text).headings.map(({ level, text: words }) => `${level} ${words}`);

describe("documentStructure", () => {
  it("tells headings, prose, items, tables and code apart", () => {
    const text =
      "# One #\n\nA paragraph\nover two lines.\n\n- first\n  goes on\n2) second\n\n| a | b |\n|---|---|\n\n```ts\nlet x;\n\n# no heading\n```\nAfter.";
    expect(blocks(text)).toEqual([
      "heading: One",
      "prose: A paragraph over two lines.",
      "item: first goes on",
      "item: second",
      "table: a b",
      "code: let x;\n\n# no heading",
      "prose: After.",
    ]);
  });

  it("knows the section of each block", () => {
    const { blocks: found } = documentStructure("before\n\n# A\n\nin a\n\n## B\n\nin b");
    expect(found.map((block) => block.section)).toEqual([-1, 0, 0, 1, 1]);
  });

  it("reads headings without markup", () => {
    expect(headings("Title\n=====\n\nSub\n---\n\ntext")).toEqual(["1 Title", "2 Sub"]);
    expect(headings("1.  Introduction\n\n   Text.\n\n2.1.  Message Storage\n\n   Text.")).toEqual([
      "1 Introduction",
      "2 Message Storage",
    ]);
    expect(headings("SEE ALSO\n   bash(1)\n\nfoo")).toEqual(["2 SEE ALSO"]);
    expect(headings("1. Do this\n2. Do that")).toEqual([]);
  });

  it("leaves out front matter, page furniture, signatures, time stamps and quote marks", () => {
    expect(blocks("---\ntitle: x\n---\ntext")).toEqual(["prose: text"]);
    expect(
      blocks("a\nExample    Standards    [Page 7]\nb\n -- Jo Doe <jo@example.com>  Thu, 01 Jan 2015\n[1]: http://x.y"),
    ).toEqual(["prose: a", "prose: b"]);
    expect(blocks("[00:01] hello\n[01:02:03] world")).toEqual(["prose: hello world"]);
    expect(blocks("> quoted\n> words")).toEqual(["prose: quoted words"]);
  });

  it("takes indented prose for prose and indented code for code", () => {
    expect(blocks("    A host polls its relay once a minute\n    and waits.")).toEqual([
      "prose: A host polls its relay once a minute and waits.",
    ]);
    expect(blocks("    const a = b();\n    return a;")[0]).toMatch(/^code/);
  });

  it("survives a fence that is never closed", () => {
    expect(blocks("```\na\nb")).toEqual(["code: a\nb"]);
  });
});

describe("plainInline", () => {
  it.each([
    ['a [link](https://x.y/z "t") b', "a link b"],
    ["[wiki](https://x.y/a_(b)) c", "wiki c"],
    ["![img](a.png) text", "text"],
    ["**bold** and *soft* and _it_ and ~~no~~", "bold and soft and it and no"],
    ["snake_case_name stays", "snake_case_name stays"],
    ["`code` &amp; more &lt;b&gt;", "code & more <b>"],
    ["<b>html</b><!-- note --> x", "html x"],
    ["2 * 3 * 4", "2 * 3 * 4"],
  ])("%j reads %j", (written, text) => {
    expect(plainInline(written).text).toBe(text);
  });

  it("collects links and code", () => {
    const { links, code } = plainInline(
      '[a](https://x.y) <https://z.w> https://q.r/s. <a href="https://h.i">h</a> `npm i`',
    );
    expect(links.map((link) => link.url)).toEqual(["https://x.y", "https://h.i", "https://z.w", "https://q.r/s"]);
    expect(code).toEqual(["npm i"]);
  });
});
