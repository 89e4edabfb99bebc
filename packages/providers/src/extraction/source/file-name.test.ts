import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fileNameOf } from "./file-name.ts";

const named = (disposition: string, url = "https://example.com/get?id=7"): string =>
  fileNameOf({ "content-disposition": disposition }, url);

describe("fileNameOf", () => {
  it.each([
    ['attachment; filename="part one.stp"', "part one.stp"],
    ["attachment; filename=part.stp", "part.stp"],
    ['attachment; filename="say \\"hi\\".pdf"', 'say "hi".pdf'],
    [`attachment; filename="ma\xc3\x9fe.dxf"`, "maße.dxf"],
    ["attachment; filename=\"x.dxf\"; filename*=UTF-8''ma%C3%9Fe.dxf", "maße.dxf"],
    ["attachment; filename*=UTF-8''%E0%A4%A.dxf", "%E0%A4%A.dxf"],
    ['attachment; filename="../../etc/passwd"', "passwd"],
    ['attachment; filename="C:\\\\plans\\\\a.dwg"', "a.dwg"],
    ['attachment; filename=".."', "get"],
    ["inline", "get"],
  ])("%s", (disposition, name) => {
    expect(named(disposition)).toBe(name);
  });

  it.each([
    ["https://example.com/plans/Fl%C3%BCgel%20A.pdf?x=1#y", "Flügel A.pdf"],
    ["https://example.com/", "file"],
    ["https://example.com/%2e%2e%2f", "file"],
    ["https://example.com/a%00b%0a.pdf", "ab.pdf"],
  ])("%s", (url, name) => {
    expect(fileNameOf({}, url)).toBe(name);
  });

  it("is a plain name whatever a server writes", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 600 }), fc.webPath(), (text, path) => {
        const name = fileNameOf(
          { "content-disposition": `attachment; filename="${text}"` },
          `https://example.com${path}`,
        );
        expect(name.length).toBeGreaterThan(0);
        expect(name.length).toBeLessThanOrEqual(512);
        expect(name).not.toMatch(/[\\/\p{C}]|^\.+$/u);
      }),
    );
  });
});
