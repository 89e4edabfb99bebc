import { describe, expect, test } from "vitest";
import { readMarkdown } from "./read-markdown.ts";

const read = (text: string) => readMarkdown(new Uint8Array(Buffer.from(text)));

describe("readMarkdown", () => {
  test("takes title and tags from the front matter before the first heading", () => {
    expect(read("---\ntitle: From above\ntags: a, b\n---\n# From below\n\ntext")).toEqual({
      title: "From above",
      text: "# From below\n\ntext",
      metadata: { front_matter: { title: "From above", tags: "a, b" }, headings: 1 },
      tags: ["a", "b"],
      warnings: [],
    });
  });

  test.each([
    ["# With `code` and *stress* #\n\ntext", "With code and stress"],
    ["Underlined\n==========\n\ntext", "Underlined"],
    ["## Second\n\n# First\n", "First"],
    ["```\n# not a heading\n```\n\n# A heading", "A heading"],
    ["no heading at all", null],
    ["---\ntitle: [a, list]\n---\n# Heading", "Heading"],
    ["---\ntitle: 2024\n---\n", "2024"],
  ])("finds the title of %j", (text, title) => {
    expect(read(text).title).toBe(title);
  });

  test.each([
    ["lang: de-CH", "de-CH"],
    ["language: fr", "fr"],
    ["lang: [de]", undefined],
    ["lang: no language", undefined],
  ])("believes front matter's %s", (line, language) => {
    expect(read(`---\n${line}\n---\ntext`).metadata["language"]).toBe(language);
  });

  test("reads CRLF like LF", () => {
    expect(read("---\r\ntitle: T\r\n---\r\n# H\r\n\r\ntext\r\n")).toMatchObject({ title: "T", text: "# H\n\ntext\n" });
  });

  test("finds headings line by line where the text is too much for a parser", () => {
    const text = `# Title of it #\n\n\`\`\`\n# code\n\`\`\`\n\n${"words ".repeat(100_000)}\n\n## Two\n`;
    const document = read(text);
    expect(document).toMatchObject({ title: "Title of it", metadata: { headings: 2 } });
    expect(document.warnings.map((w) => w.code)).toEqual(["MARKDOWN_SCANNED"]);
  });
});
