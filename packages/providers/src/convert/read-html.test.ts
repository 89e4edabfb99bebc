import { describe, expect, test } from "vitest";
import { readHtml } from "./read-html.ts";

const url = "https://example.org/blog/post.html";
const read = (html: string | Uint8Array, charset: string | null = null) =>
  readHtml(typeof html === "string" ? new Uint8Array(Buffer.from(html)) : html, { url, charset });

const PARAGRAPH = "Queues carry work from those who ask to those who do, and a good queue forgets nothing of it. ";
const PAGE = `<!doctype html><html lang="en-GB"><head><title>Queues | Example</title>
<meta property="og:title" content="Queues that remember"><meta name="author" content="Ada Byron">
<meta property="article:published_time" content="2026-01-02T03:04:05Z"><link rel="canonical" href="/blog/queues">
<script>steal("cookies")</script><style>.x{}</style></head><body>
<nav><a href="/">Home</a><a href="/about">About us</a></nav><div class="ad">Buy our watches</div>
<article><h1>Queues that remember</h1><p>${PARAGRAPH.repeat(4)}</p>
<p>See <a href="other.html">the other one</a> and <a href="#below">below</a>, or <a href="javascript:x()">this</a>.</p>
<table><tr><th>name</th><th>size</th></tr><tr><td>one</td><td>1</td></tr></table>
<pre><code>let x = 1;</code></pre><img src="/pic.png" alt="a picture"><img src="data:image/png;base64,AAAA">
<p>${PARAGRAPH.repeat(4)}</p></article><footer>Copyright and imprint</footer></body></html>`;

describe("readHtml", () => {
  test("keeps the article as markdown and drops menus, advertisements and scripts", () => {
    const { title, text, warnings } = read(PAGE);
    expect(title).toBe("Queues that remember");
    expect(text).toContain(PARAGRAPH.trim());
    expect(text).toContain("| name | size |");
    expect(text).toContain("let x = 1;");
    expect(text).not.toMatch(/About us|watches|steal|imprint|base64/);
    expect(warnings).toEqual([]);
  });

  test("makes links absolute and drops those that lead nowhere else", () => {
    const { text } = read(PAGE);
    expect(text).toContain("[the other one](https://example.org/blog/other.html)");
    expect(text).toContain("![a picture](https://example.org/pic.png)");
    expect(text).not.toMatch(/javascript:|#below/);
  });

  test("tells canonical address, author, date and language", () => {
    expect(read(PAGE).metadata).toMatchObject({
      canonical_url: "https://example.org/blog/queues",
      author: "Ada Byron",
      published_at: "2026-01-02T03:04:05Z",
      language: "en-GB",
    });
  });

  test("reads links relative to the page's own base", () => {
    const html = `<head><base href="https://cdn.example.org/deep/"></head><body><p>${PARAGRAPH.repeat(5)}<a href="x">x</a></p></body>`;
    expect(read(html).text).toContain("(https://cdn.example.org/deep/x)");
  });

  test.each([
    ["no html element", `<title>T</title><p>${PARAGRAPH}</p>`],
    ["no body element", `<html><head><title>T</title></head><p>${PARAGRAPH}</p></html>`],
    ["nothing but words", PARAGRAPH],
  ])("reads a page with %s", (_, html) => {
    expect(read(html).text).toContain(PARAGRAPH.trim());
  });

  test("takes the whole body, menus apart, where there is no article", () => {
    const revealed = `<div style="display:none"><p>${PARAGRAPH}</p></div>`;
    const { text, warnings } = read(`<html><body><nav>Menu</nav>${revealed}</body></html>`);
    expect(text).toBe(PARAGRAPH.trim());
    expect(warnings.map((w) => w.code)).toEqual(["HTML_NO_ARTICLE"]);
  });

  test("reads pages that are lists of links", () => {
    const items = Array.from({ length: 30 }, (_, n) => `<li><a href="/p/${n}">Item ${n}</a></li>`).join("");
    const { text } = read(`<html><body><nav>Menu</nav><ul>${items}</ul></body></html>`);
    expect(text).toContain("[Item 29](https://example.org/p/29)");
    expect(text).not.toContain("Menu");
  });

  test("reads the words of tables that only lay a page out", () => {
    const html = `<body><table><tr><td><p>${PARAGRAPH.repeat(4)}</p></td></tr></table></body>`;
    const { text } = read(html);
    expect(text).toContain(PARAGRAPH.trim());
    expect(text).not.toContain("<td>");
  });

  const latin = (head: string) =>
    Buffer.concat([Buffer.from(`${head}<body><p>caf`), Buffer.from([0xe9]), Buffer.from("</p></body>")]);
  test.each([
    ["the header", "", "iso-8859-1"],
    ["a meta element", '<meta charset="ISO-8859-1">', null],
    ["the older meta element", '<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-1">', null],
    ["nobody, like browsers do", "", null],
    ["a meta element that cannot be true", '<meta charset="utf-16">', null],
  ])("takes the charset from %s", (_, head, charset) => {
    expect(read(new Uint8Array(latin(head)), charset).text).toBe("café");
  });

  test("reads pages in other scripts", () => {
    const page = Buffer.concat([
      Buffer.from('<meta charset="shift_jis"><body><p>'),
      Buffer.from([0x93, 0xfa, 0x96, 0x7b, 0x8c, 0xea]),
      Buffer.from("</p></body>"),
    ]);
    expect(read(new Uint8Array(page)).text).toBe("日本語");
  });

  test.each([
    ["nothing in its body", "<html><body></body></html>"],
    ["only scripts", "<html><body><div id=root></div><script>render()</script></body></html>"],
  ])("says CONTENT_EMPTY of a page with %s", (_, html) => {
    expect(() => read(html)).toThrow(expect.objectContaining({ code: "CONTENT_EMPTY" }));
  });

  test("says CONTENT_NOT_TEXT of bytes that are no page", () => {
    const noise = Uint8Array.from({ length: 4_096 }, (_, n) => (n * 7919) % 256);
    expect(() => read(noise, "utf-8")).toThrow(expect.objectContaining({ code: "CONTENT_NOT_TEXT" }));
  });
});
