import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cleanBlock, cleanLine, cut, storable } from "./clean-text.ts";

describe("cleanLine", () => {
  it.each([
    ["a\0b", "a b"],
    ["\u0007bell\u009f", "bell"],
    ["two\r\nlines\tand  spaces ", "two lines and spaces"],
    ["half \ud800 pair", "half \uFFFD pair"],
    ["evil\u202Egpj.exe", "evilgpj.exe"],
    ["\uFEFFmark", "mark"],
    ["e\u0301", "é"],
    ["👩‍🔬 stays", "👩‍🔬 stays"],
    [12, "12"],
    [Number.NaN, ""],
    [null, ""],
    [{}, ""],
    [["a"], ""],
  ])("makes %j into %j", (value, expected) => {
    expect(cleanLine(value, 100)).toBe(expected);
  });

  it("never yields what jsonb or a single line refuses, nor more than asked for", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.integer({ min: 1, max: 50 }), (text, max) => {
        const line = cleanLine(text, max);
        expect(line).not.toMatch(/[\p{Cc}\p{Surrogate}]/u);
        expect(Array.from(line).length).toBeLessThanOrEqual(max);
        expect(cleanLine(line, max)).toBe(line);
      }),
    );
  });
});

it("cleanBlock keeps line breaks, but not gaps", () => {
  expect(cleanBlock("one  \r\n\r\n\n\n\n two\tthree\n- a\0", 100)).toBe("one\n\ntwo three\n- a");
});

describe("cut", () => {
  it("ends at a word and says that there was more", () => {
    expect(cut("one two three four", 12)).toBe("one two…");
    expect(cut("onetwothreefour", 6)).toBe("onetw…");
    expect(cut("short", 5)).toBe("short");
  });

  it("counts characters, not halves of them", () => {
    expect(cut("😀😀😀😀", 4)).toBe("😀😀😀😀");
    expect(cut("😀😀😀😀", 3)).toBe("😀😀…");
  });
});

it("storable takes out only what jsonb refuses", () => {
  expect(storable("a\0b\ud800\n\u0007")).toBe("ab\uFFFD\n\u0007");
});
