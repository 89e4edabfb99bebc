import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { MillraceError } from "@millrace/core";
import { describe, expect, test } from "vitest";
import { extractStep, outline, type StepCall } from "./extract-step.contract.ts";
import {
  assemblyOfCubes,
  changedCube,
  cubeWith,
  deadlyCube,
  STEP_SAMPLES,
  stepSample,
} from "./written-step.contract.ts";

async function refusal(bytes: Uint8Array, call?: StepCall): Promise<{ code: string; retry: string; message: string }> {
  try {
    await extractStep(bytes, call);
  } catch (error) {
    if (error instanceof MillraceError) return { code: error.code, retry: error.retry, message: error.message };
    throw error;
  }
  throw new Error("was not refused");
}

const cube = stepSample("simple-basic-cube/cube.stp");
/** One file lies there twice. */
const SAMPLES = readdirSync(STEP_SAMPLES, { recursive: true, encoding: "utf8" })
  .filter((name) => /\.(?:stp|step)$/i.test(name) && !name.endsWith(join("as1-oc-214", "as1-oc-214.stp")))
  .sort();

describe("B-Q24 the STEP files of CAx-IF and others", () => {
  test("are there", () => {
    expect(SAMPLES.length).toBeGreaterThanOrEqual(50);
  });

  test.each(SAMPLES)("%s", async (name) => {
    const shares: number[] = [];
    const progress = (share: number): void => void shares.push(share);
    const { content, metadata, errors } = await extractStep(readFileSync(join(STEP_SAMPLES, name)), { progress });
    expect(errors).toEqual([]);
    expect(metadata["schema"]).not.toBeNull();
    expect(content.totals.parts).toBeGreaterThan(0);
    expect(content.assembly?.length).toBeGreaterThan(0);
    for (const part of content.parts ?? []) {
      expect(part.name).not.toBe("");
      if (part.bbox === null) continue;
      expect(part.volume).toBeGreaterThan(0);
      expect(part.area).toBeGreaterThan(0);
      // the text and the reader of the shapes know the same part
      expect(part.edge_count).toBeGreaterThan(0);
    }
    expect(shares).toEqual(shares.toSorted((a, b) => a - b));
    expect(shares.at(-1)).toBe(1);
  });
});

