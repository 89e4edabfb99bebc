import { describe, expect, test } from "vitest";
import { bulkInput } from "./bulk-input.ts";
import { extractionInput } from "./input.ts";
import { bulkSpec, extractionSpec } from "./spec.ts";

const owner = "0197a6f0-7b1c-7abc-8def-0123456789ab";
const draft = { filename: "a.pdf", file_url: `${owner}/uploads/a.pdf`, format: "pdf" } as const;
const spec = extractionSpec();
const keyOf = (more: object = {}): string => spec.resourceKey(extractionInput.parse({ ...draft, ...more }));

describe("extraction input", () => {
  test("fills in what a submitter may leave out (B-S02, B-S06, B-S20)", () => {
    expect(extractionInput.parse(draft)).toEqual({
      ...draft,
      extraction_id: null,
      file_size: 0,
      content_sha256: null,
      record_id: null,
      field_id: null,
      attachment_id: null,
      cloud_file_id: null,
      bulk_id: null,
      bulk_index: null,
      options: {
        extract_tables: true,
        extract_text: true,
        extract_dimensions: false,
        extract_title_block: false,
        use_ocr: false,
        ocr_language: "eng",
        pages: null,
        table_detection_strategy: "lines",
      },
    });
  });

  test.each(["pdf", "dxf", "ifc", "step", "werk24"] as const)("takes %s with all its defaults (B-S05)", (format) => {
    const { options } = extractionInput.parse({ ...draft, format });
    expect(Object.keys(options).length).toBeGreaterThan(5);
    expect(Object.values(options)).not.toContain(undefined);
  });

  test.each<[string, object, string]>([
    ["an unknown format", { format: "bom" }, "format"],
    ["an option of another format", { options: { extract_layers: true } }, "options"],
    ["an option of the wrong kind", { options: { extract_tables: "yes" } }, "options.extract_tables"],
    ["page 0", { options: { pages: [0] } }, "options.pages.0"],
    [
      "a threshold past 1",
      { format: "werk24", options: { confidence_threshold: 1.1 } },
      "options.confidence_threshold",
    ],
    ["a class that is none", { format: "ifc", options: { element_types: ["Wall"] } }, "options.element_types.0"],
    ["a field nobody knows", { user: "me" }, ""],
    ["a name without characters", { filename: "  " }, "filename"],
    ["a name of 513", { filename: "n".repeat(513) }, "filename"],
    ["an address of 2049", { file_url: `https://e.org/${"n".repeat(2_040)}` }, "file_url"],
    ["an address of another kind", { file_url: "file:///etc/passwd" }, "file_url"],
    ["a key that climbs", { file_url: `${owner}/../secret` }, "file_url"],
    ["a key without an owner", { file_url: "uploads/a.pdf" }, "file_url"],
    ["a key that is an owner alone", { file_url: owner }, "file_url"],
    ["a size below nothing", { file_size: -1 }, "file_size"],
    ["a record that is no uuid", { record_id: "7" }, "record_id"],
    ["a field of 256", { field_id: "f".repeat(256) }, "field_id"],
    ["a cloud file past 32 bits", { cloud_file_id: 2 ** 31 }, "cloud_file_id"],
  ])("refuses %s and names the field (B-S05, B-S11)", (_, more, path) => {
    const { error } = extractionInput.safeParse({ ...draft, ...more });
    expect(error?.issues[0]?.path.join(".")).toBe(path);
  });
});

describe("the resource key", () => {
  test("is the same for the same bytes read in the same way, wherever they lie (B-Q16)", () => {
    const content_sha256 = "a".repeat(64);
    const elsewhere = { content_sha256, file_url: "https://example.org/b.pdf", filename: "b.pdf", file_size: 9 };
    expect(keyOf({ content_sha256 })).toBe(keyOf(elsewhere));
    expect(keyOf({ options: { pages: [2, 1, 2] } })).toBe(keyOf({ options: { pages: [1, 2], use_ocr: false } }));
  });

  test.each<[string, object]>([
    ["address", { file_url: `${owner}/uploads/b.pdf` }],
    ["content", { content_sha256: "b".repeat(64) }],
    ["format", { format: "werk24" }],
    ["option", { options: { use_ocr: true } }],
    ["record", { record_id: owner }],
    ["attachment", { attachment_id: "a" }],
    ["batch", { bulk_id: owner, bulk_index: 3 }],
  ])("is another one for another %s (B-Q16)", (_, more) => {
    expect(keyOf(more)).not.toBe(keyOf());
  });

  test("keeps equal files of a batch apart (B-Q18)", () => {
    const batch = { bulk_id: owner, content_sha256: "a".repeat(64) };
    expect(keyOf({ ...batch, bulk_index: 0 })).not.toBe(keyOf({ ...batch, bulk_index: 1 }));
  });
});

describe("the specs", () => {
  test("wait 30 s × 4^n for 3 retries, 10 at most (B-Q12, B-Q13)", () => {
    expect(spec.maxRetries).toBe(3);
    for (const { retry } of Object.values(spec.stages)) {
      expect(retry).toEqual({ attempts: 11, baseMs: 30_000, factor: 4, maxMs: 3_600_000, jitter: 0.25 });
    }
  });

  test("give a stage 300 s unless the deployment says otherwise (B-Q21)", () => {
    expect(spec.stages.parse.timeoutMs).toBe(300_000);
    expect(extractionSpec({ timeoutSeconds: 1_800 }).stages.parse.timeoutMs).toBe(1_800_000);
  });

  test("keep one run of a batch at a time (B-Q18)", () => {
    const first = bulkInput.parse({ manifest_key: `${owner}/bulk/1/manifest.jsonl`, total_files: 2 });
    expect(bulkSpec.resourceKey(first)).not.toBe(bulkSpec.resourceKey({ ...first, manifest_key: "other" }));
    const again = { ...first, bulk_id: owner };
    expect(bulkSpec.resourceKey(again)).toBe(bulkSpec.resourceKey({ ...again, manifest_key: "other" }));
  });
});
