import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { crc32, deflateSync } from "node:zlib";
import PdfDocument from "pdfkit";

const OCCT = dirname(createRequire(import.meta.url).resolve("occt-import-js/package.json"));

/** A file of CAx-IF or others that comes with the STEP reader. */
const stepSample = (name: string): Buffer => readFileSync(join(OCCT, "test/testfiles", name));

/** 18 solids with names and colours, from CAx-IF. */
export const assembly = (): Buffer => stepSample("cax-if/as1-oc-214/as1-oc-214.stp");

/** Infinite coordinates: the shapes' reader calls itself until its stack is gone. */
export const deadlyStep = (): Buffer =>
  Buffer.from(
    stepSample("simple-basic-cube/cube.stp")
      .toString("latin1")
      .replace(/CARTESIAN_POINT\('([^']*)',\([^)]*\)/g, "CARTESIAN_POINT('$1',(1.E+400,1.E+400,1.E+400)"),
    "latin1",
  );

type PdfOptions = ConstructorParameters<typeof PdfDocument>[0];

/** A page of prose and one with a ruled table of two columns. */
export async function pdf(options: PdfOptions = {}): Promise<Buffer> {
  const document = new PdfDocument({ size: "A4", margin: 50, ...options });
  const parts: Buffer[] = [];
  document.on("data", (part: Buffer) => parts.push(part));
  const ended = new Promise((resolve) => document.on("end", resolve));
  document.fontSize(20).text("Bill of materials").fontSize(11).text("What the flange is made of.");
  document.addPage();
  const cells = [
    ["Part", "Count"],
    ["Flange", "4"],
    ["Bolt", "16"],
  ];
  for (const [row, texts] of cells.entries())
    for (const [column, text] of texts.entries()) {
      const [x, y] = [60 + column * 120, 100 + row * 24];
      document.rect(x, y, 120, 24).stroke();
      document.text(text, x + 6, y + 7, { lineBreak: false });
    }
  document.end();
  await ended;
  return Buffer.concat(parts);
}

/** 512 MB of blanks in a page's contents. */
export function pdfBomb(): Buffer {
  const contents = deflateSync(Buffer.alloc(512 * 1024 * 1024, " "));
  const objects = [
    Buffer.from("<< /Type /Catalog /Pages 2 0 R >>"),
    Buffer.from("<< /Type /Pages /Kids [3 0 R] /Count 1 >>"),
    Buffer.from("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << >> >>"),
    Buffer.concat([
      Buffer.from(`<< /Filter /FlateDecode /Length ${contents.length} >>\nstream\n`),
      contents,
      Buffer.from("\nendstream"),
    ]),
  ];
  const parts = [Buffer.from("%PDF-1.7\n")];
  const offsets = objects.map((object, index) => {
    const offset = parts.reduce((sum, part) => sum + part.length, 0);
    parts.push(Buffer.from(`${index + 1} 0 obj\n`), object, Buffer.from("\nendobj\n"));
    return offset;
  });
  const start = parts.reduce((sum, part) => sum + part.length, 0);
  const rows = offsets.map((offset) => `${String(offset).padStart(10, "0")} 00000 n \n`).join("");
  parts.push(
    Buffer.from(
      `xref\n0 5\n0000000000 65535 f \n${rows}trailer\n<< /Size 5 /Root 1 0 R >>\nstartxref\n${start}\n%%EOF\n`,
    ),
  );
  return Buffer.concat(parts);
}

type Pair = readonly [code: number, value: string | number];
const written = (pairs: readonly Pair[]): Buffer =>
  Buffer.from(pairs.map(([code, value]) => `${code}\n${value}\n`).join(""));
const section = (name: string, pairs: readonly Pair[]): Pair[] => [[0, "SECTION"], [2, name], ...pairs, [0, "ENDSEC"]];
const line = (length: number): Pair[] => [
  [0, "LINE"],
  [8, "Contour"],
  [10, 0],
  [20, 0],
  [11, length],
  [21, 0],
];

/** Lines on one layer, and a text that tells drawings apart. */
export function dxf(lines: number, text = "a drawing"): Buffer {
  const layer: Pair[] = [
    [0, "TABLE"],
    [2, "LAYER"],
    [0, "LAYER"],
    [2, "Contour"],
    [70, 0],
    [62, 3],
    [6, "CONTINUOUS"],
    [0, "ENDTAB"],
  ];
  const label: Pair[] = [
    [0, "TEXT"],
    [8, "Contour"],
    [10, 1],
    [20, 2],
    [40, 2.5],
    [1, text],
  ];
  const entities = [...Array.from({ length: lines }, (_, i) => line(i + 1)).flat(), ...label];
  return written([
    ...section("HEADER", [
      [9, "$ACADVER"],
      [1, "AC1015"],
      [9, "$INSUNITS"],
      [70, 4],
    ]),
    ...section("TABLES", layer),
    ...section("ENTITIES", entities),
    [0, "EOF"],
  ]);
}

