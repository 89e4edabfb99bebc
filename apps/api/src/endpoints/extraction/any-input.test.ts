import type { JsonObject } from "@millrace/core";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startTestApi, type TestApi } from "../../test-api.fixture.ts";
import { BYTES, formOf } from "./extraction.fixture.ts";

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

const RUNS = 60;

/** Any JSON at all, texts with NULs and half characters among it. */
const anything = fc.oneof(
  fc.jsonValue({ maxDepth: 3, stringUnit: "binary" }),
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)) }),
  fc.constantFrom(
    "",
    " ",
    "\0",
    "\ud800",
    "../x",
    "https://e.org/a.pdf",
    "file:///etc/passwd",
    "http://[::1]/a.pdf",
    1e308,
    -0,
  ),
);

/** Something near enough to a good body to get past its first checks. */
function near(good: JsonObject): fc.Arbitrary<Record<string, unknown>> {
  const names = fc.constantFrom(...Object.keys(good), "options", "__proto__", "constructor", "x");
  return fc
    .array(fc.tuple(names, anything), { maxLength: 3 })
    .map((changes) => Object.fromEntries([...Object.entries(good), ...changes]));
}

const FILE = {
  file_url: "https://e.org/a.pdf",
  filename: "a.pdf",
  format: "pdf",
  extraction_format: "pdf",
  options: { pages: [1] },
  record_id: null,
  field_id: "f",
  attachment_id: "a",
  cloud_file_id: 1,
};
const SETTINGS = {
  format_override: "pdf",
  auto_detect_format: true,
  continue_on_error: false,
  max_retries: 1,
  priority: "low",
};

/** Refused with the name of a field, or taken; never an error of ours. */
function judge({ status, body }: { status: number; body: { errors?: { field: string }[] } }): void {
  expect(status, JSON.stringify(body)).toBeLessThan(500);
  if (status === 400) expect(body.errors?.length).toBeGreaterThan(0);
}

it.each<[string, fc.Arbitrary<Record<string, unknown>>, "submitExtraction" | "submitBulk" | "createRecord"]>([
  ["POST /extraction/jobs", near({ ...FILE, max_retries: 0, priority: "low", data_tier: "full" }), "submitExtraction"],
  [
    "POST /extraction/bulk",
    fc
      .tuple(fc.array(fc.oneof(near(FILE), anything), { maxLength: 3 }), near(SETTINGS))
      .map(([files, settings]) => ({ files, ...settings })),
    "submitBulk",
  ],
  ["POST /records", near({ title: "T" }), "createRecord"],
])("%s never fails on what it is sent", async (_name, bodies, route) => {
  await fc.assert(
    fc.asyncProperty(bodies, async (body) => judge(await api.call(route, { body: body as JsonObject }))),
    { numRuns: RUNS },
  );
});

it("POST /extraction/upload never fails on its fields", async () => {
  const fields = fc.dictionary(
    fc.constantFrom(...Object.keys(FILE), "priority", "data_tier", "max_retries", "force", "callback_url", "x"),
    fc.oneof(fc.string({ unit: "binary" }), fc.json(), fc.constantFrom("true", "pdf", "1", "-1", "1e9", "{}")),
    { maxKeys: 3 },
  );
  await fc.assert(
    fc.asyncProperty(fields, async (given) => {
      judge(await api.call("uploadExtraction", { body: formOf([["a.pdf", BYTES.pdf]], given) }));
    }),
    { numRuns: RUNS },
  );
});

it("a manifest of any lines is taken or refused", async () => {
  const lines = fc.array(
    fc.oneof(
      near(FILE).map((line) => JSON.stringify(line)),
      fc.string({ unit: "binary" }),
      fc.json(),
    ),
    {
      maxLength: 4,
    },
  );
  await fc.assert(
    fc.asyncProperty(lines, async (given) => {
      judge(await api.call("submitBulk", { body: formOf([["m.jsonl", given.join("\n")]], {}, "manifest") }));
    }),
    { numRuns: RUNS },
  );
});

it("lists take or refuse any question", async () => {
  const query = fc.dictionary(
    fc.constantFrom(
      "status",
      "format",
      "created_by",
      "file_url",
      "record_id",
      "attachment_id",
      "cloud_file_id",
      "limit",
      "cursor",
    ),
    fc.oneof(fc.string(), fc.constantFrom("completed", "pdf", "1", "WzFd", api?.ownerId ?? "x")),
    { maxKeys: 3 },
  );
  await fc.assert(
    fc.asyncProperty(query, async (given) => judge(await api.call("listExtractions", { query: given }))),
    { numRuns: RUNS },
  );
});
