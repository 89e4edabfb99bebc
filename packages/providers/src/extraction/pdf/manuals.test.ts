import { readFileSync } from "node:fs";
import { missing, sampleFiles } from "@millrace/testing";
import { describe, expect, test } from "vitest";
import { extractPdf } from "./write-pdf.contract.ts";

const [bash, reportlab, gmsh] = await Promise.all([
  sampleFiles("bash-doc"),
  sampleFiles("python-reportlab-doc"),
  sampleFiles("gmsh-doc"),
]);
const problem = bash.problem ?? reportlab.problem ?? gmsh.problem;
const read = (path: string): Uint8Array => new Uint8Array(readFileSync(path));
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

describe.skipIf(missing("samples", problem))("manuals nobody here wrote (B-Q24)", () => {
  test("the Bash reference: pages, titles, and paragraphs in order", async () => {
    const { content, metadata, warnings, errors } = await extractPdf(read(bash.file("bashref.pdf")), {
      pages: [1, 9, 12],
    });
    expect([...warnings, ...errors]).toEqual([]);
    expect(metadata).toMatchObject({ page_count: 196, pages_read: 3, producer: "pdfTeX-1.40.24", creator: "TeX" });
    expect(metadata["page_sizes"]).toContainEqual({ page: 1, width: 612, height: 792, rotation: 0 });
    const [cover] = content.text_blocks;
    expect(cover).toMatchObject({ text: "Bash Reference Manual", page: 1, font_size: 20.66, is_title: true });
    expect(cover!.bbox).toEqual([90, expect.any(Number), 331.26, expect.any(Number)]);
    const titles = content.text_blocks.filter(({ page, is_title }) => page === 12 && is_title).map(({ text }) => text);
    expect(titles).toEqual([
      "3.1.2 Quoting",
      "3.1.2.1 Escape Character",
      "3.1.2.2 Single Quotes",
      "3.1.2.3 Double Quotes",
      "3.1.2.4 ANSI-C Quoting",
    ]);
    const terms = content.text_blocks.filter(({ page }) => page === 9).map(({ text }) => text);
    const blank = terms.indexOf("blank");
    expect(terms[blank + 1]).toBe("A space or tab character.");
  });

  test.each(["lines", "text", "stream"] as const)("prose holds no tables: %s", async (table_detection_strategy) => {
    const options = { extract_text: false, table_detection_strategy, pages: [1, 7, 8, 12, 14, 16, 17, 20, 31, 33] };
    expect((await extractPdf(read(bash.file("bashref.pdf")), options)).content.tables).toEqual([]);
  });

  test("no page of the manual page of Bash has a drawn table", async () => {
    const options = { extract_text: false, pages: range(1, 20) };
    expect((await extractPdf(read(bash.file("bash.pdf")), options)).content.tables).toEqual([]);
  });

  test("the reserved words of Bash are the columns they are printed in", async () => {
    const options = { extract_text: false, table_detection_strategy: "text", pages: [15] } as const;
    const { tables } = (await extractPdf(read(bash.file("bashref.pdf")), options)).content;
    expect(tables).toMatchObject([
      {
        page: 15,
        rows: [
          ["if", "then", "elif", "else", "fi", "time"],
          ["for", "in", "until", "while", "do", "done"],
          ["case", "esac", "coproc", "select", "function", ""],
          ["{", "}", "[[", "]]", "!", ""],
        ],
      },
    ]);
  });

  test("ReportLab's guide: a ruled table, one with figures, and one with merged cells", async () => {
    const bytes = read(reportlab.file("reportlab-userguide.pdf"));
    const { content, metadata } = await extractPdf(bytes, { pages: [83, 87, 89] });
    expect(metadata).toMatchObject({
      page_count: 134,
      title: "ReportLab PDF Generation User Guide",
      author: "the ReportLab Team",
      pdf_version: "1.4",
      created_at: "2024-10-12T17:14:35.000Z",
    });
    const onPage = (number: number) => content.tables.filter(({ page }) => page === number);
    expect(onPage(83)).toEqual([
      {
        headers: ["Attribute", "Synonyms"],
        rows: [
          ["bulletAnchor", "anchor, bulletAnchor, bulletanchor"],
          ["bulletColor", "bulletColor, bulletcolor, color, fg"],
          ["bulletFontName", "bulletFontName, bulletfontname, face, font"],
          ["bulletFontSize", "bulletFontSize, bulletfontsize, fontsize, size"],
          ["bulletIndent", "bulletIndent, bulletindent, indent"],
          ["bulletOffsetY", "bulletOffsetY, bulletoffsety, offsety"],
        ],
        page: 83,
        bbox: [141.64, 78, 453.64, 180],
        confidence: 1,
        row_count: 7,
        column_count: 2,
        merged_cells: [],
        column_types: ["text", "text"],
      },
    ]);
    const [figures] = onPage(87);
    expect(figures).toMatchObject({
      headers: [],
      row_count: 4,
      column_count: 5,
      column_types: Array(5).fill("integer"),
    });
    expect(onPage(89).map(({ merged_cells }) => merged_cells.length)).toContain(2);
    expect(content.text_blocks).toContainEqual(
      expect.objectContaining({ text: "Table 6-3 - <bullet> attributes & synonyms", page: 83 }),
    );
  });

  test("the same table is found without its lines", async () => {
    const options = { table_detection_strategy: "text", pages: [78] } as const;
    const { tables } = (await extractPdf(read(reportlab.file("reportlab-userguide.pdf")), options)).content;
    expect(tables).toMatchObject([{ headers: ["Attribute", "Synonyms"], row_count: 17, column_count: 2 }]);
    expect(tables[0]!.rows[0]).toEqual(["alignment", "align, alignment"]);
  });

  test("Gmsh's manual: blank pages are named, key bindings come in two columns", async () => {
    const options = { table_detection_strategy: "text", pages: range(1, 28) } as const;
    const { content, metadata, warnings } = await extractPdf(read(gmsh.file("doc/gmsh-doc/gmsh.pdf")), options);
    expect(metadata).toMatchObject({ page_count: 390, pages_read: 28 });
    expect(warnings).toMatchObject([{ code: "PDF_PAGES_WITHOUT_TEXT", details: { pages: [2, 6, 10, 12, 14, 20] } }]);
    // its justified lines have wide gaps, some one below the other
    expect(content.tables.filter(({ page }) => page === 13)).toEqual([]);
    const keys = content.tables.find(({ page }) => page === 27);
    expect(keys).toMatchObject({ row_count: 21, column_count: 2, headers: [] });
    expect(keys!.rows.slice(0, 3)).toEqual([
      ["Escape", "Cancel lasso zoom/selection, toggle mouse selection ON/OFF"],
      ["e", "End/accept selection in geometry creation mode"],
      ["g", "Go to geometry module"],
    ]);
  });
});
