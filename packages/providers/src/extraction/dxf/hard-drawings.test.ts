import { MillraceError } from "@millrace/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  asciiDxf,
  binaryDxf,
  block,
  extractDxf,
  extractWritten,
  insert,
  layer,
  line,
  type Pair,
  pairsOf,
  textOf,
  type WrittenDrawing,
} from "./write-dxf.contract.ts";

const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "latin1"));
const refused = (code: string) => expect.objectContaining({ name: "MillraceError", code, retry: "never" });

const DRAWING: WrittenDrawing = {
  header: [
    [9, "$INSUNITS"],
    [70, 4],
  ],
  tables: layer("Contour", [62, 3], [370, 50], [420, 255]),
  blocks: block("PART", [...line("0", 1), [0, "ATTDEF"], [8, "0"], [2, "POS"], [3, "Position"], [1, "0"], [70, 0]]),
  entities: [
    ...line("Contour", 12.5),
    ...insert("PART", [66, 1]),
    ...([
      [0, "ATTRIB"],
      [8, "0"],
      [2, "POS"],
      [1, "17"],
      [0, "SEQEND"],
    ] as Pair[]),
    ...([
      [0, "MTEXT"],
      [8, "Contour"],
      [10, 1],
      [20, 2],
      [40, 2.5],
      [3, "one "],
      [1, "two"],
    ] as Pair[]),
    ...([
      [0, "DIMENSION"],
      [8, "0"],
      [70, 33],
      [13, 0],
      [23, 0],
      [14, 3],
      [24, 4],
      [290, 1],
      [310, "00ff"],
    ] as Pair[]),
  ],
};

/** For tests that read a drawing hundreds of times. */
const PATIENCE_MS = 300_000;

describe("what is no drawing is refused with a code", () => {
  test.each([
    ["nothing", "", "CONTENT_EMPTY"],
    ["white space", " \r\n\0\n", "CONTENT_EMPTY"],
    ["a DWG of 2018", "AC1032\0\0\0\0", "UNSUPPORTED_FORMAT"],
    ["a DWG of 1986", "AC2.10\0\0", "UNSUPPORTED_FORMAT"],
    ["a PDF", "%PDF-1.7\n1 0 obj", "UNSUPPORTED_FORMAT"],
    ["prose", "Dear Sir or Madam,\n", "UNSUPPORTED_FORMAT"],
    ["a STEP file", "ISO-10303-21;\nHEADER;", "UNSUPPORTED_FORMAT"],
    ["numbers that are no pairs", "12\nabc\nxyz\n", "CONTENT_DAMAGED"],
    ["a drawing that breaks off at once", "0\nSECTION\n2\nENT", "CONTENT_DAMAGED"],
    ["a drawing whose header breaks off", "0\nSECTION\n2\nHEADER\n9\n$ACADVER\n1", "CONTENT_DAMAGED"],
    ["a binary drawing that breaks off", "AutoCAD Binary DXF\r\n\x1a\0\0\0SECT", "CONTENT_DAMAGED"],
  ])("%s", async (_, content, code) => {
    await expect(extractDxf(bytesOf(content))).rejects.toEqual(refused(code));
  });
});

