import { describe, expect, test } from "vitest";
import { decodeText } from "./decode-text.ts";

const bytes = (...values: number[]) => Uint8Array.from(values);
const utf8 = (text: string) => new Uint8Array(Buffer.from(text));
const codesOf = (result: ReturnType<typeof decodeText>) => result.warnings.map((warning) => warning.code);

describe("decodeText", () => {
  test("reads UTF-8, with or without its mark, and makes every line end a line feed", () => {
    expect(decodeText(utf8("a\r\nb\rc\nä")).text).toBe("a\nb\nc\nä");
    expect(decodeText(utf8("\uFEFFhello")).text).toBe("hello");
  });

  test("reads UTF-16 of both orders by its mark", () => {
    const little = new Uint8Array(Buffer.from("\uFEFFgrüß dich", "utf16le"));
    const big = new Uint8Array(Buffer.from(Buffer.from("\uFEFFgrüß dich", "utf16le")).swap16());
    expect(decodeText(little)).toEqual({ text: "grüß dich", warnings: [] });
    expect(decodeText(big)).toEqual({ text: "grüß dich", warnings: [] });
  });

  test("replaces bytes that are not UTF-8 and says so", () => {
    const result = decodeText(new Uint8Array(Buffer.concat([Buffer.from("a long enough line "), Buffer.from([0xff])])));
    expect(result.text).toBe("a long enough line \uFFFD");
    expect(codesOf(result)).toEqual(["TEXT_REPLACED"]);
  });

  test("removes NUL characters and says so", () => {
    const result = decodeText(utf8(`one\u0000two ${"word ".repeat(20)}`));
    expect(result.text).not.toContain("\u0000");
    expect(codesOf(result)).toEqual(["NUL_REMOVED"]);
  });

  test("replaces half of a surrogate pair, which no JSON column takes", () => {
    const half = new Uint8Array(Buffer.from("\uFEFFwords around \ud800 it and more words", "utf16le"));
    expect(decodeText(half).text).toBe("words around \uFFFD it and more words");
  });

  test.each([
    ["a declared charset", "iso-8859-1", undefined, "café"],
    ["UTF-8 although another charset fails", "shift_jis", undefined, "caf\uFF83"],
    ["the fallback of pages that say nothing", null, "windows-1252", "café"],
  ])("honours %s", (_, charset, fallback, text) => {
    const latin = bytes(0x63, 0x61, 0x66, charset === "shift_jis" ? 0xc3 : 0xe9);
    expect(decodeText(latin, { charset, ...(fallback === undefined ? {} : { fallback }) }).text).toBe(text);
  });

  test("reads UTF-8 when nobody knows the charset, and says so", () => {
    const result = decodeText(utf8("hello"), { charset: "klingon-8" });
    expect(result.text).toBe("hello");
    expect(codesOf(result)).toEqual(["CHARSET_UNKNOWN"]);
  });

  test.each([
    ["a picture", bytes(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10)],
    ["an archive", utf8("PK\u0003\u0004 and the rest")],
    ["a PDF", utf8("%PDF-1.7\n%rest")],
    ["random bytes", Uint8Array.from({ length: 4_096 }, (_, n) => (n * 7919) % 256)],
    ["zeros", new Uint8Array(1_000)],
  ])("refuses %s as CONTENT_NOT_TEXT", (_, content) => {
    expect(() => decodeText(content)).toThrow(expect.objectContaining({ code: "CONTENT_NOT_TEXT", retry: "never" }));
  });

  test.each(["", " \n\t ", "\uFEFF"])("refuses %j as CONTENT_EMPTY", (text) => {
    expect(() => decodeText(utf8(text))).toThrow(expect.objectContaining({ code: "CONTENT_EMPTY" }));
  });
});
