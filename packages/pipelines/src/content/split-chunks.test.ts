import { expect, test } from "vitest";
import { splitChunks } from "./split-chunks.ts";

const SIZES = { characters: 1_024, overlap: 150 };
const WORDS = Array.from({ length: 3_000 }, (_, n) => `word${n}`).join(" ");

test("every word is whole in some chunk, and chunks are at most 1,024 long (A2.3 #7)", () => {
  const chunks = [...splitChunks(WORDS, SIZES)];
  const seen = new Set(chunks.flatMap((chunk) => chunk.text.split(" ")));
  for (const word of WORDS.split(" ")) expect(seen).toContain(word);
  for (const { text } of chunks) expect(text.length).toBeLessThanOrEqual(1_024);
  expect(chunks.map((chunk) => chunk.index)).toEqual(chunks.map((_, n) => n));
});

test("a chunk stands in the text where it says, and overlaps the one before by up to 150", () => {
  const chunks = [...splitChunks(WORDS, SIZES)];
  for (const [n, { start, end, text }] of chunks.entries()) {
    expect(WORDS.slice(start, end)).toBe(text);
    const before = chunks[n - 1];
    if (before === undefined) continue;
    expect(start).toBeLessThanOrEqual(before.end);
    expect(before.end - start).toBeLessThanOrEqual(150);
  }
  expect(chunks.at(-1)?.end).toBe(WORDS.length);
});

test("text without a space is cut at its size, never inside a character", () => {
  const faces = "😀".repeat(2_000);
  const chunks = [...splitChunks(faces, { characters: 101, overlap: 15 })];
  for (const { text } of chunks) expect(text).not.toMatch(/\p{Surrogate}/u);
  expect(chunks.at(-1)?.end).toBe(faces.length);
});

test("a short text is one chunk, white space none", () => {
  expect([...splitChunks("short", SIZES)]).toEqual([{ index: 0, start: 0, end: 5, text: "short" }]);
  expect([...splitChunks(" \n ".repeat(2_000), SIZES)]).toEqual([]);
});

test("always ends, even where the overlap is as large as the chunk", () => {
  expect([...splitChunks("x".repeat(1_000), { characters: 10, overlap: 10 })].length).toBeGreaterThan(0);
});
