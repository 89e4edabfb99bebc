import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { extractPdf, type PdfKit, writePdf } from "../write-pdf.contract.ts";

const INVOICE = [
  ["Item", "Quantity", "Weight", "Price", "Delivered"],
  ["Bearing", "12", "0.55", "€ 4.20", "2024-03-01"],
  ["Shaft, long", "3", "12", "€ 120.00", "2024-03-04"],
  ["Seal", "40", "0.02", "€ 0.35", "2024-03-09"],
];

const ruled = (rows: readonly (readonly string[])[]) => (pdf: PdfKit) => {
  pdf
    .addPage()
    .fontSize(10)
    .table({ data: rows.map((row) => [...row]) });
};

/** Cells at fixed places with no lines drawn. */
const plain =
  (rows: readonly (readonly string[])[], width = 110) =>
  (pdf: PdfKit) => {
    pdf.addPage().fontSize(10);
    for (const [y, row] of rows.entries()) {
      for (const [x, cell] of row.entries()) pdf.text(cell, 50 + x * width, 80 + y * 18, { lineBreak: false });
    }
  };

const PROSE =
  "The committee met in spring and discussed what had been said about the matter before, at some length. ".repeat(12);

describe("tables drawn with lines (B2.3, strategy lines)", () => {
  test("come back with headers, rows, page, place, counts and column types", async () => {
    const bytes = await writePdf((pdf) => {
      pdf.addPage().text("A page before the table.");
      ruled(INVOICE)(pdf);
    });
    const { tables } = (await extractPdf(bytes)).content;
    expect(tables).toEqual([
      {
        headers: INVOICE[0],
        rows: INVOICE.slice(1),
        page: 2,
        bbox: expect.any(Array),
        confidence: 1,
        row_count: 4,
        column_count: 5,
        merged_cells: [],
        column_types: ["text", "integer", "number", "currency", "date"],
      },
    ]);
    const [left, top, right, bottom] = tables[0]!.bbox;
    expect([left!, top!, right!].map(Math.round)).toEqual([50, 50, 545]);
    expect(bottom).toBeLessThan(200);
  });

  test("cells over several columns or rows are named", async () => {
    const bytes = await writePdf((pdf) => {
      pdf.addPage().table({
        data: [
          [{ colSpan: 2, text: "Size" }, "Mass"],
          ["width", "height", { rowSpan: 2, text: "7" }],
          ["1", "2"],
        ],
      });
    });
    const [table] = (await extractPdf(bytes)).content.tables;
    expect(table).toMatchObject({
      headers: ["Size", "", "Mass"],
      rows: [
        ["width", "height", "7"],
        ["1", "2", ""],
      ],
      merged_cells: [
        { row: 0, column: 0, row_span: 1, column_span: 2 },
        { row: 1, column: 2, row_span: 2, column_span: 1 },
      ],
    });
  });

  test("lines may be thin filled bars, in pieces, and the outer sides missing", async () => {
    const bytes = await writePdf((pdf) => {
      pdf.addPage();
      for (const y of [100, 130, 160, 190]) {
        for (let x = 100; x < 400; x += 50) pdf.rect(x, y, 50, 0.7).fill("black");
      }
      for (const x of [200, 300]) pdf.rect(x, 100, 0.7, 90).fill("black");
      for (const [y, row] of ["abc", "def", "ghi"].entries()) {
        for (const [x, cell] of [...row].entries()) pdf.text(cell, 140 + x * 100, 110 + y * 30, { lineBreak: false });
      }
    });
    const [table, second] = (await extractPdf(bytes)).content.tables;
    expect(table).toMatchObject({ headers: ["a", "b", "c"], rows: [[..."def"], [..."ghi"]] });
    expect(second).toBeUndefined();
  });

  test("a first row of figures is no header", async () => {
    const bytes = await writePdf(
      ruled([
        ["1", "2"],
        ["3", "4"],
      ]),
    );
    expect((await extractPdf(bytes)).content.tables).toMatchObject([
      {
        headers: [],
        rows: [
          ["1", "2"],
          ["3", "4"],
        ],
        row_count: 2,
      },
    ]);
  });

  test("frames, charts, hatching and boxed prose are no tables", async () => {
    const bytes = await writePdf((pdf) => {
      pdf.addPage().rect(40, 40, 500, 700).stroke();
      pdf.text(PROSE, 60, 60, { width: 400 });
      pdf.rect(60, 400, 200, 200).stroke();
      for (let n = 0; n < 10; n += 1) {
        pdf
          .moveTo(60, 400 + n * 20)
          .lineTo(260, 400 + n * 20)
          .stroke();
        pdf
          .moveTo(60 + n * 20, 400)
          .lineTo(60 + n * 20, 600)
          .stroke();
        pdf.text(String(n * 10), 40, 395 + n * 20, { lineBreak: false });
      }
    });
    expect((await extractPdf(bytes)).content.tables).toEqual([]);
  });

  test("a table in a sheet's frame is found without the sheet", async () => {
    const bytes = await writePdf((pdf) => {
      pdf.addPage({ margin: 0 }).rect(20, 20, 555, 800).stroke();
      for (const y of [740, 780]) pdf.moveTo(375, y).lineTo(575, y).stroke();
      for (const x of [375, 475]) pdf.moveTo(x, 740).lineTo(x, 820).stroke();
      for (const [n, cell] of ["Part", "Count", "Bolt", "8"].entries()) {
        pdf.text(cell, n % 2 === 0 ? 385 : 485, n < 2 ? 750 : 790, { lineBreak: false });
      }
    });
    const { tables } = (await extractPdf(bytes)).content;
    expect(tables).toMatchObject([{ headers: ["Part", "Count"], rows: [["Bolt", "8"]] }]);
    expect(tables[0]!.bbox.map(Math.round)).toEqual([375, 740, 575, 820]);
  });
});

