import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { jsonText, plainText } from "./json-text.ts";

describe("jsonText", () => {
  it("drops NUL, replaces lone surrogates and leaves everything else alone", () => {
    expect(jsonText("a\u0000b")).toBe('"ab"');
    expect(jsonText("\ud83d")).toBe('"\ufffd"');
    expect(jsonText("😀 \\u0000 \\\\u0000 \u0001 \n")).toBe(JSON.stringify("😀 \\u0000 \\\\u0000 \u0001 \n"));
    expect(jsonText(undefined)).toBe("null");
  });

  it("keeps every value that has neither", () => {
    const clean = fc.jsonValue({ maxDepth: 2 }).filter((value) => !/\\u(0000|d[89a-f])/.test(JSON.stringify(value)));
    fc.assert(fc.property(clean, (value) => jsonText(value) === JSON.stringify(value)));
  });

  it("never lets out what jsonb refuses", () => {
    const units = fc.array(fc.constantFrom("\\", "\u0000", "\ud800", "\udfff", "u0000", "a")).map((u) => u.join(""));
    fc.assert(
      fc.property(units, (text) => {
        const read = JSON.parse(jsonText(text)) as string;
        expect(read.includes("\u0000")).toBe(false);
        expect(read).not.toMatch(/\p{Surrogate}/u);
      }),
    );
  });
});

describe("plainText", () => {
  it("drops NUL", () => {
    expect(plainText("a\u0000b\u0000")).toBe("ab");
    expect(plainText(null)).toBeNull();
  });
});