/** Blocks that insert the one before ten times each, `depth` deep. */
export function laughingDxf(depth: number): Buffer {
  const insert = (name: string): Pair[] => [
    [0, "INSERT"],
    [8, "0"],
    [2, name],
    [10, 0],
    [20, 0],
  ];
  const block = (name: string, inside: readonly Pair[]): Pair[] => [
    [0, "BLOCK"],
    [8, "0"],
    [2, name],
    [70, 0],
    [10, 0],
    [20, 0],
    ...inside,
    [0, "ENDBLK"],
  ];
  const blocks = Array.from({ length: depth }, (_, level) =>
    block(`B${level}`, level === 0 ? line(1) : Array.from({ length: 10 }, () => insert(`B${level - 1}`)).flat()),
  );
  return written([
    ...section("HEADER", [
      [9, "$ACADVER"],
      [1, "AC1015"],
    ]),
    ...section("BLOCKS", blocks.flat()),
    ...section("ENTITIES", insert(`B${depth - 1}`)),
    [0, "EOF"],
  ]);
}

/** A site with a building, a storey, and in it a wall with a property set. */
export const ifc = (): Buffer =>
  Buffer.from(`ISO-10303-21;
HEADER;
FILE_DESCRIPTION(('ViewDefinition [CoordinationView]'),'2;1');
FILE_NAME('house.ifc','2026-01-01T00:00:00',('An Author'),('A Firm'),'','','');
FILE_SCHEMA(('IFC4'));
ENDSEC;
DATA;
#1=IFCPROJECT('0YvctVUKr0kugbFTf53O9L',$,'Project',$,$,$,$,(#20),#30);
#2=IFCSITE('1YvctVUKr0kugbFTf53O9L',$,'Site',$,$,$,$,$,.ELEMENT.,$,$,$,$,$);
#3=IFCBUILDING('2YvctVUKr0kugbFTf53O9L',$,'House',$,$,$,$,$,.ELEMENT.,$,$,$);
#4=IFCBUILDINGSTOREY('3YvctVUKr0kugbFTf53O9L',$,'Ground floor',$,$,$,$,$,.ELEMENT.,0.);
#5=IFCWALL('0ZvctVUKr0kugbFTf53O9L',$,'Wall 1',$,$,$,$,'T1',.STANDARD.);
#6=IFCPROPERTYSINGLEVALUE('FireRating',$,IFCLABEL('F90'),$);
#7=IFCPROPERTYSET('1ZvctVUKr0kugbFTf53O9L',$,'Pset_WallCommon',$,(#6));
#8=IFCRELDEFINESBYPROPERTIES('2ZvctVUKr0kugbFTf53O9L',$,$,$,(#5),#7);
#9=IFCRELAGGREGATES('3ZvctVUKr0kugbFTf53O9L',$,$,$,#1,(#2));
#10=IFCRELAGGREGATES('0avctVUKr0kugbFTf53O9L',$,$,$,#2,(#3));
#11=IFCRELAGGREGATES('1avctVUKr0kugbFTf53O9L',$,$,$,#3,(#4));
#12=IFCRELCONTAINEDINSPATIALSTRUCTURE('2avctVUKr0kugbFTf53O9L',$,$,$,(#5),#4);
#20=IFCGEOMETRICREPRESENTATIONCONTEXT($,'Model',3,1.E-05,#21,$);
#21=IFCAXIS2PLACEMENT3D(#22,$,$);
#22=IFCCARTESIANPOINT((0.,0.,0.));
#30=IFCUNITASSIGNMENT((#31));
#31=IFCSIUNIT(*,.LENGTHUNIT.,.MILLI.,.METRE.);
ENDSEC;
END-ISO-10303-21;
`);

/** A grey image of 8 × 8; another shade is another file. */
export function png(shade: number): Buffer {
  const chunk = (type: string, content: Buffer): Buffer => {
    const named = Buffer.concat([Buffer.from(type), content]);
    const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(content.length);
    check.writeUInt32BE(crc32(named));
    return Buffer.concat([length, named, check]);
  };
  const head = Buffer.from([0, 0, 0, 8, 0, 0, 0, 8, 8, 0, 0, 0, 0]);
  const rows = Buffer.concat(
    Array.from({ length: 8 }, () => Buffer.concat([Buffer.from([0]), Buffer.alloc(8, shade)])),
  );
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    chunk("IHDR", head),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}
