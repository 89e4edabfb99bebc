import { describe, expect, test } from "vitest";
import { formatOfAnswer } from "./format-of-answer.ts";

const bytes = (text: string) => new Uint8Array(Buffer.from(text));
const page = bytes("<!doctype html><title>x</title>");
const formatOf = (header: string | undefined, body: Uint8Array, path = "/a") =>
  formatOfAnswer(header, body, `https://example.org${path}`);

describe("formatOfAnswer", () => {
  test.each([
    ["text/html; charset=Shift_JIS", page, "/", "html", "web"],
    ["application/xhtml+xml", page, "/", "html", "web"],
    ["TEXT/HTML", page, "/", "html", "web"],
    ["application/pdf", bytes("%PDF-1.7"), "/", "pdf", "pdf"],
    ["application/octet-stream", bytes("%PDF-1.7"), "/x", "pdf", "pdf"],
    ["text/markdown", bytes("# x"), "/", "markdown", "markdown"],
    ["text/plain", bytes("# x"), "/README.md", "markdown", "markdown"],
    ["text/plain; charset=utf-8", bytes("x"), "/x", "text", "text"],
    ["text/plain", page, "/x", "text", "text"],
    ["text/csv", bytes("a,b"), "/x", "text", "text"],
    ["application/json", bytes("{}"), "/x", "text", "text"],
    ["application/atom+xml", bytes("<feed/>"), "/x", "text", "text"],
    [undefined, page, "/x", "html", "web"],
    [undefined, bytes("words"), "/notes.txt", "text", "text"],
  ])("%s at %s%s is read as %s", (header, body, path, format, contentType) => {
    expect(formatOf(header, body, path)).toMatchObject({ format, contentType });
  });

  test.each(["image/png", "image/svg+xml", "application/zip", "video/mp4", "application/octet-stream", "", "nonsense"])(
    "%j is UNSUPPORTED_CONTENT",
    (header) => {
      const read = () => formatOf(header, bytes("\u0000\u0001"));
      expect(read).toThrow(expect.objectContaining({ code: "UNSUPPORTED_CONTENT", retry: "never" }));
    },
  );

  test.each([
    ["text/html; charset=Shift_JIS", "Shift_JIS"],
    ['text/html; boundary=x; CHARSET="utf-8"', "utf-8"],
    ["text/html", null],
  ])("%s says its charset", (header, charset) => {
    expect(formatOf(header, page).charset).toBe(charset);
  });
});
