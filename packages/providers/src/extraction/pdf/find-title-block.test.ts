import { describe, expect, test } from "vitest";
import { extractPdf, type PdfKit, writePdf } from "./write-pdf.contract.ts";

const SHEET = { size: "A3", layout: "landscape", margin: 0 } as const;
const at = (pdf: PdfKit, text: string, x: number, y: number, size = 9) =>
  pdf.fontSize(size).text(text, x, y, { lineBreak: false });

const titleBlockOf = async (draw: (pdf: PdfKit) => void) =>
  (await extractPdf(await writePdf(draw), { extract_title_block: true })).content.title_block;

describe("the title block of a drawing (B2.3)", () => {
  test("is read from small labels above their values, cell by cell", async () => {
    const fields = [
      ["DRAWING NO.", "MR-10-2044"],
      ["REV", "C"],
      ["SCALE", "1:2"],
      ["SHEET", "1 / 3"],
      ["TITLE", "Bearing housing"],
      ["DRAWN BY", "A. Byron"],
      ["DATE", "2024-03-01"],
      ["MATERIAL", "EN-GJL-250"],
      ["FINISH", "Ra 3.2"],
      ["COMPANY", "Analytical Engines"],
    ];
    const block = await titleBlockOf((pdf) => {
      pdf.addPage(SHEET);
      at(pdf, "Ø40 ±0.1", 300, 200);
      for (const [n, [label, value]] of fields.entries()) {
        const [x, y] = [700 + (n % 4) * 110, 690 + Math.floor(n / 4) * 40];
        pdf.rect(x, y, 110, 40).stroke();
        at(pdf, label!, x + 3, y + 3, 5);
        at(pdf, value!, x + 6, y + 16, 10);
      }
    });
    expect(block).toMatchObject({
      drawing_number: "MR-10-2044",
      revision: "C",
      scale: "1:2",
      sheet: "1 / 3",
      title: "Bearing housing",
      author: "A. Byron",
      date: "2024-03-01",
      material: "EN-GJL-250",
      finish: "Ra 3.2",
      company: "Analytical Engines",
      page: 1,
    });
    const [left, top] = block!["bbox"] as number[];
    expect(left).toBeGreaterThan(690);
    expect(top).toBeGreaterThan(680);
  });

  test("is read from labels beside their values, in cells of their own, German ones too", async () => {
    const rows = [
      ["Benennung", "Lagergehäuse"],
      ["Zeichnungsnr.", "4711-A"],
      ["Maßstab", "1:5"],
      ["Werkstoff", "S235JR"],
      ["Blatt", "2"],
    ];
    const block = await titleBlockOf((pdf) => {
      pdf.addPage(SHEET);
      for (const [n, [label, value]] of rows.entries()) {
        const y = 700 + n * 20;
        pdf.rect(850, y, 90, 20).stroke().rect(940, y, 200, 20).stroke();
        at(pdf, label!, 855, y + 5);
        at(pdf, value!, 945, y + 5);
      }
    });
    expect(block).toMatchObject({
      title: "Lagergehäuse",
      drawing_number: "4711-A",
      scale: "1:5",
      material: "S235JR",
      sheet: "2",
    });
  });

  test("is read from label and value in one text; other names are custom fields", async () => {
    const block = await titleBlockOf((pdf) => {
      pdf.addPage(SHEET);
      const lines = [
        "Title: Pump",
        "Drawing No: 12-34",
        "Rev: B",
        "Scale: 1:1",
        "Checked by: G. Hopper",
        "Tolerances: ISO 2768-m",
      ];
      for (const [n, line] of lines.entries()) at(pdf, line, 900, 700 + n * 14);
    });
    expect(block).toMatchObject({
      title: "Pump",
      drawing_number: "12-34",
      revision: "B",
      scale: "1:1",
      custom_fields: { "Checked by": "G. Hopper", Tolerances: "ISO 2768-m" },
    });
  });

  test("is null where there is none: a letter with a date is no drawing", async () => {
    const block = await titleBlockOf((pdf) => {
      pdf.addPage({ size: "A4" });
      at(pdf, "Date: 2024-03-01", 400, 80);
      at(pdf, "Title of the talk", 60, 200);
      at(pdf, "Page 1", 280, 800);
    });
    expect(block).toBeNull();
  });
});