describe("B-Q14 bad input", () => {
  test.each<[string, Uint8Array, string]>([
    ["nothing", Buffer.alloc(0), "CONTENT_EMPTY"],
    ["garbage", Buffer.from(Array.from({ length: 50_000 }, (_, i) => (i * 7919) % 256)), "CONTENT_DAMAGED"],
    ["a PDF", Buffer.from("%PDF-1.7\n%âãÏÓ\n"), "CONTENT_DAMAGED"],
    ["a cut file", cube.subarray(0, cube.length / 2), "CONTENT_DAMAGED"],
    [
      "an IFC file",
      changedCube((text) => text.replace(/FILE_SCHEMA \([^;]*;/, "FILE_SCHEMA(('IFC4'));")),
      "UNSUPPORTED_FORMAT",
    ],
    ["a header alone", changedCube((text) => text.replace(/DATA;[\s\S]*?ENDSEC/, "DATA;\nENDSEC")), "CONTENT_EMPTY"],
    ["lists in lists", cubeWith(`#900=A(${"(".repeat(200_000)}${")".repeat(200_000)});`), "CONTENT_TOO_COMPLEX"],
    [
      "two products inside each other",
      cubeWith(`#900=PRODUCT_DEFINITION('other','',#16,#15);
        #901=NEXT_ASSEMBLY_USAGE_OCCURRENCE('1','','',#14,#900,$);
        #902=NEXT_ASSEMBLY_USAGE_OCCURRENCE('2','','',#900,#14,$);`),
      "CONTENT_DAMAGED",
    ],
    [
      "a product inside itself",
      cubeWith("#900=NEXT_ASSEMBLY_USAGE_OCCURRENCE('1','','',#14,#14,$);"),
      "CONTENT_DAMAGED",
    ],
  ])("%s is refused for good", async (_what, bytes, code) => {
    const { code: found, retry, message } = await refusal(bytes);
    expect([found, retry]).toEqual([code, "never"]);
    expect(message).not.toContain("\n");
  });

  test("a file that kills the reader fails once more and harms no other", async () => {
    const exitCode = process.exitCode;
    const [good, bad, alsoGood] = await Promise.all([extractStep(cube), refusal(deadlyCube()), extractStep(cube)]);
    expect([bad.code, bad.retry]).toEqual(["STAGE_CRASHED", "once"]);
    expect(good.content).toEqual(alsoGood.content);
    expect((await extractStep(cube)).content).toEqual(good.content);
    expect((await refusal(deadlyCube())).code).toBe("STAGE_CRASHED");
    expect(process.exitCode).toBe(exitCode);
  });

  test("a file that wants more memory than it may have fails once more", async () => {
    const points = Array.from({ length: 120_000 }, (_, i) => `#${10_000 + i}=CARTESIAN_POINT('',(${i}.,1.,2.));`);
    const large = cubeWith(points.join("\n"));
    const refused = await refusal(large, { extractor: { maxMemoryBytes: 32 * 1024 * 1024 } });
    expect([refused.code, refused.retry]).toEqual(["CONTENT_TOO_COMPLEX", "once"]);
  });

  test("shapes that cannot be read are an error beside the structure that can", async () => {
    const { content, errors } = await extractStep(changedCube((text) => text.replace(/#33=CLOSED_SHELL\([^;]*;/, "")));
    expect(errors.map(({ code }) => code)).toEqual(["STEP_SHAPES_UNREADABLE"]);
    expect(outline(content.assembly ?? [])).toBe("cube");
    expect(content.parts).toMatchObject([{ name: "cube", bbox: null, volume: null }]);
  });

  test("a cancelled extraction does not begin", async () => {
    const reason = new Error("cancelled");
    await expect(extractStep(cube, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  test("a cancel is heard as soon as the shapes are read", async () => {
    const cancel = new AbortController();
    const reason = new Error("cancelled");
    const heard = extractStep(cube, {
      signal: cancel.signal,
      progress: (share) => share >= 0.8 && cancel.abort(reason),
    });
    await expect(heard).rejects.toBe(reason);
  });
});

describe("B-Q20 an assembly", () => {
  test("of eight cubes has eight parts", async () => {
    const { content } = await extractStep(assemblyOfCubes({ levels: 3, uses: 2 }));
    expect(content.parts).toHaveLength(8);
    expect(content.totals).toMatchObject({ part_occurrences: 8, assemblies: 3, volume: 8 * 27_000_000 });
    const level = (inner: string): string => `${inner} ${inner}`;
    expect(outline(content.assembly ?? [])).toBe(`Level 3(${level(`Level 2(${level(`Level 1(${level("cube")})`)})`)})`);
  });

  test("with more parts than may be listed is cut, and says so", async () => {
    const { content, warnings } = await extractStep(assemblyOfCubes({ levels: 3, uses: 2 }), { maxParts: 5 });
    expect(content.parts).toHaveLength(5);
    expect(content.totals).toMatchObject({ parts: 5, part_occurrences: 8 });
    expect(warnings.map(({ code }) => code)).toEqual(["STEP_PARTS_CUT"]);
  });

  test("that doubles on thirty levels is cut without reading its shapes", async () => {
    const { content, warnings } = await extractStep(assemblyOfCubes({ levels: 30, uses: 2 }));
    expect(content.totals).toMatchObject({ part_occurrences: 2 ** 30 });
    expect(content.parts?.length).toBeLessThanOrEqual(10_000);
    expect(warnings.map(({ code }) => code)).toEqual(["STEP_SHAPES_SKIPPED", "STEP_PARTS_CUT"]);
  });

  test("of 10,000 levels uses up no stack", async () => {
    const { content, warnings } = await extractStep(assemblyOfCubes({ levels: 10_000, uses: 1 }));
    expect(content.totals).toMatchObject({ products: 10_001, assemblies: 10_000, part_occurrences: 1 });
    expect(warnings.map(({ code }) => code)).toEqual(["STEP_SHAPES_SKIPPED", "STEP_PARTS_CUT"]);
  });
});
