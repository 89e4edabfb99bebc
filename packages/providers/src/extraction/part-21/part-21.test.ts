import { MillraceError } from "@millrace/core";
import { describe, expect, test } from "vitest";
import { decodeText } from "./decode-text.ts";
import { indexEntities } from "./index-entities.ts";
import { openPart21 } from "./open-part-21.ts";
import { readParameters } from "./parameters.ts";

function file(instances: string, header = "FILE_SCHEMA(('AUTOMOTIVE_DESIGN'));"): Uint8Array {
  return Buffer.from(
    `ISO-10303-21;\nHEADER;\n${header}\nENDSEC;\nDATA;\n${instances}\nENDSEC;\nEND-ISO-10303-21;\n`,
    "latin1",
  );
}

function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof MillraceError) return error.code;
    throw error;
  }
  return "none";
}

describe("a string of a STEP physical file", () => {
  test.each([
    ["Joe''s", "Joe's"],
    ["\\X2\\00FC4E2D\\X0\\x", "ü中x"],
    ["\\X4\\0001F600\\X0\\", "😀"],
    ["\\X\\FCber", "über"],
    ["K\\S\\|che", "Küche"],
    ["\\PE\\\\S\\1", "Б"],
    ["C:\\\\temp", "C:\\temp"],
    ["one\r\n line", "one line"],
    ["\xc3\xbc as UTF-8", "ü as UTF-8"],
    ["\xfc as Latin-1", "ü as Latin-1"],
    ["a\0b", "ab"],
  ])("%j means %j", (raw, text) => {
    expect(decodeText(raw)).toBe(text);
  });
});

describe("parameters", () => {
  test("are read with their kinds", () => {
    const values = readParameters("A('x''y',#12,$,*,-1.5E+01,.MILLI.,(1,(2)),B(3.),\"0F\") /* c */");
    expect(values).toEqual([
      {
        keyword: "A",
        parameters: [
          "x'y",
          { ref: 12 },
          null,
          null,
          -15,
          { word: "MILLI" },
          [1, [2]],
          { keyword: "B", parameters: [3] },
          { word: "0F" },
        ],
      },
    ]);
  });

  test("end at what is none, however much of it there is", () => {
    expect(readParameters("1,2 % 3")).toEqual([1, 2]);
    expect(() => readParameters(`'${"''".repeat(100_000)}`)).not.toThrow();
    expect(() => readParameters("(".repeat(100_000))).not.toThrow();
  });
});

describe("the instances of a file", () => {
  const text = `
    #30=PRODUCT('a;b /* no comment */','x',$,(#2));
    /* #31=PRODUCT('in a comment'); */
    #10 = PRODUCT ( 'second' ) ;
    #20=(A(1)B('y'));
    #21=product('in small letters');`;
  const index = indexEntities(openPart21(file(text)), ["PRODUCT"]);

  test("are found whatever strings, comments and order they come with", () => {
    expect(index.count).toBe(4);
    expect(index.of("PRODUCT")).toEqual([30, 10, 21]);
    expect(index.counts.get("PRODUCT")).toBe(3);
    expect(index.read(30)?.parameters[0]).toBe("a;b /* no comment */");
    expect(index.read(10)).toEqual({ keyword: "PRODUCT", parameters: ["second"] });
    expect(index.keywordOf(21)).toBe("PRODUCT");
  });

  test("may be complex", () => {
    expect(index.complex).toEqual([20]);
    expect(index.readComplex(20)).toEqual([
      { keyword: "A", parameters: [1] },
      { keyword: "B", parameters: ["y"] },
    ]);
    expect(index.read(20)).toBeUndefined();
  });

  test("that are not there have nothing", () => {
    expect(index.read(31)).toBeUndefined();
    expect(index.keywordOf(99)).toBeUndefined();
    expect(index.readComplex(99)).toEqual([]);
  });

  test("nested beyond reason are refused before they are read", () => {
    const deep = `#1=A(${"(".repeat(100_000)}${")".repeat(100_000)});`;
    expect(codeOf(() => indexEntities(openPart21(file(deep)), []))).toBe("CONTENT_TOO_COMPLEX");
  });
});

describe("a file", () => {
  const whole = Buffer.from(file("#1=A();"));

  test("gives its header", () => {
    const header = `/* by hand */ FILE_DESCRIPTION(('one','two'),'2;1');
      FILE_NAME('a.stp','2024-05-06T07:08:09',('Ada','Bob'),('Org'),'pre','sys','auth');
      FILE_SCHEMA(('AUTOMOTIVE_DESIGN { 1 0 10303 214 1 1 1 1 }'));`;
    expect(openPart21(file("#1=A();", header)).header).toEqual({
      description: "one two",
      implementationLevel: "2;1",
      fileName: "a.stp",
      timestamp: "2024-05-06T07:08:09",
      authors: ["Ada", "Bob"],
      organizations: ["Org"],
      preprocessor: "pre",
      originatingSystem: "sys",
      authorization: "auth",
      schemas: ["AUTOMOTIVE_DESIGN { 1 0 10303 214 1 1 1 1 }"],
    });
  });

  test.each<[string, Uint8Array, string]>([
    ["is empty", Buffer.alloc(0), "CONTENT_EMPTY"],
    ["is blank", Buffer.from(" \r\n "), "CONTENT_EMPTY"],
    ["is something else", Buffer.from("%PDF-1.7 and more"), "CONTENT_DAMAGED"],
    ["is cut off", whole.subarray(0, -20), "CONTENT_DAMAGED"],
    ["is cut off in its header", whole.subarray(0, 30), "CONTENT_DAMAGED"],
    ["has no data", Buffer.from("ISO-10303-21;HEADER;FILE_SCHEMA(('A'));ENDSEC;END-ISO-10303-21;"), "CONTENT_DAMAGED"],
    ["names no schema", file("#1=A();", ""), "CONTENT_DAMAGED"],
    ["has a comment without end", Buffer.from(`ISO-10303-21; ${"/*".repeat(200_000)}`), "CONTENT_DAMAGED"],
  ])("that %s is refused with a code", (_what, bytes, code) => {
    expect(codeOf(() => openPart21(bytes))).toBe(code);
  });

  test.each<[string, Uint8Array]>([
    ["a mark of UTF-8", Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), whole])],
    ["blank bytes at its end", Buffer.concat([whole, Buffer.alloc(5_000)])],
    ["a comment at its end", Buffer.concat([whole, Buffer.from("/* the end */\n")])],
  ])("may have %s", (_what, bytes) => {
    expect(openPart21(bytes).header.schemas).toEqual(["AUTOMOTIVE_DESIGN"]);
  });
});