describe("a drawing that is not whole", () => {
  test("gives what was read and says where it broke off", async () => {
    const whole = textOf(pairsOf(DRAWING));
    const { content, errors } = await extractDxf(bytesOf(whole.slice(0, whole.indexOf("DIMENSION") + 20)));
    expect(content.totals).toMatchObject({ entities: 3, texts: 1 });
    expect(content.block_references[0].attributes).toEqual([{ tag: "POS", value: "17" }]);
    expect(errors).toEqual([expect.objectContaining({ code: "DRAWING_TRUNCATED" })]);
  });

  test("gives what was read before a line that is no group code", async () => {
    const damaged = textOf(pairsOf(DRAWING)).replace(/ {2}0\nMTEXT/, "rubbish\nMTEXT");
    const { content, errors } = await extractDxf(bytesOf(damaged));
    expect(content.totals.entities).toBe(2);
    expect(errors[0]!.message).toMatch(/line \d+ is no group code/);
  });

  test.each(["text", "binary"])(
    "cut anywhere, its %s form is read or refused with a code",
    async (form) => {
      const whole = form === "text" ? asciiDxf(DRAWING) : binaryDxf(pairsOf(DRAWING));
      const complete = await extractDxf(whole);
      expect(complete.errors).toEqual([]);
      for (let length = 1; length < whole.length - 4; length += 1) {
        const found = await extractDxf(whole.slice(0, length)).catch((error: unknown) => error);
        if (found instanceof Error) expect(found).toBeInstanceOf(MillraceError);
        else expect(found).toMatchObject({ errors: [{ code: "DRAWING_TRUNCATED" }] });
      }
    },
    PATIENCE_MS,
  );

  test(
    "bytes changed at random never bring an unknown error or a number JSON has not",
    async () => {
      const [text, binary] = [asciiDxf(DRAWING), binaryDxf(pairsOf(DRAWING))];
      const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 12 });
      await fc.assert(
        fc.asyncProperty(fc.boolean(), changes, async (isBinary, list) => {
          const bytes = (isBinary ? binary : text).slice();
          for (const [at, value] of list) bytes[at % bytes.length] = value;
          const found = await extractDxf(bytes).catch((error: unknown) => error);
          if (found instanceof Error) expect(found).toBeInstanceOf(MillraceError);
          else expect(JSON.parse(JSON.stringify(found))).toEqual(found);
        }),
        { numRuns: 500 },
      );
    },
    PATIENCE_MS,
  );
});

