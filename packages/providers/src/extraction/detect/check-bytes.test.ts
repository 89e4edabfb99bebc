import { open, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { deflateRawSync, gzipSync } from "node:zlib";
import type { MillraceError } from "@millrace/core";
import { missing, sampleFiles } from "@millrace/testing";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { EXTRACTION_FORMATS, type ExtractionFormat } from "../extractor.ts";
import { CHECKED_BYTES, checkBytes } from "./check-bytes.ts";
import { type FileKind, kindOfBytes } from "./kind-of-bytes.ts";

const bytesOf = (text: string): Buffer => Buffer.from(text, "latin1");
const stepFile = (schema: string, before = ""): string =>
  `${before}ISO-10303-21;\nHEADER;\nFILE_DESCRIPTION((''),'2;1');\nFILE_NAME('x','',(''),(''),'','','');\n${schema}ENDSEC;\nDATA;\n`;
const AP214 = "FILE_SCHEMA(('AUTOMOTIVE_DESIGN { 1 0 10303 214 1 1 1 1 }'));\n";

const KINDS: readonly (readonly [string, string, FileKind])[] = [
  ["a PDF", "%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "pdf"],
  ["a PDF after a mail header", `X-Junk: 1\r\n\r\n${" ".repeat(900)}%PDF-1.4\n`, "pdf"],
  ["a PDF mark beyond the first KB", `${"x".repeat(1_024)}%PDF-1.4\n`, "text"],
  ["DXF with aligned codes", "  0\r\nSECTION\r\n  2\r\nHEADER\r\n", "dxf"],
  ["DXF with bare codes", "0\nSECTION\n2\nENTITIES\n", "dxf"],
  ["DXF of old Macs", "0\rSECTION\r2\rENTITIES\r", "dxf"],
  ["DXF after comments", "999\nmade by hand\n999\nSECTION\n  0\nSECTION\n", "dxf"],
  ["DXF after a byte order mark and blank lines", "\xef\xbb\xbf\r\n\r\n  0\r\nSECTION\r\n", "dxf"],
  ["DXF with nothing in it", "0\nEOF\n", "dxf"],
  ["binary DXF", "AutoCAD Binary DXF\r\n\x1a\0\0SECTION\0", "binary_dxf"],
  ["numbers on lines", "0\nLINE\n8\n0\n", "text"],
  ["DWG 2018", "AC1032\0\0\0\0", "dwg"],
  ["DWG release 10", "AC1006\0\0", "dwg"],
  ["IFC 4", stepFile("FILE_SCHEMA(('IFC4'));\n"), "ifc"],
  ["IFC 2x3 in small letters", stepFile("file_schema ( ( ' ifc2x3' ) ) ;\n"), "ifc"],
  ["STEP AP214", stepFile(AP214), "step"],
  ["STEP after a comment", stepFile(AP214, "/* by a **translator** */\n"), "step"],
  [
    "STEP that speaks of IFC",
    stepFile(`FILE_POPULATION('FILE_SCHEMA((''IFC4''))');/* FILE_SCHEMA(('IFC4')) */${AP214}`),
    "step",
  ],
  ["ISO 10303-21 cut before its schema", "ISO-10303-21;\nHEADER;\n", "step_or_ifc"],
  ["PNG", "\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "png"],
  ["JPEG", "\xff\xd8\xff\xe0\0\x10JFIF", "jpeg"],
  ["TIFF, little end first", "II*\0\x08\0\0\0", "tiff"],
  ["TIFF, big end first", "MM\0*\0\0\0\x08", "tiff"],
  ["BigTIFF", "MM\0+\0\x08", "tiff"],
  ["GIF", "GIF89a", "gif"],
  ["WebP", "RIFF\x10\0\0\0WEBPVP8 ", "webp"],
  ["a ZIP that holds a PDF", "PK\x03\x04\x14\0\0\0\0\0x.pdf%PDF-1.7\n", "zip"],
  ["gzip", gzipSync("0\nSECTION\n").toString("latin1"), "gzip"],
  ["7z", "7z\xbc\xaf\x27\x1c", "archive"],
  ["an old Office document", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "office"],
  ["a login page", "\n<!DOCTYPE html><html><body>Please log in</body></html>", "html"],
  ["ifcXML", "<?xml version='1.0'?><ifc:iso_10303_28/>", "xml"],
  ["JSON", '  {"error":"not found"}', "json"],
  ["a letter", "Dear Sir,\n", "text"],
  ["bytes of no meaning", "\0\x01\x02\x03", "unknown"],
];

const errorOf = (format: ExtractionFormat, bytes: Uint8Array, name = "file"): MillraceError | undefined => {
  try {
    checkBytes(format, bytes, name);
    return undefined;
  } catch (error) {
    return error as MillraceError;
  }
};

describe("kindOfBytes", () => {
  it.each(KINDS)("%s", (_what, text, kind) => {
    expect(kindOfBytes(bytesOf(text))).toBe(kind);
  });

  it("takes any bytes", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => typeof kindOfBytes(bytes) === "string"));
    expect(kindOfBytes(new Uint8Array())).toBe("unknown");
  });

  it("looks at a part of a bigger buffer only", () => {
    const whole = bytesOf("%PDF-1.7\n\x89PNG\r\n\x1a\n");
    expect(kindOfBytes(whole.subarray(9))).toBe("png");
  });

  it("is not held up by text made to be searched for long", () => {
    for (const piece of ["/**/", "/*", "'", "''", " ", "\n", "999\n", "FILE_SCHEMA((", "/* ' */"]) {
      kindOfBytes(bytesOf(piece.repeat(30_000)));
      kindOfBytes(bytesOf(`ISO-10303-21;${piece.repeat(30_000)}`));
    }
  });
});

