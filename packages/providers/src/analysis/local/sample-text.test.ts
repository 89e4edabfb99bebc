import { describe, expect, it } from "vitest";
import { sampleText } from "./sample-text.ts";

describe("sampleText", () => {
  it("leaves a small text as it is", () => {
    expect(sampleText("a\n\nb")).toEqual({ text: "a\n\nb", laterHeadings: [], repeatedShare: 0, warnings: [] });
  });

  it("keeps the beginning and the headings of the rest, and ends at a word", () => {
    const body = Array.from({ length: 10_000 }, (_, line) => `line number ${line} of the text`).join("\n");
    const { text, laterHeadings, warnings } = sampleText(`${body}\n## Later part\nmore`);
    expect(text.length).toBeLessThanOrEqual(60_001);
    expect(text.startsWith("line number 0 of the text\n")).toBe(true);
    expect(laterHeadings).toEqual(["## Later part"]);
    expect(warnings).toMatchObject([{ code: "TEXT_SAMPLED" }]);
    expect(sampleText("word ".repeat(20_000)).text).toMatch(/word$/);
  });

  it("keeps three of many equal lines and what follows them", () => {
    const { text, repeatedShare, warnings } = sampleText(`${"the same line\n".repeat(5_000)}the end`);
    expect(text.split("\n")).toEqual(["the same line", "the same line", "the same line", "the end"]);
    expect(repeatedShare).toBeGreaterThan(0.9);
    expect(warnings).toMatchObject([{ code: "TEXT_REPETITIVE" }]);
  });

  it("makes control characters spaces and mends half surrogates", () => {
    expect(sampleText("a\0b\r\nc\fd\ud800").text).toBe("a b\nc\nd\uFFFD");
  });
});
