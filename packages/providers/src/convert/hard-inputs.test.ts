import { describe, expect, test } from "vitest";
import { createDocumentReader } from "./document-reader.ts";

// The bounds are an order of magnitude above what was measured on two busy cores, and far below a hang.
const LIMIT_MS = 20_000;
const readers = createDocumentReader();
const bytes = (text: string) => new Uint8Array(Buffer.from(text));

const MARKDOWN: readonly (readonly [string, string, string])[] = [
  ["10 MB on one line", "word ".repeat(2_000_000), "word word"],
  ["10 MB of opening brackets", "[".repeat(10_000_000), "[["],
  ["10 MB of half links", "[a](".repeat(2_500_000), "[a]("],
  ["10 MB of half wiki links", "[[a".repeat(3_300_000), "[[a"],
  ["50,000 nested quotes", `${">".repeat(50_000)}deep`, "deep"],
  ["50,000 nested brackets", `${"[ ".repeat(50_000)}deep${" ]".repeat(50_000)}`, "deep"],
  ["400 nested lists", Array.from({ length: 400 }, (_, n) => `${" ".repeat(n * 2)}- a`).join("\n"), "- a"],
  ["2,000 backtick runs of all lengths", Array.from({ length: 2_000 }, (_, n) => "`".repeat(n + 1)).join(" "), "`"],
  ["a million half-open emphases", "*a _b ~~c ".repeat(100_000), "*a"],
  ["front matter that never ends", `---\n${"a: b\n".repeat(1_000_000)}`, "a: b"],
];

const HTML: readonly (readonly [string, string, string])[] = [
  ["100,000 levels", `<body>${"<div>".repeat(100_000)}deep${"</div>".repeat(100_000)}`, "deep"],
  ["190 levels", `<body>${"<div>".repeat(190)}<p>deep</p>${"</div>".repeat(190)}`, "deep"],
  ["190 tables in tables", `${"<table><tr><td>".repeat(190)}deep`, "deep"],
  ["100,000 links", `<body>${"<p>a <a href=/x>link</a></p>".repeat(100_000)}`, "link"],
  ["50,000 paragraphs that never close", "<p>open".repeat(50_000), "open"],
  ["half a million attributes", `<body><div ${"a=b ".repeat(500_000)}>words</div>`, "words"],
  ["comments that never close", `words <p>${"<!--".repeat(500_000)}`, "words"],
  ["five million angle brackets", `words ${"<".repeat(5_000_000)}`, "words"],
];

describe("hard inputs get a clear answer in bounded time", () => {
  test.each(MARKDOWN)("markdown: %s", { timeout: LIMIT_MS }, async (_, text, kept) => {
    const document = await readers.readMarkdown(bytes(text));
    expect(document.text).toContain(kept);
    expect(readers.extractLinks(document.text, 100).total).toBe(0);
  });

  test("markdown: 100,000 links are counted, and as many kept as asked", { timeout: LIMIT_MS }, async () => {
    const { text } = await readers.readMarkdown(bytes("- [a](http://x.org/y)\n".repeat(100_000)));
    const { links, total } = readers.extractLinks(text, 1_000);
    expect(total).toBe(100_000);
    expect(links).toHaveLength(1_000);
  });

  test.each(HTML)("html: %s", { timeout: LIMIT_MS }, async (_, html, kept) => {
    const document = await readers.readHtml(bytes(html), { url: "https://example.org/", charset: null });
    expect(document.text).toContain(kept);
  });

  test("text: 10 MB on one line", async () => {
    expect((await readers.readText(bytes("x".repeat(10_000_000)))).text).toHaveLength(10_000_000);
  });
});