describe("checkBytes", () => {
  const KINDS_OF: Record<ExtractionFormat, FileKind[]> = {
    pdf: ["pdf"],
    dxf: ["dxf", "binary_dxf"],
    ifc: ["ifc", "step_or_ifc"],
    step: ["step", "step_or_ifc"],
    werk24: ["pdf", "png", "jpeg", "tiff"],
  };

  it.each(EXTRACTION_FORMATS)("B-Q20 takes as %s what is, and names what is not", (format) => {
    for (const [, text, kind] of KINDS) {
      const error = errorOf(format, bytesOf(text), "part.xyz");
      if (KINDS_OF[format].includes(kind)) {
        expect(error, text).toBeUndefined();
      } else {
        expect(error, text).toMatchObject({
          code: "UNSUPPORTED_FORMAT",
          retry: "never",
          details: { format, looks_like: kind },
        });
        expect(error?.message).toMatch(/^part\.xyz cannot be read as /);
      }
    }
  });

  it("says what to do about DWG and archives, and that nothing is nothing", () => {
    expect(errorOf("dxf", bytesOf("AC1027\0"))?.message).toContain("save the drawing as DXF");
    expect(errorOf("ifc", bytesOf("PK\x03\x04"))?.message).toContain("Unpack it");
    expect(errorOf("pdf", new Uint8Array())).toMatchObject({ code: "CONTENT_EMPTY", retry: "never" });
  });

  it("throws nothing but these two codes, whatever the bytes", () => {
    const format = fc.constantFrom(...EXTRACTION_FORMATS);
    const start = fc.constantFrom(
      "",
      "%PDF-",
      "0\nSECTION",
      "999\n",
      "ISO-10303-21;",
      "PK\x03\x04",
      "II*\0",
      "<",
      "AC10",
    );
    fc.assert(
      fc.property(format, start, fc.uint8Array({ maxLength: 200 }), fc.string(), (as, text, rest, name) => {
        const error = errorOf(as, Buffer.concat([bytesOf(text), rest]), name);
        if (error !== undefined) expect(["CONTENT_EMPTY", "UNSUPPORTED_FORMAT"]).toContain(error.code);
      }),
    );
  });

  it("never takes compressed data for a drawing", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 50, maxLength: 500 }), (bytes) => {
        for (const format of EXTRACTION_FORMATS) {
          expect(errorOf(format, gzipSync(bytes))?.code).toBe("UNSUPPORTED_FORMAT");
          expect(errorOf("step", Buffer.concat([bytesOf("PK\x03\x04"), deflateRawSync(bytes)]))?.code).toBe(
            "UNSUPPORTED_FORMAT",
          );
        }
      }),
      { numRuns: 50 },
    );
  });
});

async function startOf(path: string): Promise<Buffer> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(CHECKED_BYTES), 0, CHECKED_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

const [drawings, manuals, models] = await Promise.all([
  sampleFiles("librecad-data"),
  sampleFiles("gmsh-doc"),
  sampleFiles("assimp-testmodels"),
]);
const noSamples = drawings.problem ?? manuals.problem ?? models.problem;

describe.skipIf(missing("samples", noSamples))("files nobody here wrote", () => {
  test("every drawing of LibreCAD's library is DXF", async () => {
    const files = drawings.files("dxf");
    expect(files.length).toBeGreaterThan(1_000);
    for (const file of files) expect(errorOf("dxf", await startOf(file), file)).toBeUndefined();
  });

  test("IFC and STEP are told apart, PDF and images known", async () => {
    for (const file of models.files("ifc")) expect(kindOfBytes(await startOf(file)), file).toBe("ifc");
    for (const file of manuals.files("step")) expect(kindOfBytes(await startOf(file)), file).toBe("step");
    for (const file of manuals.files("pdf")) expect(kindOfBytes(await startOf(file)), file).toBe("pdf");
    const images = models.files("png");
    expect(models.files("ifc").length * manuals.files("step").length * images.length).toBeGreaterThan(0);
    for (const file of images) expect(errorOf("werk24", await startOf(file), file), file).toBeUndefined();
  });
});

test("the CAx-IF samples of occt-import-js are STEP", async () => {
  const folder = join(
    dirname(createRequire(import.meta.url).resolve("occt-import-js/package.json")),
    "test",
    "testfiles",
  );
  for (const name of ["cax-if/as1_pe_203.stp", "simple-basic-cube/cube.stp"]) {
    expect(kindOfBytes(await readFile(join(folder, name))), name).toBe("step");
  }
});
