import { deflateSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { extractPdf, pdfFailure, rawStream, writePdf, writeRawPdf } from "./write-pdf.contract.ts";

const CATALOG = "<< /Type /Catalog /Pages 2 0 R >>";
const PAGES = "<< /Type /Pages /Kids [3 0 R] /Count 1 >>";
const FONT = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>";
const page = (resources = "/Font << /F 5 0 R >>") =>
  `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << ${resources} >> >>`;
const withContents = (contents: Buffer, resources?: string, ...more: readonly (string | Buffer)[]) =>
  writeRawPdf([CATALOG, PAGES, page(resources), contents, FONT, ...more]);
const HELLO = "BT /F 12 Tf 72 700 Td (Hello) Tj ET\n";

const zeros = (megabytes: number) => Buffer.alloc(megabytes * 1024 * 1024, " ");
const bomb = deflateSync(zeros(128));
const MARKS = "~>";
const ascii85 = (bytes: Buffer): string => {
  let text = "";
  for (let at = 0; at + 4 <= bytes.length; at += 4) {
    let group = bytes.readUInt32BE(at);
    let digits = "";
    for (let digit = 0; digit < 5; digit += 1) {
      digits = String.fromCharCode(33 + (group % 85)) + digits;
      group = Math.floor(group / 85);
    }
    text += digits;
  }
  return text + MARKS;
};

describe("PDFs that want more than a machine has get a code in bounded memory (B-Q20)", () => {
  test("a plain one of this kind is read", async () => {
    const { content } = await extractPdf(withContents(rawStream("", HELLO)));
    expect(content.text_blocks).toMatchObject([
      { text: "Hello", bbox: [72, expect.any(Number), expect.any(Number), expect.any(Number)] },
    ]);
  });

  test.each([
    ["deflated", "/Filter /FlateDecode", bomb],
    ["deflated twice", "/Filter [/FlateDecode /FlateDecode]", deflateSync(bomb)],
    ["deflated, as text", "/Filter [/ASCII85Decode /FlateDecode]", Buffer.from(ascii85(bomb))],
    ["deflated, as digits", "/Filter [/ASCIIHexDecode /FlateDecode]", Buffer.from(`${bomb.toString("hex")}>`)],
    ["in runs", "/Filter /RunLengthDecode", Buffer.alloc(2 * 1024 * 1024, Buffer.from([129, 32]))],
  ])("128 MB of blanks, %s: CONTENT_TOO_COMPLEX", async (_, filter, bytes) => {
    expect(await pdfFailure(withContents(rawStream(filter, bytes)))).toMatchObject({
      code: "CONTENT_TOO_COMPLEX",
      retry: "never",
    });
  });

  test("a bomb that lies about its length: CONTENT_TOO_COMPLEX", async () => {
    const honest = Buffer.from(rawStream("/Filter /FlateDecode", bomb)).toString("latin1");
    const lying = honest.replace(/\/Length \d+/, "/Length 10 0 R");
    expect(await pdfFailure(withContents(Buffer.from(lying, "latin1")))).toMatchObject({ code: "CONTENT_TOO_COMPLEX" });
  });

  test("large pictures are no concern: they are not unpacked", async () => {
    const image = rawStream(
      "/Type /XObject /Subtype /Image /Width 12000 /Height 11000 /ColorSpace /DeviceGray /BitsPerComponent 8 /Filter /FlateDecode",
      bomb,
    );
    const resources = "/Font << /F 5 0 R >> /XObject << /I 6 0 R >>";
    const bytes = withContents(rawStream("", `${HELLO}/I Do`), resources, image);
    expect((await extractPdf(bytes)).content.text_blocks).toMatchObject([{ text: "Hello" }]);
  });

  test("a drawing that contains itself ends", async () => {
    const form = rawStream(
      "/Type /XObject /Subtype /Form /BBox [0 0 100 100] /Resources << /XObject << /X 6 0 R >> >>",
      "/X Do",
    );
    const resources = "/Font << /F 5 0 R >> /XObject << /X 6 0 R >>";
    const result = await extractPdf(withContents(rawStream("", `${HELLO}/X Do`), resources, form)).catch(
      (error: unknown) => error,
    );
    if (result instanceof Error) expect(result).toMatchObject({ code: expect.stringMatching(/^CONTENT_/) });
    else expect(result).toMatchObject({ content: { text_blocks: [{ text: "Hello" }] } });
  });

  test("drawings in drawings, a million times over: CONTENT_TOO_COMPLEX, before they are all drawn", async () => {
    const resources = (inner: number) => `/Resources << /Font << /F 5 0 R >> /XObject << /X ${inner} 0 R >> >>`;
    const form = (inner: number, drawing: string) =>
      rawStream(`/Type /XObject /Subtype /Form /BBox [0 0 100 100] ${resources(inner)}`, drawing);
    const forms = Array.from({ length: 11 }, (_, level) => form(7 + level, "/X Do ".repeat(10)));
    const bytes = withContents(
      rawStream("", `${HELLO}/X Do`),
      "/Font << /F 5 0 R >> /XObject << /X 6 0 R >>",
      ...forms,
      form(6, "1 w ".repeat(20_000)),
    );
    expect(await pdfFailure(bytes)).toMatchObject({ code: "CONTENT_TOO_COMPLEX", retry: "never" });
  });

  test("brackets nested a million deep end", async () => {
    const nested = rawStream("", `${"[".repeat(1_000_000)} ${HELLO}`);
    const result = await extractPdf(withContents(nested)).catch((error: unknown) => error);
    if (result instanceof Error) expect(result).toMatchObject({ code: expect.stringMatching(/^CONTENT_/) });
  });

  test("a page tree that is its own child, and one that counts two billion pages, end", async () => {
    const circle = writeRawPdf([CATALOG, "<< /Type /Pages /Kids [2 0 R] /Count 3 >>"]);
    expect(await pdfFailure(circle)).toMatchObject({ code: "CONTENT_DAMAGED" });
    const many = writeRawPdf([
      CATALOG,
      "<< /Type /Pages /Kids [3 0 R] /Count 2000000000 >>",
      page(),
      rawStream("", HELLO),
      FONT,
    ]);
    const result = await extractPdf(many, { pages: [1] });
    expect(result.content.text_blocks).toMatchObject([{ text: "Hello" }]);
  });

  test("more letters than anybody reads are cut with a warning", async () => {
    const line = `BT /F 1 Tf 10 10 Td (${"a".repeat(60_000)}) Tj ET\n`;
    const { warnings, content } = await extractPdf(withContents(rawStream("", line.repeat(10))));
    expect(warnings).toMatchObject([{ code: "PDF_PAGES_CUT", details: { pages: [1] } }]);
    expect(content.text_blocks.length).toBeGreaterThan(0);
  });

  test("a page of 50,000 crossing lines and words is read without inventing a table", async () => {
    const bytes = await writePdf(
      (pdf) => {
        pdf.addPage({ margin: 0 });
        for (let n = 0; n < 25_000; n += 1) {
          pdf.moveTo((n * 7.13) % 590, 0).lineTo((n * 7.13) % 590, 840);
          pdf.moveTo(0, (n * 3.37) % 840).lineTo(590, (n * 3.37) % 840);
        }
        pdf.stroke();
      },
      { compress: true },
    );
    expect((await extractPdf(bytes)).content.tables).toEqual([]);
  });

  test("one unreadable page among good ones is an error beside the rest", async () => {
    const bytes = writeRawPdf([
      CATALOG,
      "<< /Type /Pages /Kids [3 0 R 6 0 R] /Count 2 >>",
      page(),
      rawStream("", HELLO),
      FONT,
      "(not a page)",
    ]);
    const { content, errors, metadata } = await extractPdf(bytes);
    expect(content.text_blocks).toMatchObject([{ text: "Hello", page: 1 }]);
    expect(errors).toMatchObject([{ code: "PDF_PAGES_UNREADABLE", details: { pages: [2] } }]);
    expect(metadata).toMatchObject({ page_count: 2, pages_read: 1 });
  });
});
