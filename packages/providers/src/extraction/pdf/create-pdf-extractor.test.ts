import { describe, expect, test } from "vitest";
import { EXTRACTION_LIMITS } from "../extractor.ts";
import { extractPdf, type PdfKit, pdfFailure, writePdf } from "./write-pdf.contract.ts";

const pages = (count: number) => (pdf: PdfKit) => {
  for (let number = 1; number <= count; number += 1) pdf.addPage().text(`This is page ${number}.`);
};

describe("the text of a PDF (B2.3)", () => {
  test("comes in blocks with page, place, font size and titles", async () => {
    const bytes = await writePdf((pdf) => {
      pdf.addPage().fontSize(24).text("Annual report", 72, 100);
      pdf.fontSize(11).text("The first paragraph\nhas two lines.", 72, 150);
      pdf.text("The second one stands lower.", 72, 300);
    });
    const { text_blocks } = (await extractPdf(bytes)).content;
    expect(text_blocks.map(({ text }) => text)).toEqual([
      "Annual report",
      "The first paragraph\nhas two lines.",
      "The second one stands lower.",
    ]);
    expect(text_blocks.map(({ is_title }) => is_title)).toEqual([true, false, false]);
    expect(text_blocks.map(({ font_size }) => font_size)).toEqual([24, 11, 11]);
    const [title] = text_blocks;
    expect(title).toMatchObject({ page: 1, rotation: 0 });
    const [left, top, right, bottom] = title!.bbox;
    expect(left).toBeCloseTo(72, 0);
    expect(top).toBeGreaterThanOrEqual(97);
    expect(bottom).toBeLessThanOrEqual(130);
    expect(right).toBeGreaterThan(200);
  });

  test("is read column by column under a heading across both", async () => {
    const column = (side: string) => Array.from({ length: 8 }, (_, line) => `${side} line ${line} of prose`).join("\n");
    const bytes = await writePdf((pdf) => {
      pdf.addPage().fontSize(20).text("A heading that stands across the two columns", 50, 60, { width: 500 });
      pdf.fontSize(10).text(column("right"), 320, 120, { width: 220 });
      pdf.text(column("left"), 50, 120, { width: 220 });
    });
    const texts = (await extractPdf(bytes)).content.text_blocks.map(({ text }) => text.slice(0, 10));
    expect(texts).toEqual(["A heading ", "left line ", "right line"]);
  });

  test("keeps its place on pages shown turned, and says how it is turned itself", async () => {
    const bytes = await writePdf((pdf) => {
      pdf.addPage({ size: [400, 600], margin: 0 });
      pdf.rotate(90, { origin: [200, 300] }).text("Turned", 200, 300);
    });
    const upright = await extractPdf(bytes);
    expect(upright.content.text_blocks).toMatchObject([{ text: "Turned", rotation: 90 }]);
    const turned = new Uint8Array(
      Buffer.from(
        Buffer.from(bytes).toString("latin1").replace("/Type /Page\n", "/Type /Page /Rotate 270\n"),
        "latin1",
      ),
    );
    const shown = await extractPdf(turned);
    expect(shown.metadata["page_sizes"]).toEqual([{ page: 1, width: 600, height: 400, rotation: 270 }]);
    expect(shown.content.text_blocks).toMatchObject([{ text: "Turned", rotation: 0 }]);
  });

  test("has its ligatures spelled out and nothing that cannot be stored", async () => {
    const bytes = await writePdf((pdf) => pdf.addPage().text("Büro, naïve, 25 °C ± 2"));
    expect((await extractPdf(bytes)).content.text_blocks).toMatchObject([{ text: "Büro, naïve, 25 °C ± 2" }]);
  });
});

