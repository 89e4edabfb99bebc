import { describe, expect, it } from "vitest";
import { markedHtml } from "./marked-html.ts";

describe("markedHtml", () => {
  it("marks matches and shows markup as text", () => {
    expect(markedHtml(`a \uE000<b>\uE001 & "c" <script>'`)).toBe(
      "a <mark>&lt;b&gt;</mark> &amp; &quot;c&quot; &lt;script&gt;&#39;",
    );
  });

  it("always closes what it opens, whatever the text holds", () => {
    expect(markedHtml("\uE001a\uE000b\uE000c")).toBe("a<mark>bc</mark>");
  });
});
