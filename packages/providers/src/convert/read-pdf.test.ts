import PdfDocument from "pdfkit";
import { describe, expect, test } from "vitest";
import { readPdf } from "./read-pdf.ts";

const signal = new AbortController().signal;

async function makePdf(
  pages: readonly string[],
  options: ConstructorParameters<typeof PdfDocument>[0] = {},
): Promise<Uint8Array> {
  const pdf = new PdfDocument({ ...options, autoFirstPage: false });
  const parts: Buffer[] = [];
  pdf.on("data", (part: Buffer) => parts.push(part));
  const ended = new Promise((resolve) => pdf.on("end", resolve));
  for (const text of pages) pdf.addPage().text(text);
  pdf.end();
  await ended;
  return new Uint8Array(Buffer.concat(parts));
}

const failure = (bytes: Uint8Array) => readPdf(bytes, { signal }).catch((error: unknown) => error);

describe("readPdf", () => {
  test("reads every page's text in order, with title, author and page count", async () => {
    const info = { Title: "Yearly report", Author: "Ada Byron" };
    const document = await readPdf(await makePdf(["First page.", "Second page.", "Third page."], { info }), { signal });
    expect(document).toEqual({
      title: "Yearly report",
      text: "First page.\n\nSecond page.\n\nThird page.",
      metadata: { page_count: 3, author: "Ada Byron" },
      tags: [],
      warnings: [],
    });
  });

  test("takes a short first line for the title when the file names none", async () => {
    const document = await readPdf(await makePdf(["The Title\n\nA first paragraph."]), { signal });
    expect(document.title).toBe("The Title");
  });

  test("leaves its argument's bytes alone", async () => {
    const bytes = await makePdf(["text"]);
    const copy = bytes.slice();
    await readPdf(bytes, { signal });
    expect(bytes).toEqual(copy);
  });

  test("says CONTENT_ENCRYPTED of a locked file", async () => {
    const locked = await makePdf(["secret"], { userPassword: "open", ownerPassword: "own" });
    expect(await failure(locked)).toMatchObject({ code: "CONTENT_ENCRYPTED", retry: "never" });
  });

  test("says CONTENT_EMPTY of pages without a text layer", async () => {
    const error = await failure(await makePdf(["", ""]));
    expect(error).toMatchObject({ code: "CONTENT_EMPTY", message: expect.stringContaining("2 pages") });
  });

  test.each([
    ["another file", async () => new Uint8Array(Buffer.from("<html>not a pdf</html>"))],
    ["a mark and nothing else", async () => new Uint8Array(Buffer.from("%PDF-1.7\n"))],
    ["the first tenth of a file", async () => (await makePdf(["text"])).slice(0, 150)],
    ["noise after the mark", async () => new Uint8Array(Buffer.from(`%PDF-1.4\n${"obj endobj << >> ".repeat(500)}`))],
  ])("says CONTENT_DAMAGED of %s", async (_, make) => {
    expect(await failure(await make())).toMatchObject({ code: "CONTENT_DAMAGED", retry: "never" });
  });

  test("says CONTENT_EMPTY of no bytes", async () => {
    expect(await failure(new Uint8Array())).toMatchObject({ code: "CONTENT_EMPTY" });
  });

  test("reads on when the cross reference table is gone", async () => {
    const whole = Buffer.from(await makePdf(["Still readable."]));
    const cut = whole.subarray(0, whole.lastIndexOf("xref"));
    expect((await readPdf(new Uint8Array(cut), { signal })).text).toBe("Still readable.");
  });

  test("stops between pages when asked to", async () => {
    const bytes = await makePdf(Array.from({ length: 300 }, (_, n) => `Page ${n}. ${"words ".repeat(200)}`));
    const stop = new AbortController();
    const reading = readPdf(bytes, { signal: stop.signal });
    setImmediate(() => stop.abort(new Error("cancelled")));
    await expect(reading).rejects.toThrow("cancelled");
  });
});