describe("what is asked for (B2.3)", () => {
  test("pages are chosen by number; one beyond the end is a warning", async () => {
    const { content, metadata, warnings } = await extractPdf(await writePdf(pages(5)), { pages: [4, 2, 4, 9] });
    expect(content.text_blocks.map(({ page }) => page)).toEqual([2, 4]);
    expect(metadata).toMatchObject({ page_count: 5, pages_read: 2 });
    expect(warnings).toMatchObject([{ code: "PDF_PAGES_MISSING", details: { pages: [9] } }]);
  });

  test("no page left to read is CONTENT_EMPTY, naming the option", async () => {
    await expect(extractPdf(await writePdf(pages(2)), { pages: [3] })).rejects.toMatchObject({
      code: "CONTENT_EMPTY",
      message: expect.stringContaining("pages"),
    });
  });

  test("B-Q20 pages past the limit are left out with a warning", async () => {
    const limits = { ...EXTRACTION_LIMITS, maxPages: 3 };
    const { metadata, warnings } = await extractPdf(await writePdf(pages(5)), {}, { limits });
    expect(metadata).toMatchObject({ page_count: 5, pages_read: 3 });
    expect(warnings).toMatchObject([{ code: "PDF_TRUNCATED" }]);
  });

  test("parts not asked for are not there", async () => {
    const none = { extract_text: false, extract_tables: false };
    const { content } = await extractPdf(await writePdf(pages(1)), none);
    expect(content).toEqual({});
  });

  test("B-Q24 text recognition is a warning, never a failure", async () => {
    const bytes = await writePdf((pdf) => {
      pdf.addPage().rect(50, 50, 100, 100).fill("black");
      pdf.addPage().text("A page with text");
    });
    const { warnings, content } = await extractPdf(bytes, { use_ocr: true, ocr_language: "deu" });
    expect(warnings).toMatchObject([
      { code: "OCR_UNAVAILABLE", message: expect.stringContaining("deu") },
      { code: "PDF_PAGES_WITHOUT_TEXT", details: { pages: [1] } },
    ]);
    expect(content.text_blocks).toMatchObject([{ page: 2, text: "A page with text" }]);
  });

  test("metadata says what the file says of itself", async () => {
    const info = { Title: "Pump", Author: "Ada Byron", CreationDate: new Date("2024-03-01T10:00:00Z") };
    const bytes = await writePdf((pdf) => pdf.addPage({ size: "A3", layout: "landscape" }).text("x"), { info });
    expect((await extractPdf(bytes)).metadata).toMatchObject({
      page_count: 1,
      pages_read: 1,
      title: "Pump",
      author: "Ada Byron",
      created_at: "2024-03-01T10:00:00.000Z",
      pdf_version: "1.3",
      is_encrypted: false,
      page_sizes: [{ page: 1, width: 1190.55, height: 841.89, rotation: 0 }],
      coordinates: { origin: "top_left", unit: "pt" },
    });
  });
});

describe("while it reads", () => {
  test("progress grows by pages done", async () => {
    const shares: number[] = [];
    await extractPdf(await writePdf(pages(4)), {}, { progress: (share) => shares.push(share) });
    expect(shares).toEqual([0.25, 0.5, 0.75, 1]);
  });

  test("it stops between pages when asked to", async () => {
    const stop = new AbortController();
    let read = 0;
    const progress = () => {
      read += 1;
      if (read === 2) setImmediate(() => stop.abort(new Error("cancelled")));
    };
    const reading = extractPdf(await writePdf(pages(50)), {}, { signal: stop.signal, progress });
    await expect(reading).rejects.toThrow("cancelled");
    expect(read).toBeLessThan(50);
  });

  test("the caller's bytes stay as they are", async () => {
    const bytes = await writePdf(pages(1));
    const copy = bytes.slice();
    await extractPdf(bytes);
    expect(bytes).toEqual(copy);
  });
});

describe("bad files", () => {
  test("locked with a password: CONTENT_ENCRYPTED", async () => {
    const locked = await writePdf(pages(1), { userPassword: "open", ownerPassword: "own" });
    expect(await pdfFailure(locked)).toMatchObject({ code: "CONTENT_ENCRYPTED", retry: "never" });
  });

  test("protected against changes only: read", async () => {
    const bytes = await writePdf(pages(1), { ownerPassword: "own" });
    const { content, metadata } = await extractPdf(bytes);
    expect(content.text_blocks).toMatchObject([{ text: "This is page 1." }]);
    expect(metadata).toMatchObject({ is_encrypted: true });
  });

  test("empty: CONTENT_EMPTY", async () => {
    expect(await pdfFailure(new Uint8Array())).toMatchObject({ code: "CONTENT_EMPTY", retry: "never" });
  });

  test.each([
    ["another file", async () => new Uint8Array(Buffer.from("AC1015 this is a drawing"))],
    ["a mark and nothing else", async () => new Uint8Array(Buffer.from("%PDF-1.7\n"))],
    ["the first tenth of a file", async () => (await writePdf(pages(1))).slice(0, 150)],
    ["noise after the mark", async () => new Uint8Array(Buffer.from(`%PDF-1.4\n${"obj endobj << >> ".repeat(500)}`))],
  ])("%s: CONTENT_DAMAGED", async (_, make) => {
    expect(await pdfFailure(await make())).toMatchObject({ code: "CONTENT_DAMAGED", retry: "never" });
  });

  test("cut off at any place: a code of its own or what could be read, with a warning", async () => {
    const whole = await writePdf(pages(6));
    for (let share = 1; share < 10; share += 1) {
      const cut = whole.slice(0, Math.floor((whole.length * share) / 10));
      const result = await extractPdf(cut).catch((error: unknown) => error);
      const readable = { warnings: expect.arrayContaining([expect.objectContaining({ code: "PDF_END_MISSING" })]) };
      const failed = { code: "CONTENT_DAMAGED" };
      expect(result).toMatchObject(result instanceof Error ? failed : readable);
    }
  });

  test("without its cross reference table: read, with a warning", async () => {
    const whole = Buffer.from(await writePdf(pages(1)));
    const { content, warnings } = await extractPdf(new Uint8Array(whole.subarray(0, whole.lastIndexOf("xref"))));
    expect(content.text_blocks).toMatchObject([{ text: "This is page 1." }]);
    expect(warnings).toMatchObject([{ code: "PDF_END_MISSING" }]);
  });
});
