import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createDocumentReader } from "./document-reader.ts";

const MODULES = join(import.meta.dirname, "../../../../node_modules");
/** Documents that nobody here wrote, among them one of more than a hundred headings. */
const FILES = ["zod", "ai", "express", "bullmq", "vitest", "turndown", "yaml", "drizzle-orm", "pino"].flatMap((name) =>
  readdirSync(join(MODULES, name))
    .filter((file) => /\.md$/i.test(file) && !/license/i.test(file))
    .map((file) => join(MODULES, name, file)),
);

const readers = createDocumentReader();

describe("documents of the packages installed here", () => {
  test("are there", () => {
    expect(FILES.length).toBeGreaterThanOrEqual(5);
  });

  test.each(FILES)("%s", async (file) => {
    const bytes = new Uint8Array(readFileSync(file));
    const { title, text, warnings } = await readers.readMarkdown(bytes);
    expect(text.length).toBeGreaterThan(0);
    expect(title === null || title.length > 0).toBe(true);
    // a busy machine may not have the time to parse a document of 200 KB
    if (bytes.length < 100_000) expect(warnings).toEqual([]);
    const { links, total } = readers.extractLinks(text, 10_000);
    expect(links).toHaveLength(total);
    for (const { target } of links) expect(target).not.toMatch(/^(?:#|mailto:)|\s$/);
  });
});