describe("hostile drawings", () => {
  test("a tree of blocks a hundred deep and ten wide is counted, not drawn", async () => {
    const blocks = Array.from({ length: 100 }, (_, depth) =>
      block(`B${depth}`, depth === 99 ? line("0", 1) : insert(`B${depth + 1}`, [70, 5], [71, 2])),
    ).flat();
    const { content, errors } = await extractWritten({ blocks, entities: insert("B0") });
    expect(errors).toEqual([]);
    expect(content.blocks[3]).toMatchObject({ name: "B3", nested_insert_count: 10, instance_count: 1_000 });
    expect(content.blocks[99].instance_count).toBe(Number.MAX_SAFE_INTEGER);
    expect(content.totals.entities).toBe(1);
  });

  test("a chain of 20,000 blocks does not exhaust the stack", async () => {
    const blocks = Array.from({ length: 20_000 }, (_, depth) => block(`B${depth}`, insert(`B${depth + 1}`))).flat();
    const { content } = await extractWritten({ blocks, entities: insert("B0", [70, 3]) });
    expect(content.blocks.at(-1)).toMatchObject({ name: "B20000", instance_count: 3, is_defined: false });
  });

  test("blocks that contain themselves are named, those behind them have no count", async () => {
    const { content, errors } = await extractWritten({
      blocks: [
        ...block("A", insert("B")),
        ...block("B", [...insert("A"), ...insert("LEAF")]),
        ...block("SELF", insert("SELF")),
        ...block("LEAF", []),
        ...block("FINE", []),
      ],
      entities: [...insert("A"), ...insert("FINE")],
    });
    expect(errors).toEqual([
      expect.objectContaining({ code: "BLOCK_RECURSION", details: { blocks: ["A", "B", "SELF"] } }),
    ]);
    const counts = content.blocks.map((found: Record<string, unknown>) => [found["name"], found["instance_count"]]);
    expect(Object.fromEntries(counts)).toEqual({ A: null, B: null, LEAF: null, SELF: null, FINE: 1 });
  });

  test("a text of a megabyte, ten thousand kinds and twenty thousand layers stay within bounds", async () => {
    const kinds = Array.from({ length: 10_000 }, (_, index): Pair[] => [
      [0, `KIND${index}`],
      [8, `L${index}`],
    ]).flat();
    const long: Pair[] = [
      [0, "TEXT"],
      [8, "0"],
      [1, "x".repeat(1_000_000)],
    ];
    const { content, warnings } = await extractWritten(
      { entities: [...long, ...kinds] },
      { limits: { maxElements: 500 } },
    );
    expect(content.text[0].text).toHaveLength(32_768);
    expect(content.layers).toHaveLength(500);
    expect(Object.keys(content.geometry.counts)).toHaveLength(501);
    expect(content.geometry.counts.OTHER).toBe(9_501);
    expect(warnings.map(({ code }) => code).sort()).toEqual(["ELEMENTS_CUT", "NAMES_CUT", "TEXT_CUT"]);
  });

  test("a thousand constant attributes in each of two thousand inserts are listed up to the limit", async () => {
    const constants = Array.from({ length: 1_000 }, (_, index): Pair[] => [
      [0, "ATTDEF"],
      [8, "0"],
      [2, `TAG${index}`],
      [1, "x"],
      [70, 2],
    ]).flat();
    const { content, warnings } = await extractWritten(
      { blocks: block("MANY", constants), entities: Array.from({ length: 2_000 }, () => insert("MANY")).flat() },
      { limits: { maxElements: 3_000 } },
    );
    expect(content.block_references).toHaveLength(3);
    expect(content.blocks[0].insert_count).toBe(2_000);
    expect(warnings.map(({ code }) => code)).toEqual(["ATTRIBUTES_CUT"]);
  });

  test("more blocks than the limit are not listed and that is said", async () => {
    const blocks = Array.from({ length: 50 }, (_, index) => block(`B${index}`, insert(`C${index}`))).flat();
    const { content, warnings } = await extractWritten(
      { blocks, entities: line("0", 1) },
      { limits: { maxElements: 5 } },
    );
    expect(content.blocks).toHaveLength(5);
    expect(warnings.map(({ code }) => code)).toContain("NAMES_CUT");
  });

  test("formatting that never ends is read in one go", async () => {
    const endless = ["\\H".repeat(16_000), `\\S${" ".repeat(32_000)};`, `${" ".repeat(32_000)}x`, "^".repeat(32_000)];
    const entities = Array.from({ length: 400 }, (_, index): Pair[] => [
      [0, "MTEXT"],
      [8, "0"],
      [1, endless[index % endless.length]!],
    ]).flat();
    const { content } = await extractWritten({ entities });
    expect(content.totals.texts).toBe(300);
  });

  test("numbers no drawing has are as good as absent", async () => {
    const numbers = ["1e308", "-1e300", "-0", "1e999", "NaN", "Infinity", "12abc", "", "1,5"];
    const entities = numbers.flatMap((value): Pair[] =>
      ["LINE", "LWPOLYLINE", "DIMENSION", "TEXT", "ELLIPSE", "ARC", "INSERT"].flatMap((type): Pair[] => [
        [0, type],
        [8, "0"],
        [1, "text"],
        ...[10, 20, 11, 21, 13, 23, 14, 24, 40, 41, 42, 50, 70, 210, 220, 230].map((code): Pair => [code, value]),
        ...[10, 20, 42].map((code): Pair => [code, value]),
      ]),
    );
    const header: Pair[] = [
      [9, "$INSUNITS"],
      [70, "-0"],
      [9, "$LIMMIN"],
      [10, "-0"],
      [20, 1],
      [9, "$LIMMAX"],
      [10, 2],
      [20, 2],
    ];
    const found = await extractWritten({ header, entities });
    expect(JSON.parse(JSON.stringify(found))).toEqual(found);
    expect(found.content.totals.entities).toBe(numbers.length * 7);
  });

  test("names of every object are names like others", async () => {
    const names = ["__proto__", "constructor", "toString"];
    const { content } = await extractWritten({
      tables: names.flatMap((name) => layer(name)),
      blocks: names.flatMap((name) => block(name, [])),
      entities: names.flatMap((name) => [...insert(name), [0, name] as Pair, [8, name] as Pair]),
    });
    expect(content.blocks.map(({ name, insert_count }: Record<string, unknown>) => [name, insert_count])).toEqual(
      names.map((name) => [name, 1]),
    );
    expect(content.layers.slice(0, 3).map(({ name }: { name: string }) => name)).toEqual(names);
  });
});

describe("while a drawing is read", () => {
  const long = asciiDxf({ entities: Array.from({ length: 60_000 }, (_, index) => line("0", index)).flat() });

  test("the share that is done grows to 1", async () => {
    const shares: number[] = [];
    await extractDxf(long, { progress: (share) => shares.push(share) });
    expect(shares.length).toBeGreaterThan(5);
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    expect(shares.at(-1)).toBe(1);
  });

  test("an abort is heard", async () => {
    const stop = new AbortController();
    const reason = new Error("cancelled");
    const seen: number[] = [];
    const progress = (share: number): void => {
      seen.push(share);
      stop.abort(reason);
    };
    await expect(extractDxf(long, { signal: stop.signal, progress })).rejects.toBe(reason);
    expect(seen).toHaveLength(1);
    await expect(extractDxf(long, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});
