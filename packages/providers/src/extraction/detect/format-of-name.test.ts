import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatOfName } from "./format-of-name.ts";

describe("formatOfName", () => {
  it.each([
    ["manual.pdf", "pdf"],
    ["plate.DXF", "dxf"],
    ["plate.dwg", "dxf"],
    ["house.Ifc", "ifc"],
    ["part.stp", "step"],
    ["part.STEP", "step"],
    ["part.p21", "step"],
    ["a.b.c.png", "werk24"],
    ["scan.JPG", "werk24"],
    ["scan.jpeg", "werk24"],
    ["scan.tif", "werk24"],
    ["folder/scan.tiff", "werk24"],
  ])("%s is %s", (name, format) => {
    expect(formatOfName(name)).toBe(format);
  });

  it.each([
    "",
    ".",
    "pdf",
    "a.",
    "a.docx",
    "a.pdf.exe",
    "a.pdf ",
    "a.constructor",
    "a.__proto__",
    "a.ifczip",
    "a.pdf\n",
  ])("%j is none", (name) => {
    expect(formatOfName(name)).toBeUndefined();
  });

  it("takes any name, and case never matters", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.constantFrom("pdf", "DxF", "stp", "zip"), (stem, extension) => {
        const name = `${stem}.${extension}`;
        expect(formatOfName(name)).toBe(formatOfName(`x.${extension.toLowerCase()}`));
        formatOfName(stem);
      }),
    );
  });
});