describe("tables without lines (B2.3, strategies text and stream)", () => {
  test.each(["text", "stream"] as const)("%s finds columns of words", async (table_detection_strategy) => {
    const bytes = await writePdf(plain(INVOICE, 100));
    const { tables } = (await extractPdf(bytes, { table_detection_strategy })).content;
    expect(tables).toMatchObject([
      { headers: INVOICE[0], rows: INVOICE.slice(1), column_types: ["text", "integer", "number", "currency", "date"] },
    ]);
    expect(tables[0]!.confidence).toBeGreaterThan(0.6);
  });

  test("text wants aligned edges where stream is content with white space", async () => {
    const ragged = (pdf: PdfKit) => {
      pdf.addPage().fontSize(10);
      for (let y = 0; y < 5; y += 1) {
        for (let x = 0; x < 3; x += 1)
          pdf.text(`w${x}${y}`, 50 + x * 120 + ((y * 17) % 47), 80 + y * 18, { lineBreak: false });
      }
    };
    const bytes = await writePdf(ragged);
    expect((await extractPdf(bytes, { table_detection_strategy: "text" })).content.tables).toEqual([]);
    expect((await extractPdf(bytes, { table_detection_strategy: "stream" })).content.tables).toMatchObject([
      { row_count: 5, column_count: 3 },
    ]);
  });

  test("names in bold above are headers; without a sign of it the first row is a row", async () => {
    const rows = [
      ["Colour", "Shape"],
      ["red", "round"],
      ["blue", "flat"],
      ["green", "long"],
    ];
    const bold = await writePdf((pdf) => {
      plain(rows.slice(1))(pdf);
      pdf.font("Helvetica-Bold");
      for (const [x, cell] of rows[0]!.entries()) pdf.text(cell, 50 + x * 110, 62, { lineBreak: false });
    });
    const options = { table_detection_strategy: "text" } as const;
    expect((await extractPdf(bold, options)).content.tables).toMatchObject([{ headers: rows[0], rows: rows.slice(1) }]);
    const level = await extractPdf(await writePdf(plain(rows)), options);
    expect(level.content.tables).toMatchObject([{ headers: [], rows }]);
  });

  test.each(["lines", "text", "stream"] as const)("%s invents none from prose", async (table_detection_strategy) => {
    const bytes = await writePdf((pdf) => {
      pdf.addPage().text(PROSE, { align: "justify" });
      pdf.addPage().text(PROSE, { align: "justify", columns: 2, columnGap: 30 });
      pdf.addPage().list(["first of all", "then there is this", "and after that", "at last the end of it"]);
      pdf.addPage();
      for (let n = 1; n < 8; n += 1) pdf.text(`${n}. A chapter's name ${". ".repeat(40)} ${n * 7}`);
    });
    expect((await extractPdf(bytes, { table_detection_strategy })).content.tables).toEqual([]);
  });
});

describe("what is aligned and yet no table", () => {
  test("two languages side by side, sentence by sentence", async () => {
    const pairs = [
      ["The machine is started by its lever.", "Die Maschine wird am Hebel gestartet."],
      ["Never open it while it is running.", "Nie im laufenden Betrieb öffnen, bitte."],
      ["Oil the bearings once in a month.", "Lager einmal in jedem Monat schmieren."],
      ["Ask before you change a setting.", "Vor jeder Änderung bitte nachfragen."],
    ];
    const bytes = await writePdf(plain(pairs, 250));
    expect((await extractPdf(bytes, { table_detection_strategy: "text" })).content.tables).toEqual([]);
  });

  test("terms and their explanations", async () => {
    const meaning = "what it means is said in a sentence that needs nearly all of the line";
    const terms = ["lever", "bearing", "gear", "shaft"].map((term, n) => [term, `${n} ${meaning}`]);
    const bytes = await writePdf(plain(terms, 90));
    expect((await extractPdf(bytes, { table_detection_strategy: "stream" })).content.tables).toEqual([]);
  });
});

const cell = fc
  .array(fc.constantFrom(..."abcdefgkmrstuvwxyzABCDEFGHKLMNÄÖÜßéñ"), { minLength: 1, maxLength: 9 })
  .map((letters) => letters.join(""));
const grid = fc
  .tuple(fc.integer({ min: 2, max: 4 }), fc.integer({ min: 3, max: 8 }))
  .chain(([width, height]) =>
    fc.array(fc.array(cell, { minLength: width, maxLength: width }), { minLength: height, maxLength: height }),
  );

describe("any table comes back cell for cell", () => {
  test.each([
    ["lines", ruled],
    ["text", plain],
    ["stream", plain],
  ] as const)("%s", async (table_detection_strategy, draw) => {
    await fc.assert(
      fc.asyncProperty(grid, async (rows) => {
        const bytes = await writePdf(draw(rows));
        const { tables } = (await extractPdf(bytes, { table_detection_strategy })).content;
        expect(tables).toHaveLength(1);
        const [{ headers, rows: body }] = tables as [(typeof tables)[number]];
        expect(headers.length > 0 ? [headers, ...body] : body).toEqual(rows);
      }),
      { numRuns: 40 },
    );
  });
});
