import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type InnerList, parseDictionary, Token, writeInnerList } from "./structured-fields.ts";

const listOf = (text: string): InnerList => parseDictionary(`l=${text}`)?.get("l") as InnerList;

describe("parseDictionary", () => {
  it("reads items and inner lists with parameters of every kind", () => {
    const read = parseDictionary(`  a=( "x"   "y\\"\\\\z";p=?0  tok );n=-12; k="v";f ,\tb=:AQI=:,c, d=*a/b;q `);
    expect([...(read?.keys() ?? [])]).toEqual(["a", "b", "c", "d"]);
    const list = read?.get("a") as InnerList;
    const { items, parameters } = list;
    expect(items.map(({ value }) => value)).toEqual(["x", 'y"\\z', new Token("tok")]);
    expect(items[1]?.parameters).toEqual(new Map([["p", false]]));
    expect([...parameters]).toEqual([
      ["n", -12],
      ["k", "v"],
      ["f", true],
    ]);
    expect(read?.get("b")).toEqual({ value: Buffer.from([1, 2]), parameters: new Map() });
    expect(read?.get("c")).toEqual({ value: true, parameters: new Map() });
    expect(read?.get("d")).toEqual({ value: new Token("*a/b"), parameters: new Map([["q", true]]) });
    expect(parseDictionary("")).toEqual(new Map());
  });

  it.each([
    "a=",
    "A=1",
    "a=1,",
    "a=1;",
    "a=1 b=2",
    'a="open',
    'a="\\n"',
    'a="\u00e9"',
    "a=:AQ",
    "a=:A*Q:",
    "a=?2",
    "a=(1",
    'a=("x""y")',
    "a=1.5",
    "a=1234567890123456",
    "a=1, a=2",
    "a=1;p=1;p=2",
    "a=1;P=1",
    "=1",
    "a=((1))",
    "a=1 ;p=1",
  ])("refuses %s", (text) => {
    expect(parseDictionary(text)).toBeUndefined();
  });

  it("takes any text for a dictionary or for none", () => {
    const parts = fc.constantFrom(...'ab=(;) ,\t"\\:?*1-.é', "sig1=", "created=1", '("@method")');
    const texts = fc.oneof(
      fc.string(),
      fc.array(parts).map((all) => all.join("")),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const read = parseDictionary(text);
        expect(read === undefined || read instanceof Map).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("writeInnerList", () => {
  it("writes a list in the one canonical way", () => {
    const canonical = '("a" "b\\"\\\\";p=?0 t);n=-1;k="v";f;d=:AQI=:';
    expect(writeInnerList(listOf('(  "a"   "b\\"\\\\"; p=?0 t ); n=-1;k="v";f=?1;d=:AQI:'))).toBe(canonical);
    expect(writeInnerList(listOf(canonical))).toBe(canonical);
  });
});
