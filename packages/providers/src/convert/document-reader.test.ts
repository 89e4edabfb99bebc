import { expect, test } from "vitest";
import { createDocumentReader } from "./document-reader.ts";

const readers = createDocumentReader();
const bytes = (text: string) => new Uint8Array(Buffer.from(text));

const ENGLISH = "The queue keeps every job until one of its workers has finished it and said so. ".repeat(4);
const GERMAN =
  "Die Warteschlange behält jeden Auftrag, bis einer ihrer Arbeiter ihn erledigt und das gemeldet hat. ".repeat(4);

test.each([
  ["en", ENGLISH],
  ["de", GERMAN],
])("finds that a text is written in %s", async (language, text) => {
  expect((await readers.readText(bytes(text))).metadata).toEqual({ language });
  expect((await readers.readMarkdown(bytes(`# T\n\n${text}`))).metadata).toMatchObject({ language });
});

test("believes a page that names its language", async () => {
  const page = bytes(`<html lang="de-AT"><body><p>${ENGLISH}</p></body></html>`);
  const { metadata } = await readers.readHtml(page, { url: "https://example.org/", charset: null });
  expect(metadata).toMatchObject({ language: "de-AT" });
});

test("says nothing of the language of a few words", async () => {
  expect((await readers.readText(bytes("Ein paar Worte"))).metadata).toEqual({});
});
