import { describe, expect, it } from "vitest";
import { blobName } from "./blob-name.ts";
import { type UploadSigns, uploadType } from "./upload-type.ts";

const signs = (over: Partial<UploadSigns> & { text?: string }): UploadSigns => ({
  declared: undefined,
  fileName: "file",
  mediaType: "application/octet-stream",
  head: Buffer.from(over.text ?? "# hello"),
  ...over,
});

describe("uploadType", () => {
  it.each<[string, Parameters<typeof signs>[0], string]>([
    ["what the caller says", { declared: "markdown", fileName: "a.txt" }, "markdown"],
    ["the magic", { fileName: "a.bin", text: "%PDF-1.7\n" }, "pdf"],
    ["the extension", { fileName: "README.MD", mediaType: "text/plain" }, "markdown"],
    ["the extension of a text", { fileName: "a.txt", mediaType: "application/octet-stream" }, "text"],
    ["the media type", { fileName: "notes", mediaType: "text/x-markdown" }, "markdown"],
    ["magic behind leading junk", { fileName: "a.pdf", text: "junk\n%PDF-1.4" }, "pdf"],
    ["a text that speaks of PDFs", { fileName: "a.md", text: "see %PDF-1.4" }, "markdown"],
  ])("goes by %s", (_name, over, type) => {
    expect(uploadType(signs(over))).toBe(type);
  });

  it.each<[string, Parameters<typeof signs>[0]]>([
    ["an unknown kind", { fileName: "a.docx" }],
    ["a web page", { fileName: "a.html", mediaType: "text/html" }],
    ["nothing to go by", {}],
    ["a PDF without its magic", { fileName: "a.pdf", text: "hello" }],
    ["a PDF said to be markdown", { declared: "markdown", text: "%PDF-1.7" }],
    ["an extension of another object", { fileName: "a.constructor" }],
  ])("refuses %s with 415", (_name, over) => {
    expect(() => uploadType(signs(over))).toThrow(expect.objectContaining({ code: "UNSUPPORTED_MEDIA_TYPE" }));
  });
});

describe("blobName", () => {
  it.each([
    ["report.pdf", "report.pdf"],
    ["../../etc/passwd", "passwd"],
    ["C:\\docs\\Übersicht 1.md", "bersicht_1.md"],
    [".env", "env"],
    ["..", "file"],
    ["", "file"],
    ["日本語", "file"],
    [`${"a".repeat(300)}.markdown`, `${"a".repeat(91)}.markdown`],
  ])("%j is stored as %j", (given, stored) => {
    expect(blobName(given)).toBe(stored);
  });
});
