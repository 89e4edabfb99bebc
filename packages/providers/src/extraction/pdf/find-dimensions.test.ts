import { describe, expect, test } from "vitest";
import { extractPdf, type PdfKit, writePdf } from "./write-pdf.contract.ts";

async function dimensionsIn(...lines: readonly string[]) {
  const bytes = await writePdf((pdf: PdfKit) => {
    pdf.addPage();
    for (const [n, line] of lines.entries()) pdf.text(line, 60, 60 + n * 20, { lineBreak: false });
  });
  const { dimensions } = (await extractPdf(bytes, { extract_dimensions: true, extract_tables: false })).content;
  return dimensions;
}

const none = { tolerance: null, tolerance_plus: null, tolerance_minus: null };

describe("dimensions by their pattern (B2.3)", () => {
  test.each([
    [
      "25.4 ±0.1",
      {
        type: "linear",
        value: 25.4,
        unit: "mm",
        is_unit_assumed: true,
        tolerance: "symmetric",
        tolerance_plus: 0.1,
        tolerance_minus: 0.1,
        confidence: 0.95,
      },
    ],
    ["25,4 ± 0,05 mm", { value: 25.4, unit: "mm", is_unit_assumed: false, tolerance_plus: 0.05 }],
    [
      "40 +0.2/-0.1",
      {
        type: "linear",
        value: 40,
        tolerance: "asymmetric",
        tolerance_plus: 0.2,
        tolerance_minus: 0.1,
        confidence: 0.95,
      },
    ],
    ["40 +0.2 -0.1", { value: 40, tolerance_plus: 0.2, tolerance_minus: 0.1 }],
    [
      "Ø12 +0.018/0",
      { type: "diameter", value: 12, tolerance: "asymmetric", tolerance_plus: 0.018, tolerance_minus: 0 },
    ],
    ["Ø 30", { type: "diameter", value: 30, unit: "mm", ...none, confidence: 0.9 }],
    ["4x Ø6.6", { type: "diameter", value: 6.6, count: 4 }],
    ["Ø20 ±0.02", { type: "diameter", value: 20, tolerance: "symmetric", tolerance_plus: 0.02 }],
    ["Ø8H7", { type: "diameter", value: 8, fit: "H7" }],
    ["R5", { type: "radius", value: 5, unit: "mm", ...none, confidence: 0.85 }],
    ["R 2.5", { type: "radius", value: 2.5 }],
    ["120 mm", { type: "linear", value: 120, unit: "mm", is_unit_assumed: false, ...none, confidence: 0.7 }],
    ["3.5 in", { value: 3.5, unit: "in", confidence: 0.7 }],
    ['3.5"', { value: 3.5, unit: "in", confidence: 0.7 }],
    ["45°", { type: "angle", value: 45, unit: "deg", confidence: 0.7 }],
    ["90° ±0.5°", { type: "angle", value: 90, tolerance_plus: 0.5, unit: "deg" }],
  ])("%s", async (text, expected) => {
    const found = await dimensionsIn(text);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ page: 1, text, ...expected });
  });

  test.each([
    "Version 5.2 of 2024-03-01",
    "see page 12",
    "RS232 and R2D2",
    "12 in the box",
    "ISO 2768",
    "10:30",
    "3 men, 5 metres",
    "area of 20 m²",
  ])("nothing in: %s", async (text) => {
    expect(await dimensionsIn(text)).toEqual([]);
  });

  test("several in one line are found where they stand", async () => {
    const found = await dimensionsIn("nothing", "width 10 mm by Ø8 by R2");
    expect(found.map(({ type, value }) => [type, value])).toEqual([
      ["diameter", 8],
      ["radius", 2],
      ["linear", 10],
    ]);
    const boxes = found.map(({ bbox }) => bbox as number[]);
    const [diameter, , linear] = boxes as [number[], number[], number[]];
    expect(linear[0]).toBeGreaterThan(80);
    expect(linear[2]).toBeLessThan(diameter[0]!);
    for (const [, top] of boxes) expect(top).toBeGreaterThan(75);
  });

  test("tolerances written small above and below, and text turned upright, are read", async () => {
    const bytes = await writePdf((pdf) => {
      pdf.addPage().fontSize(10).text("50", 100, 100, { lineBreak: false });
      pdf.fontSize(5).text("+0.1", 112, 98.5, { lineBreak: false }).text("-0.2", 112, 104, { lineBreak: false });
      pdf
        .fontSize(10)
        .rotate(-90, { origin: [300, 300] })
        .text("Ø16 ±0.1", 300, 300, { lineBreak: false });
    });
    const { dimensions } = (await extractPdf(bytes, { extract_dimensions: true })).content;
    expect(dimensions).toMatchObject([
      { value: 50, tolerance: "asymmetric", tolerance_plus: 0.1, tolerance_minus: 0.2 },
      { type: "diameter", value: 16, tolerance: "symmetric", tolerance_plus: 0.1 },
    ]);
    const [left, top, right, bottom] = dimensions[1]!["bbox"] as [number, number, number, number];
    expect(bottom - top).toBeGreaterThan(right - left);
  });
});
