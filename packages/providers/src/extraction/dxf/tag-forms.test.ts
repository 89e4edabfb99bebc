import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  asciiDxf,
  binaryDxf,
  block,
  extractDxf,
  extractWritten,
  insert,
  line,
  type Pair,
  pairsOf,
  textOf,
} from "./write-dxf.contract.ts";

const note = (value: string): Pair[] => [
  [0, "TEXT"],
  [8, "Maße"],
  [1, value],
];
const DRAWING = {
  header: [
    [9, "$INSUNITS"],
    [70, 4],
  ] as Pair[],
  blocks: block("TEIL", line("0", 1)),
  entities: [
    ...line("0", 2.5, [1001, "ACAD"], [1071, 7], [370, 25]),
    ...insert("TEIL", [70, 2]),
    ...note("Ø 20 – größer"),
  ],
};

describe("the forms of one drawing say the same", () => {
  const pairs = pairsOf(DRAWING);
  const text = textOf(pairs);
  const forms: readonly (readonly [string, Uint8Array])[] = [
    ["lines ended as in Windows", new TextEncoder().encode(textOf(pairs, "\r\n"))],
    ["lines ended as on old Macintoshes", new TextEncoder().encode(textOf(pairs, "\r"))],
    ["a byte order mark", new TextEncoder().encode(`\ufeff${text}`)],
    ["a comment first", new TextEncoder().encode(`999\nwritten by a test\n${text}`)],
    ["blank lines around", new TextEncoder().encode(`\n\n${text}\n\n \n`)],
    ["an old end-of-file sign", new TextEncoder().encode(`${text}\u001a`)],
    ["no last line end", new TextEncoder().encode(text.trimEnd())],
    ["binary", binaryDxf(pairs)],
    ["binary of release 12", binaryDxf(pairs, true)],
  ];
  test.each(forms)("%s", async (_, bytes) => {
    expect(await extractDxf(bytes)).toEqual(await extractDxf(asciiDxf(DRAWING)));
  });
});

describe("text is read in the drawing's own code page", () => {
  const inPage = async (page: string | undefined, bytes: readonly number[], version = "AC1015") => {
    const header: Pair[] =
      page === undefined
        ? []
        : [
            [9, "$DWGCODEPAGE"],
            [3, page],
          ];
    const whole = textOf(
      pairsOf({
        version,
        header,
        entities: [
          [0, "TEXT"],
          [8, "0"],
          [1, "@"],
        ],
      }),
    );
    const [before, after] = whole.split("@") as [string, string];
    const { content, warnings } = await extractDxf(
      new Uint8Array(Buffer.concat([Buffer.from(before), Buffer.from(bytes), Buffer.from(after)])),
    );
    return [content.text[0].text, warnings.map(({ code }) => code)];
  };

  test.each<[string | undefined, number[], string]>([
    ["ANSI_1252", [0xe4, 0xd8], "äØ"],
    ["ansi_1251", [0xd4, 0xe8], "Фи"],
    ["ANSI_932", [0x90, 0x7d], "図"],
    ["ANSI_936", [0xcd, 0xbc], "图"],
    ["ANSI_949", [0xb5, 0xb5], "도"],
    ["ANSI_950", [0xb9, 0xcf], "圖"],
    [undefined, [0xe4], "ä"],
    [undefined, [0xc3, 0xa4], "ä"],
  ])("%s", async (page, bytes, text) => {
    expect(await inPage(page, bytes)).toEqual([text, []]);
  });

  test("since 2007 it is UTF-8, whatever the page; what is not is read in the page and said", async () => {
    expect(await inPage("ANSI_1252", [0xc3, 0xa4], "AC1021")).toEqual(["ä", []]);
    expect(await inPage("ANSI_1251", [0xd4], "AC1021")).toEqual(["Ф", ["CHARSET_GUESSED"]]);
  });

  test("a page nobody knows is said", async () => {
    expect(await inPage("ANSI_4711", [0xe4])).toEqual(["ä", ["CHARSET_UNKNOWN"]]);
  });

  test("characters the page lacks are written as escapes", async () => {
    const { content } = await extractWritten({ entities: note("\\U+2300 20 \\M+1907D \\M+9907D") });
    expect(content.text[0].text).toBe("⌀ 20 図 \ufffd");
  });

  test("zeros, which Postgres cannot keep, are dropped", async () => {
    const { content } = await extractWritten({ entities: note("a\0b") });
    expect(content.text[0].text).toBe("ab");
  });
});

const LAYERS = ["0", "A", "B"] as const;
const ENTITY = fc.record({
  kind: fc.constantFrom("LINE", "CIRCLE", "TEXT", "INSERT", "POLYLINE", "DIMENSION"),
  layer: fc.constantFrom(...LAYERS),
  isPaper: fc.boolean(),
  size: fc.integer({ min: 1, max: 99 }),
});

function written({ kind, layer, isPaper, size }: typeof ENTITY extends fc.Arbitrary<infer T> ? T : never): Pair[] {
  const start: Pair[] = [
    [0, kind],
    [8, layer],
    [67, isPaper ? 1 : 0],
  ];
  switch (kind) {
    case "LINE":
      return [...start, [10, 0], [20, 0], [11, size], [21, 0]];
    case "CIRCLE":
      return [...start, [10, 0], [20, 0], [40, size]];
    case "TEXT":
      return [...start, [1, `note ${size}`]];
    case "INSERT":
      return [...start, [2, `BLOCK${size % 3}`], [70, size]];
    case "POLYLINE":
      return [...start, [66, 1], [0, "VERTEX"], [8, layer], [10, 0], [20, 0], [0, "SEQEND"], [8, layer]];
    default:
      return [...start, [70, size % 7]];
  }
}

test("B-Q24 any drawing: what is counted is what was written, in both forms", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(ENTITY, { maxLength: 60 }), fc.boolean(), async (entities, isBinary) => {
      const drawing = { entities: [...entities.flatMap(written), ...line("0", 1)] };
      const { content } = await extractDxf(isBinary ? binaryDxf(pairsOf(drawing)) : asciiDxf(drawing));
      const of = (kind: string) => entities.filter((entity) => entity.kind === kind);
      const sum = (list: readonly { size: number }[]) => list.reduce((total, { size }) => total + size, 0);
      expect(content.totals).toMatchObject({
        entities: entities.length + 1,
        paper_space_entities: entities.filter(({ isPaper }) => isPaper).length,
        inserts: of("INSERT").length,
        texts: of("TEXT").length,
        dimensions: of("DIMENSION").length,
      });
      for (const { name, entity_count } of content.layers) {
        const drawn = entities.filter(({ layer }) => layer === name).length;
        expect(entity_count).toBe(name === "0" ? drawn + 1 : drawn);
      }
      const inserted = content.blocks.map(({ insert_count }: { insert_count: number }) => ({ size: insert_count }));
      expect(sum(inserted)).toBe(sum(of("INSERT")));
      expect(content.geometry.lengths.LINE).toBe(sum(of("LINE")) + 1);
      expect(content.text.map(({ text }: { text: string }) => text)).toEqual(
        of("TEXT").map(({ size }) => `note ${size}`),
      );
    }),
    { numRuns: 200 },
  );
}, 300_000);
