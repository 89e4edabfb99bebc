import { MillraceError } from "@millrace/core";
import { afterEach, describe, expect, test } from "vitest";
import { type ExtractionBench, NOTHING, OWNER, openBench, type Reading, RUN } from "./pipeline.contract.ts";

const PDF = "%PDF-1.7\n%âãÏÓ\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n";
const STRANGER = "0197a6f0-0000-7000-8000-00000000feed";

let bench: ExtractionBench;
afterEach(() => bench.stop());

async function runPdf(reading: Reading, more: object = {}) {
  bench = await openBench(reading);
  const file_url = await bench.keep("a.pdf", PDF);
  return bench.run({ format: "pdf", filename: "plan.pdf", file_url, ...more });
}

describe("a file", () => {
  test("becomes an envelope with its own fields beside it, small ones in the row; storing twice is storing once (B-S07, B-S25)", async () => {
    const { result, outputs } = await runPdf(async ({ bytes, options, fileName, limits: { ...limits } }) => ({
      content: {
        tables: [{ rows: 2 }, { rows: 3 }],
        text_blocks: [],
        seen: { options: options as never, fileName, limits: { ...limits } },
        counts: { pages: 7 },
      },
      metadata: { page_count: 7, bytes: bytes.length },
      errors: [{ code: "PAGE_FAILED", message: "page 3" }],
      warnings: [],
    }));
    expect(result).toEqual({
      source_file: "plan.pdf",
      source_type: "pdf",
      success: true,
      metadata: { page_count: 7, bytes: Buffer.byteLength(PDF) },
      errors: [{ code: "PAGE_FAILED", message: "page 3" }],
      warnings: [],
      file_size: Buffer.byteLength(PDF),
      counts: { tables: 2, text_blocks: 0 },
      tables: [{ rows: 2 }, { rows: 3 }],
      text_blocks: [],
      seen: {
        options: expect.objectContaining({ extract_tables: true, pages: null }),
        fileName: "plan.pdf",
        limits: expect.objectContaining({ maxPages: 100, maxElements: 50_000, maxParts: 10_000 }),
      },
      result_ref: `${OWNER}/extractions/${RUN}/${RUN}.json`,
      is_inline: true,
    });
    const { result_ref, is_inline, ...whole } = result;
    expect(JSON.parse(new TextDecoder().decode(await bench.blobs.get(result_ref)))).toEqual(whole);
    const left: string[] = [];
    for await (const { key } of bench.blobs.list(`jobs/${RUN}/`)) left.push(key);
    expect(left).toEqual([]);
    expect(await bench.again("store", outputs)).toEqual(result);
    expect(outputs["download"]).toMatchObject({
      bytes: Buffer.byteLength(PDF),
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  test("leaves a large result to its blob, and a retry leaves it under the extraction it continues (B-Q15)", async () => {
    const text_blocks = Array.from({ length: 3_000 }, (_, i) => ({ text: `${i} `.repeat(30) }));
    const extraction_id = "0197a6f0-0000-7000-8000-0000000000aa";
    const { result } = await runPdf(async () => ({ ...NOTHING, content: { text_blocks } }), { extraction_id });
    expect(result).toMatchObject({ is_inline: false, counts: { text_blocks: 3_000 } });
    expect(result).not.toHaveProperty("text_blocks");
    expect(result.result_ref).toBe(`${OWNER}/extractions/${extraction_id}/${RUN}.json`);
    const whole = JSON.parse(new TextDecoder().decode(await bench.blobs.get(result.result_ref)));
    expect(whole.text_blocks).toEqual(text_blocks);
  });

  test("is stored as Postgres takes it: no NUL, no half characters, no endless trees (B-S11)", async () => {
    let tree: object = { leaf: true };
    for (let depth = 0; depth < 10_000; depth += 1) tree = { child: tree };
    const { result } = await runPdf(async () => ({
      ...NOTHING,
      content: { text: "nul\u0000 half \ud800", "k\u0000": Number.NaN, tree: tree as never, __proto__x: 1 },
    }));
    expect(result).toMatchObject({ text: "nul half \ufffd", k: null });
    expect(result.warnings).toEqual([expect.objectContaining({ code: "NESTED_TOO_DEEP" })]);
    expect(JSON.stringify(result).match(/"child"/g)).toHaveLength(98);
  });

  test("says how far its reading is, never less than before (B2.4)", async () => {
    const { progress } = await runPdf(async ({ progress: say }) => {
      for (const share of [0.1, 0.5, 0.3, Number.NaN, 1, 2]) say(share);
      return NOTHING;
    });
    expect(progress).toEqual([0.095, 0.475, 0.95]);
  });

  test.each<[string, Error, object]>([
    [
      "its own word",
      new MillraceError("CONTENT_ENCRYPTED", "needs a password"),
      { code: "CONTENT_ENCRYPTED", retry: "never" },
    ],
    ["no room left", new RangeError("Array buffer allocation failed"), { code: "CONTENT_TOO_COMPLEX", retry: "once" }],
    [
      "a crash in WebAssembly",
      Object.assign(new Error("memory access out of bounds"), { name: "RuntimeError" }),
      { code: "STAGE_CRASHED", retry: "once" },
    ],
    ["anything else", new TypeError("x is not a function"), { name: "TypeError" }],
  ])("fails with %s as what it is (B-Q14)", async (_, error, expected) => {
    await expect(runPdf(() => Promise.reject(error))).rejects.toMatchObject(expected);
  });

  test("is refused when its bytes are of another format, too many, none, or another owner's (B-Q20, B-Q23)", async () => {
    bench = await openBench(async () => NOTHING, { limits: { maxBytes: 100 } });
    const file = { format: "pdf", filename: "a.pdf" } as const;
    const run = async (name: string, bytes: string) => bench.run({ ...file, file_url: await bench.keep(name, bytes) });
    await expect(run("a", "0\nSECTION\n2\nHEADER\n")).rejects.toMatchObject({
      code: "UNSUPPORTED_FORMAT",
      retry: "never",
    });
    await expect(run("b", PDF.padEnd(101))).rejects.toMatchObject({ code: "CONTENT_TOO_LARGE", retry: "never" });
    await expect(run("c", "")).rejects.toMatchObject({ code: "CONTENT_EMPTY", retry: "never" });
    await bench.blobs.put(`${STRANGER}/uploads/a.pdf`, PDF);
    const foreign = bench.run({ ...file, file_url: `${STRANGER}/uploads/a.pdf` });
    await expect(foreign).rejects.toMatchObject({ code: "BLOB_MISSING", retry: "never" });
  });

  test("for Werk24 goes there, and to no extractor (B-Q24)", async () => {
    const found = { ...NOTHING, content: { dimensions: [{ value: "12" }] } };
    const asked: object[] = [];
    bench = await openBench(() => Promise.reject(new Error("not here")), {
      werk24: {
        async read({ bytes, mediaType, options }) {
          asked.push({ bytes: bytes.length, mediaType, options });
          return found;
        },
      },
    });
    const file_url = await bench.keep("a.pdf", PDF);
    const options = { confidence_threshold: 0.9 };
    const { result } = await bench.run({ format: "werk24", filename: "a.pdf", file_url, options });
    expect(result).toMatchObject({ source_type: "werk24", dimensions: [{ value: "12" }], counts: { dimensions: 1 } });
    expect(asked).toEqual([
      {
        bytes: Buffer.byteLength(PDF),
        mediaType: "application/pdf",
        options: expect.objectContaining({ confidence_threshold: 0.9, extract_gdt: true }),
      },
    ]);
  });

  test("of a batch that was cancelled asks for its own end (B-Q17, B-Q18)", async () => {
    bench = await openBench(async () => NOTHING);
    bench.batch.isCancelled = true;
    const file_url = await bench.keep("a.pdf", PDF);
    const run = bench.run({ format: "pdf", filename: "a.pdf", file_url, bulk_id: RUN, bulk_index: 0 });
    await expect(run).rejects.toMatchObject({ code: "CANCELLED" });
    expect(bench.batch.cancels).toContain(`${RUN}: its batch was cancelled`);
  });
});
